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
    public int positions(int width) {
        return 8;
    }

    @Override
    public void run(
            int width,
            int count,
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        run(
                count,
                taps,
                w,
                wAt,
                1,
                width,
                x,
                xAt,
                xStep,
                start,
                startAt,
                startFilter,
                startStep,
                y,
                yAt,
                yFilter,
                yStep,
                last);
    }

    @Override
    public void runRows(
            int count,
            int taps,
            float[] w,
            int wAt,
            int wFilter,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        run(
                count,
                taps,
                w,
                wAt,
                wFilter,
                1,
                x,
                xAt,
                xStep,
                start,
                startAt,
                startFilter,
                startStep,
                y,
                yAt,
                yFilter,
                yStep,
                last);
    }

    private static void run(
            int count,
            int taps,
            float[] w,
            int wAt,
            int wFilter,
            int wTap,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        boolean accumulates = start == y && startAt == yAt;
        for (int p = 0; p < count; p++) {
            for (int k = 0; k <= last; k++) {
                int yi = yAt + k * yFilter + p * yStep;
                int wi = wAt + k * wFilter;
                if (!accumulates) {
                    java.util.Arrays.fill(y, yi, yi + LANES, 0);
                }
                int t = 0;
                for (; t <= taps - 4; t += 4) {
                    int xi = xAt + p * xStep + t * LANES;
                    int w0 = wi + t * wTap;
                    addFour(x, xi, w[w0], w[w0 + wTap], w[w0 + 2 * wTap], w[w0 + 3 * wTap], y, yi);
                }
                for (; t < taps; t++) {
                    addOne(x, xAt + p * xStep + t * LANES, w[wi + t * wTap], y, yi);
                }
                if (!accumulates) {
                    addOne(start, startAt + k * startFilter + p * startStep, 1, y, yi);
                }
            }
        }
    }

    @Override
    public void spread(float[] x, int xAt, float[] y, int yAt, int yStep, int count) {
        for (int i = 0; i < count; i++) {
            System.arraycopy(x, xAt + i * LANES, y, yAt + i * yStep, LANES);
        }
    }

    @Override
    public void gather(float[] x, int xAt, int xStep, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            System.arraycopy(x, xAt + i * xStep, y, yAt + i * LANES, LANES);
        }
    }

    private static void addFour(float[] x, int xAt, float w0, float w1, float w2, float w3, float[] y, int yAt) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] = y[yAt + lane]
                    + w0 * x[xAt + lane]
                    + w1 * x[xAt + LANES + lane]
                    + w2 * x[xAt + 2 * LANES + lane]
                    + w3 * x[xAt + 3 * LANES + lane];
        }
    }

    private static void addOne(float[] x, int xAt, float w, float[] y, int yAt) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] += w * x[xAt + lane];
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
                int sums = lanesAt + (t - firstTap) * LANES;
                addProduct(dy, dyAt + (p - from) * LANES, x, xAt + xs[p] + taps[t], lanes, sums);
            }
        }
    }

    private static void addProduct(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt) {
        for (int lane = 0; lane < LANES; lane++) {
            y[yAt + lane] += a[aAt + lane] * b[bAt + lane];
        }
    }

    @Override
    public void sumLanes(float[] x, int xAt, int count) {
        for (int i = 0; i < count; i++) {
            int from = xAt + i * LANES;
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            for (int lane = from; lane < from + LANES; lane += 4) {
                s0 += x[lane];
                s1 += x[lane + 1];
                s2 += x[lane + 2];
                s3 += x[lane + 3];
            }
            x[xAt + i] = (s0 + s1) + (s2 + s3);
        }
    }
}
