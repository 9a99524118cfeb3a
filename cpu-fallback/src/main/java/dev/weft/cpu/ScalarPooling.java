package dev.weft.cpu;

import java.util.Arrays;

/** Pooling of tiles in plain loops along the lanes; those of two by two pixels become vector code, see {@link LoopMemory}. */
final class ScalarPooling implements Pooling {
    private static final int LANES = LoopMemory.LANES;
    private static final int SLOT = LoopMemory.SLOT;

    /** Its square takes the least difference of two numbers beyond one. */
    private static final float LARGE = 0x1p100f;

    /** Added to a small integer, it leaves it in the lowest bits of the float. */
    private static final float INTEGER = 0x1p23f;

    private static final int INTEGER_BITS = Float.floatToRawIntBits(INTEGER);

    /** The exponent's bits, which are all ones in infinities and NaN; one more is the sign's bit. */
    private static final int EXPONENT = 0x7f800000;

    private static final int LEAST_NORMAL = 0x00800000;

    private final LoopMemory memory;

    ScalarPooling(LoopMemory memory) {
        this.memory = memory;
    }

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
     * The four pixels of some windows are copied to slots, and loops over them find the maximum and who won, as a number; a
     * comparison would keep the compiler from making vectors.
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
        LoopMemory.Slice own = memory.ofThread();
        float[] slots = own.x();
        int below = width * LANES;
        int seen = 0;
        for (int first = 0; first < count; first += LoopMemory.VECTORS) {
            int windows = Math.min(LoopMemory.VECTORS, count - first);
            for (int j = 0; j < windows; j++) {
                int upper = xAt + 2 * (first + j) * LANES;
                int slot = own.at() + j * LANES;
                System.arraycopy(x, upper, slots, slot, LANES);
                System.arraycopy(x, upper + LANES, slots, slot + SLOT, LANES);
                System.arraycopy(x, upper + below, slots, slot + 2 * SLOT, LANES);
                System.arraycopy(x, upper + below + LANES, slots, slot + 3 * SLOT, LANES);
            }
            int length = windows * LANES;
            int end = own.at() + length;
            maximum(slots, own.at(), end);
            lowerWinner(slots, own.at(), end, width);
            upperWinner(slots, own.at(), end);
            winner(slots, own.at(), end);
            for (int j = 0; j < windows; j++) {
                int corner = pixel + 2 * (first + j);
                int offsets = own.at() + 5 * SLOT + j * LANES;
                int to = argmaxAt + (first + j) * LANES;
                for (int lane = 0; lane < LANES; lane++) {
                    int offset = Float.floatToRawIntBits(slots[offsets + lane]) - INTEGER_BITS;
                    argmax[to + lane] = corner + offset;
                    seen |= offset;
                }
            }
            int best = own.at() + 4 * SLOT;
            if (relu) {
                atLeastZero(slots, best, best + length);
            }
            System.arraycopy(slots, best, y, yAt + first * LANES, length);
        }
        // of a NaN other bits remain than those of a small integer
        if (seen >>> 23 != 0) {
            maxOfFourWithInfinity(x, xAt, width, pixel, y, yAt, argmax, argmaxAt, count, relu);
        }
    }

    /** Pixel after pixel, since the differences of infinite numbers say nothing. */
    private void maxOfFourWithInfinity(
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
            System.arraycopy(x, xAt + 2 * j * LANES, y, yAt + j * LANES, LANES);
            Arrays.fill(argmax, argmaxAt + j * LANES, argmaxAt + (j + 1) * LANES, pixel + 2 * j);
        }
        for (int i = 1; i < 4; i++) {
            int offset = i % 2 + i / 2 * width;
            max(x, xAt + offset * LANES, 2, pixel + offset, y, yAt, argmax, argmaxAt, count);
        }
        for (int j = yAt; relu && j < yAt + count * LANES; j++) {
            y[j] = Math.max(0, y[j]);
        }
    }

    private static void maximum(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i + 4 * SLOT] = Math.max(Math.max(x[i], x[i + SLOT]), Math.max(x[i + 2 * SLOT], x[i + 3 * SLOT]));
        }
    }

    /** Where the winner lies after the window's first pixel, if it lies in the lower row: the left pixel, or the right one. */
    private static void lowerWinner(float[] x, int at, int end, float width) {
        for (int i = at - 1; i < end; i++) {
            x[i + 5 * SLOT] = width + Math.min(1, (x[i + 4 * SLOT] - x[i + 2 * SLOT]) * LARGE * LARGE);
        }
    }

    /** The same for the right pixel of the upper row or what {@link #lowerWinner} found. */
    private static void upperWinner(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i + 5 * SLOT] = 1 + Math.min(1, (x[i + 4 * SLOT] - x[i + SLOT]) * LARGE * LARGE) * (x[i + 5 * SLOT] - 1);
        }
    }

    /** The same for the first pixel or what {@link #upperWinner} found, and {@link #INTEGER}. */
    private static void winner(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i + 5 * SLOT] = INTEGER + Math.min(1, (x[i + 4 * SLOT] - x[i]) * LARGE * LARGE) * x[i + 5 * SLOT];
        }
    }

    private static void atLeastZero(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i] = Math.max(0, x[i]);
        }
    }

    @Override
    public void maxOfFourBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int width, int pixel, int count) {
        LoopMemory.Slice own = memory.ofThread();
        float[] slots = own.x();
        int infinite = 0;
        for (int first = 0; first < count; first += LoopMemory.VECTORS) {
            int windows = Math.min(LoopMemory.VECTORS, count - first);
            System.arraycopy(dy, dyAt + first * LANES, slots, own.at(), windows * LANES);
            for (int j = 0; j < windows; j++) {
                int corner = pixel + 2 * (first + j);
                int slot = own.at() + j * LANES;
                int from = argmaxAt + (first + j) * LANES;
                for (int lane = 0; lane < LANES; lane++) {
                    slots[slot + SLOT + lane] = Float.intBitsToFloat(INTEGER_BITS + argmax[from + lane] - corner);
                    infinite |= (Float.floatToRawIntBits(slots[slot + lane]) & EXPONENT) + LEAST_NORMAL;
                }
            }
            for (int i = 0; i < 4; i++) {
                int offset = i % 2 + i / 2 * width;
                share(slots, own.at(), own.at() + windows * LANES, INTEGER + offset);
                int to = dxAt + (2 * first + offset) * LANES;
                for (int j = 0; j < windows; j++) {
                    System.arraycopy(slots, own.at() + 2 * SLOT + j * LANES, dx, to + 2 * j * LANES, LANES);
                }
            }
        }
        if (infinite < 0) {
            // a factor of zero does not make zero of an infinite number
            for (int i = 0; i < 4; i++) {
                int offset = i % 2 + i / 2 * width;
                for (int j = 0; j < count; j++) {
                    int to = dxAt + (2 * j + offset) * LANES;
                    Arrays.fill(dx, to, to + LANES, 0);
                }
                maxBackward(dy, dyAt, argmax, argmaxAt, dx, dxAt + offset * LANES, 2, pixel + offset, count);
            }
        }
    }

    /** The gradient of the pixel that lies so far after the window's first one. */
    private static void share(float[] x, int at, int end, float offset) {
        for (int i = at - 1; i < end; i++) {
            x[i + 2 * SLOT] = x[i] * (1 - Math.min(1, Math.abs(x[i + SLOT] - offset)));
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
