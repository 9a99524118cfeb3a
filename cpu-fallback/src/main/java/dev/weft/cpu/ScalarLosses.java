package dev.weft.cpu;

/** Softmax and the losses in plain loops, one sample after the other. */
final class ScalarLosses implements Losses {
    private final int lanes;

    /**
     * @param lanes samples of a tile; 1 for a row by itself
     */
    ScalarLosses(int lanes) {
        this.lanes = lanes;
    }

    @Override
    public void softmax(float[] x, int xAt, float[] y, int yAt, int columns) {
        for (int lane = 0; lane < lanes; lane++) {
            softmaxOfLane(x, xAt + lane, y, yAt + lane, columns);
        }
    }

    /**
     * Returns the sum of the exponentials without that of the maximum, which is 1. What rounding takes from a sum is added
     * up beside it: the loss of a sample that is known well is the logarithm of little more than 1.
     */
    private float softmaxOfLane(float[] x, int xAt, float[] y, int yAt, int columns) {
        float max = max(x, xAt, columns);
        float sum = -1;
        float lost = 0;
        for (int j = 0; j < columns; j++) {
            float e = Elementary.exp(x[xAt + j * lanes] - max);
            y[yAt + j * lanes] = e;
            float next = sum + e;
            float added = next - sum;
            lost += (sum - (next - added)) + (e - added);
            sum = next;
        }
        float rest = sum + lost;
        float share = 1 / (1 + rest);
        for (int j = 0; j < columns; j++) {
            y[yAt + j * lanes] *= share;
        }
        return rest;
    }

    private float max(float[] x, int xAt, int columns) {
        float max = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < columns; j++) {
            max = Math.max(max, x[xAt + j * lanes]);
        }
        return max;
    }

    @Override
    public void softmaxBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int columns) {
        for (int lane = 0; lane < lanes; lane++) {
            float dot = 0;
            for (int first = 0; first < columns; first += TERMS) {
                int end = Math.min(columns, first + TERMS);
                float even = 0;
                float odd = 0;
                int j = first;
                for (; j < end - 1; j += 2) {
                    int at = j * lanes + lane;
                    even += dy[dyAt + at] * y[yAt + at];
                    odd += dy[dyAt + at + lanes] * y[yAt + at + lanes];
                }
                if (j < end) {
                    even += dy[dyAt + j * lanes + lane] * y[yAt + j * lanes + lane];
                }
                dot += even + odd;
            }
            for (int at = lane; at < columns * lanes; at += lanes) {
                dx[dxAt + at] = y[yAt + at] * (dy[dyAt + at] - dot);
            }
        }
    }

    @Override
    public void softmaxCrossEntropy(
            float[] x, int xAt, int[] labels, int labelsAt, float[] p, int pAt, float[] loss, int lossAt, int columns) {
        for (int lane = 0; lane < lanes; lane++) {
            float rest = softmaxOfLane(x, xAt + lane, p, pAt + lane, columns);
            float gap = max(x, xAt + lane, columns) - x[xAt + labels[labelsAt + lane] * lanes + lane];
            loss[lossAt + lane] = Elementary.log1p(rest) + gap;
        }
    }

    @Override
    public void softmaxCrossEntropyBackward(
            float[] p,
            int pAt,
            int[] labels,
            int labelsAt,
            float[] dloss,
            int dlossAt,
            float[] dx,
            int dxAt,
            int columns) {
        for (int lane = 0; lane < lanes; lane++) {
            float scale = dloss[dlossAt + lane];
            for (int j = 0; j < columns; j++) {
                float target = j == labels[labelsAt + lane] ? 1 : 0;
                dx[dxAt + j * lanes + lane] = scale * (p[pAt + j * lanes + lane] - target);
            }
        }
    }

    @Override
    public void squaredError(float[] x, int xAt, float[] target, int targetAt, float[] loss, int lossAt, int columns) {
        for (int lane = 0; lane < lanes; lane++) {
            float sum = 0;
            for (int from = 0; from < columns; from += TERMS) {
                int end = Math.min(columns, from + TERMS);
                float even = 0;
                float odd = 0;
                int j = from;
                for (; j < end - 1; j += 2) {
                    int at = j * lanes + lane;
                    float first = x[xAt + at] - target[targetAt + at];
                    float second = x[xAt + at + lanes] - target[targetAt + at + lanes];
                    even += first * first;
                    odd += second * second;
                }
                if (j < end) {
                    float last = x[xAt + j * lanes + lane] - target[targetAt + j * lanes + lane];
                    even += last * last;
                }
                sum += even + odd;
            }
            loss[lossAt + lane] = sum / columns;
        }
    }

    @Override
    public void squaredErrorBackward(
            float[] x,
            int xAt,
            float[] target,
            int targetAt,
            float[] dloss,
            int dlossAt,
            float[] dx,
            int dxAt,
            int columns) {
        for (int lane = 0; lane < lanes; lane++) {
            float scale = dloss[dlossAt + lane] * 2 / columns;
            for (int at = lane; at < columns * lanes; at += lanes) {
                dx[dxAt + at] = scale * (x[xAt + at] - target[targetAt + at]);
            }
        }
    }
}
