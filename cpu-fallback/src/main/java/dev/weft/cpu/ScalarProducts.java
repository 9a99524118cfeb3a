package dev.weft.cpu;

import java.util.Arrays;

/**
 * The products of tiles in plain loops that HotSpot's compiler turns into vector code. It does so where a loop is long, has
 * one result and few operands, and where all arrays are read and written at the loop's index or a constant distance from
 * it. So the operands are first copied to arrays of their own, several positions side by side; each is used for all filters of
 * a block.
 */
final class ScalarProducts implements Products {
    static final int LANES = 64;

    /** The most filters of a block. */
    private static final int WIDTH = 8;

    /** The most positions that are computed together. */
    private static final int POSITIONS = 8;

    /** The most elements of a loop, and the distance of two operands in their array. */
    private static final int LENGTH = POSITIONS * LANES;

    /** Taps that a loop adds to a sum; with one more, JDK 17 makes no vectors. */
    private static final int TAPS = 5;

    /** Products that a loop adds to a gradient's sum; with one more, neither JDK 17 nor 25 makes vectors. */
    private static final int PRODUCTS = 3;

    /** The most positions of a gradient's sum that are computed side by side. */
    private static final int GRADIENT_POSITIONS = 8;

    private static final int GRADIENT_LENGTH = GRADIENT_POSITIONS * LANES;

    /** Bytes of the output's gradient that a piece takes; larger pieces add up sums less often. */
    private static final int PIECE_BYTES = 1 << 20;

    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /** A thread's operands and sums. */
    private static final class Scratch {
        final float[] x = new float[TAPS * LENGTH];
        final float[][] sums = new float[WIDTH][LENGTH];
        final float[] start = new float[LENGTH];
        final float[][] gradientDy = new float[WIDTH][PRODUCTS * GRADIENT_LENGTH];
        final float[] gradientX = new float[PRODUCTS * GRADIENT_LENGTH];
        final float[] half = new float[GRADIENT_LENGTH / 2];
        final float[] sum = new float[LANES];
        float[][] gradientSums = new float[0][];

        float[][] gradientSums(int count) {
            if (gradientSums.length < count) {
                gradientSums = new float[count][GRADIENT_LENGTH];
            }
            return gradientSums;
        }
    }

    @Override
    public int lanes() {
        return LANES;
    }

    @Override
    public int blockWidth(int remaining) {
        return Math.min(remaining, WIDTH);
    }

    @Override
    public int positions(int width) {
        return POSITIONS;
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

    private void run(
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
        Scratch own = scratch.get();
        int parts = (count + POSITIONS - 1) / POSITIONS;
        for (int part = 0; part < parts; part++) {
            int first = part * count / parts;
            int positions = (part + 1) * count / parts - first;
            addTaps(own, positions, taps, w, wAt, wFilter, wTap, x, xAt + first * xStep, xStep, last);
            for (int k = 0; k <= last; k++) {
                int from = startAt + k * startFilter + first * startStep;
                copy(positions, start, from, startStep, own.start, 0, LANES);
                add(own.start, own.sums[k], positions * LANES);
                copy(positions, own.sums[k], 0, LANES, y, yAt + k * yFilter + first * yStep, yStep);
            }
        }
    }

    private static float multiplyAdd(float a, float b, float c) {
        return HotSpot.FMA ? Math.fma(a, b, c) : a * b + c;
    }

    /** The sums over the taps for all filters. */
    private static void addTaps(
            Scratch own,
            int positions,
            int taps,
            float[] w,
            int wAt,
            int wFilter,
            int wTap,
            float[] x,
            int xAt,
            int xStep,
            int last) {
        int length = positions * LANES;
        if (taps < TAPS) {
            for (int k = 0; k <= last; k++) {
                Arrays.fill(own.sums[k], 0, length, 0);
            }
        }
        int t = 0;
        for (; t <= taps - TAPS; t += TAPS) {
            for (int i = 0; i < TAPS; i++) {
                copy(positions, x, xAt + (t + i) * LANES, xStep, own.x, i * LENGTH, LANES);
            }
            for (int k = 0; k <= last; k++) {
                int from = wAt + k * wFilter + t * wTap;
                float w0 = w[from];
                float w1 = w[from + wTap];
                float w2 = w[from + 2 * wTap];
                float w3 = w[from + 3 * wTap];
                float w4 = w[from + 4 * wTap];
                if (t == 0) {
                    sumFive(own.x, w0, w1, w2, w3, w4, own.sums[k], length);
                } else {
                    addFive(own.x, w0, w1, w2, w3, w4, own.sums[k], length);
                }
            }
        }
        for (; t < taps; t++) {
            copy(positions, x, xAt + t * LANES, xStep, own.x, 0, LANES);
            for (int k = 0; k <= last; k++) {
                addOne(own.x, w[wAt + k * wFilter + t * wTap], own.sums[k], length);
            }
        }
    }

    private static void sumFive(float[] x, float w0, float w1, float w2, float w3, float w4, float[] y, int length) {
        for (int i = 0; i < length; i++) {
            float sum = multiplyAdd(w1, x[i + LENGTH], w0 * x[i]);
            sum = multiplyAdd(w2, x[i + 2 * LENGTH], sum);
            sum = multiplyAdd(w3, x[i + 3 * LENGTH], sum);
            y[i] = multiplyAdd(w4, x[i + 4 * LENGTH], sum);
        }
    }

    private static void addFive(float[] x, float w0, float w1, float w2, float w3, float w4, float[] y, int length) {
        for (int i = 0; i < length; i++) {
            float sum = multiplyAdd(w0, x[i], y[i]);
            sum = multiplyAdd(w1, x[i + LENGTH], sum);
            sum = multiplyAdd(w2, x[i + 2 * LENGTH], sum);
            sum = multiplyAdd(w3, x[i + 3 * LENGTH], sum);
            y[i] = multiplyAdd(w4, x[i + 4 * LENGTH], sum);
        }
    }

    private static void addOne(float[] x, float w, float[] y, int length) {
        for (int i = 0; i < length; i++) {
            y[i] = multiplyAdd(w, x[i], y[i]);
        }
    }

    private static void add(float[] x, float[] y, int length) {
        for (int i = 0; i < length; i++) {
            y[i] = y[i] + x[i];
        }
    }

    /** Copies vectors. */
    private static void copy(int count, float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
        if (xStep == LANES && yStep == LANES) {
            System.arraycopy(x, xAt, y, yAt, count * LANES);
            return;
        }
        for (int i = 0; i < count; i++) {
            System.arraycopy(x, xAt + i * xStep, y, yAt + i * yStep, LANES);
        }
    }

    @Override
    public void spread(float[] x, int xAt, float[] y, int yAt, int yStep, int count) {
        copy(count, x, xAt, LANES, y, yAt, yStep);
    }

    @Override
    public void gather(float[] x, int xAt, int xStep, float[] y, int yAt, int count) {
        copy(count, x, xAt, xStep, y, yAt, LANES);
    }

    /** The taps of a usual window, so that what is copied serves all of them. */
    @Override
    public GradientBlock gradientBlock(int remaining, int row, int columns) {
        return new GradientBlock(Math.min(remaining, WIDTH), row <= 5 ? row * row : row, 1);
    }

    @Override
    public int gradientPieceBytes() {
        return PIECE_BYTES;
    }

    @Override
    public void gradient(
            GradientBlock block,
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
        Scratch own = scratch.get();
        int width = block.filters();
        int step = block.taps();
        int tapsPresent = lastTap - firstTap + 1;
        float[][] sums = own.gradientSums(width * step);
        int most = PRODUCTS * GRADIENT_POSITIONS;
        int parts = (to - from + most - 1) / most;
        for (int part = 0; part < parts; part++) {
            int first = from + part * (to - from) / parts;
            int end = from + (part + 1) * (to - from) / parts;
            int positions = (end - first + PRODUCTS - 1) / PRODUCTS;
            for (int k = 0; k < width; k++) {
                gatherGradient(
                        positions,
                        end - first,
                        dy,
                        dyAt + ((first - from) * width + k) * LANES,
                        width,
                        own.gradientDy[k]);
            }
            for (int t = 0; t < tapsPresent; t++) {
                gatherInput(positions, x, xAt + taps[firstTap + t], xs, first, end, own.gradientX);
                for (int k = 0; k < width; k++) {
                    float[] sum = sums[k * step + t];
                    if (part == 0) {
                        sumProducts(own.gradientDy[k], own.gradientX, sum, positions * LANES);
                        Arrays.fill(sum, positions * LANES, GRADIENT_LENGTH, 0);
                    } else {
                        addProducts(own.gradientDy[k], own.gradientX, sum, positions * LANES);
                    }
                }
            }
        }
        for (int k = 0; k < width; k++) {
            for (int t = 0; t < tapsPresent; t++) {
                addVectors(sums[k * step + t], own.half, own.sum);
                int at = lanesAt + (k * step + t) * LANES;
                for (int lane = 0; lane < LANES; lane++) {
                    lanes[at + lane] += own.sum[lane];
                }
            }
        }
    }

    /** One filter's vectors, zeros after the last. */
    private static void gatherGradient(int positions, int count, float[] dy, int dyAt, int width, float[] to) {
        for (int i = 0; i < PRODUCTS; i++) {
            int first = i * positions;
            int present = Math.max(0, Math.min(positions, count - first));
            int at = i * GRADIENT_LENGTH;
            copy(present, dy, dyAt + first * width * LANES, width * LANES, to, at, LANES);
            Arrays.fill(to, at + present * LANES, at + positions * LANES, 0);
        }
    }

    /** The vectors that a tap meets, zeros after the last; neighbours are copied together. */
    private static void gatherInput(int positions, float[] x, int xAt, int[] xs, int first, int end, float[] to) {
        for (int i = 0; i < PRODUCTS; i++) {
            int at = i * GRADIENT_LENGTH;
            int p = first + i * positions;
            int stop = Math.min(end, p + positions);
            int endAt = at + positions * LANES;
            while (p < stop) {
                int run = 1;
                while (p + run < stop && xs[p + run] == xs[p] + run * LANES) {
                    run++;
                }
                System.arraycopy(x, xAt + xs[p], to, at, run * LANES);
                at += run * LANES;
                p += run;
            }
            Arrays.fill(to, at, endAt, 0);
        }
    }

    private static void sumProducts(float[] a, float[] b, float[] y, int length) {
        for (int i = 0; i < length; i++) {
            float sum = a[i] * b[i];
            sum = multiplyAdd(a[i + GRADIENT_LENGTH], b[i + GRADIENT_LENGTH], sum);
            y[i] = multiplyAdd(a[i + 2 * GRADIENT_LENGTH], b[i + 2 * GRADIENT_LENGTH], sum);
        }
    }

    private static void addProducts(float[] a, float[] b, float[] y, int length) {
        for (int i = 0; i < length; i++) {
            float sum = multiplyAdd(a[i], b[i], y[i]);
            sum = multiplyAdd(a[i + GRADIENT_LENGTH], b[i + GRADIENT_LENGTH], sum);
            y[i] = multiplyAdd(a[i + 2 * GRADIENT_LENGTH], b[i + 2 * GRADIENT_LENGTH], sum);
        }
    }

    /** Adds up the eight vectors of a gradient's sum. */
    private static void addVectors(float[] x, float[] half, float[] sum) {
        for (int i = 0; i < GRADIENT_LENGTH / 2; i++) {
            half[i] = x[i] + x[i + GRADIENT_LENGTH / 2];
        }
        for (int i = 0; i < LANES; i++) {
            sum[i] = (half[i] + half[i + LANES]) + (half[i + 2 * LANES] + half[i + 3 * LANES]);
        }
    }

    /** None: loops for vectors made by the compiler have one result, and {@link Correlation} feeds them. */
    @Override
    public int scatterPixels(int row) {
        return 0;
    }

    @Override
    public void scatter(
            float[] w, int wAt, float[] x, int xAt, int[] xs, int from, int to, float[] y, int yAt, int yChannel) {
        throw new UnsupportedOperationException("scatterPixels is 0");
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
