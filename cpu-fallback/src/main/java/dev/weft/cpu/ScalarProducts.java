package dev.weft.cpu;

/** The products of tiles in plain loops along the lanes, four taps at a time. */
final class ScalarProducts implements Products {
    static final int LANES = 16;

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public int blockWidth(int remaining) {
        return remaining > 2 ? 4 : remaining;
    }

    @Override
    public void run(
            int width,
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int xAt,
            int[] xs,
            float[] y,
            int yAt,
            int[] ys,
            int firstPosition,
            int endPosition,
            int yFilter,
            int last,
            float[] b,
            int bAt) {
        for (int p = firstPosition; p < endPosition; p++) {
            for (int k = 0; k <= last; k++) {
                int yi = yAt + ys[p] + k * yFilter;
                java.util.Arrays.fill(y, yi, yi + LANES, 0);
                int t = from;
                for (; t <= to - 4; t += 4) {
                    int wi = wAt + t * width + k;
                    int xi = xAt + xs[p];
                    addFour(
                            x,
                            xi + taps[t],
                            xi + taps[t + 1],
                            xi + taps[t + 2],
                            xi + taps[t + 3],
                            w[wi],
                            w[wi + width],
                            w[wi + 2 * width],
                            w[wi + 3 * width],
                            y,
                            yi);
                }
                for (; t < to; t++) {
                    addOne(x, xAt + xs[p] + taps[t], w[wAt + t * width + k], y, yi);
                }
                if (b != null) {
                    addBias(y, yi, b[bAt + k]);
                }
            }
        }
    }

    private static void addFour(
            float[] x, int x0, int x1, int x2, int x3, float w0, float w1, float w2, float w3, float[] y, int yAt) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] =
                    y[yAt + lane] + w0 * x[x0 + lane] + w1 * x[x1 + lane] + w2 * x[x2 + lane] + w3 * x[x3 + lane];
        }
    }

    private static void addOne(float[] x, int xAt, float w, float[] y, int yAt) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] += w * x[xAt + lane];
        }
    }

    private static void addBias(float[] y, int yAt, float b) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] += b;
        }
    }

    @Override
    public int gradientWidth(int remaining, int row) {
        return 1;
    }

    @Override
    public int gradientTaps(int width, int row) {
        return 4;
    }

    @Override
    public void gradient(
            int width,
            int row,
            float[] dy,
            int dyAt,
            int dyFilter,
            int lastFilter,
            float[] x,
            int xAt,
            int[] xs,
            int from,
            int to,
            int[] taps,
            int firstTap,
            int lastTap,
            float[] lanes,
            int lanesAt) {
        for (int p = from; p < to; p++) {
            for (int t = firstTap; t <= lastTap; t++) {
                addProduct(dy, dyAt + p * LANES, x, xAt + xs[p] + taps[t], lanes, lanesAt + (t - firstTap) * LANES);
            }
        }
    }

    private static void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] += a[aAt + lane] * b[bAt + lane];
        }
    }
}
