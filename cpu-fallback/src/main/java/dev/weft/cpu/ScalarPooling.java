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

    /**
     * Without branches, which the processor would mispredict, on integers that are ordered as the pixels are. Among equal ones
     * the first wins.
     */
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
        int least = relu ? 0 : Integer.MIN_VALUE;
        int below = width * LANES;
        for (int j = 0; j < count; j++) {
            int from = xAt + 2 * j * LANES;
            int to = yAt + j * LANES;
            int winnerAt = argmaxAt + j * LANES;
            int first = pixel + 2 * j;
            for (int lane = 0; lane < LANES; lane++) {
                int a = order(x[from + lane]);
                int b = order(x[from + LANES + lane]);
                int c = order(x[from + below + lane]);
                int d = order(x[from + below + LANES + lane]);
                int best = Math.max(Math.max(a, b), Math.max(c, d));
                int lower = width + (1 & differs(c, best));
                int upper = 1 + (differs(b, best) & (lower - 1));
                argmax[winnerAt + lane] = first + (differs(a, best) & upper);
                y[to + lane] = Float.intBitsToFloat(orderedBits(Math.max(best, least)));
            }
        }
    }

    /** An integer that is larger for a larger float, the largest one for NaN, and the same for both zeros. */
    private static int order(float x) {
        return orderedBits(Float.floatToIntBits(x + 0f));
    }

    /** Turns the bits of a float into an integer of the same order, and back. */
    private static int orderedBits(int bits) {
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    /** All bits where the integers differ, else none. */
    private static int differs(int a, int b) {
        int difference = a ^ b;
        return (difference | -difference) >> 31;
    }

    @Override
    public void maxOfFourBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int width, int pixel, int count) {
        int below = width * LANES;
        for (int j = 0; j < count; j++) {
            int to = dxAt + 2 * j * LANES;
            int from = dyAt + j * LANES;
            int winnerAt = argmaxAt + j * LANES;
            int first = pixel + 2 * j;
            for (int lane = 0; lane < LANES; lane++) {
                int bits = Float.floatToRawIntBits(dy[from + lane]);
                int winner = argmax[winnerAt + lane] - first;
                dx[to + lane] = Float.intBitsToFloat(bits & ~differs(winner, 0));
                dx[to + LANES + lane] = Float.intBitsToFloat(bits & ~differs(winner, 1));
                dx[to + below + lane] = Float.intBitsToFloat(bits & ~differs(winner, width));
                dx[to + below + LANES + lane] = Float.intBitsToFloat(bits & ~differs(winner, width + 1));
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
