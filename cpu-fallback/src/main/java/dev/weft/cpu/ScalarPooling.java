package dev.weft.cpu;

/** Pooling of tiles in plain loops along the lanes. */
final class ScalarPooling implements Pooling {
    private static final int LANES = ScalarProducts.LANES;

    @Override
    public void max(
            float[] x, int xAt, int stride, int pixel, float[] y, int yAt, int[] argmax, int argmaxAt, int count) {
        for (int j = 0; j < count; j++) {
            int from = xAt + j * stride * LANES;
            int to = yAt + j * LANES;
            int winner = pixel + j * stride;
            for (int lane = 0; lane < LANES; lane++) {
                float value = x[from + lane];
                float best = y[to + lane];
                // false for equal values; true for a NaN, unless a NaN has won already
                boolean wins = !(value <= best) & best == best;
                y[to + lane] = wins ? value : best;
                argmax[argmaxAt + j * LANES + lane] = wins ? winner : argmax[argmaxAt + j * LANES + lane];
            }
        }
    }

    @Override
    public void maxBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int stride, int pixel, int count) {
        for (int j = 0; j < count; j++) {
            int from = dyAt + j * LANES;
            int to = dxAt + j * stride * LANES;
            int winner = pixel + j * stride;
            for (int lane = 0; lane < LANES; lane++) {
                dx[to + lane] += argmax[argmaxAt + j * LANES + lane] == winner ? dy[from + lane] : 0;
            }
        }
    }

    @Override
    public void maxOfFour(
            float[] x,
            int xAt,
            int width,
            int pixel,
            float[] y,
            int yAt,
            int[] argmax,
            int argmaxAt,
            int count,
            boolean relu) {
        for (int j = 0; j < count; j++) {
            int to = yAt + j * LANES;
            int winnerAt = argmaxAt + j * LANES;
            System.arraycopy(x, xAt + 2 * j * LANES, y, to, LANES);
            java.util.Arrays.fill(argmax, winnerAt, winnerAt + LANES, pixel + 2 * j);
            for (int other = 1; other < 4; other++) {
                int step = other / 2 * width + other % 2;
                max(x, xAt + (2 * j + step) * LANES, 2, pixel + 2 * j + step, y, to, argmax, winnerAt, 1);
            }
            for (int lane = to; relu && lane < to + LANES; lane++) {
                y[lane] = y[lane] <= 0 ? 0 : y[lane];
            }
        }
    }

    @Override
    public void maxOfFourBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int width, int pixel, int count) {
        for (int j = 0; j < count; j++) {
            for (int other = 0; other < 4; other++) {
                int step = 2 * j + other / 2 * width + other % 2;
                int to = dxAt + step * LANES;
                int winnerAt = argmaxAt + j * LANES;
                for (int lane = 0; lane < LANES; lane++) {
                    dx[to + lane] = argmax[winnerAt + lane] == pixel + step ? dy[dyAt + j * LANES + lane] : 0;
                }
            }
        }
    }

    @Override
    public void add(float[] x, int xAt, int xStride, float[] y, int yAt, int yStride, int count) {
        for (int j = 0; j < count; j++) {
            int from = xAt + j * xStride * LANES;
            int to = yAt + j * yStride * LANES;
            for (int lane = 0; lane < LANES; lane++) {
                y[to + lane] += x[from + lane];
            }
        }
    }
}
