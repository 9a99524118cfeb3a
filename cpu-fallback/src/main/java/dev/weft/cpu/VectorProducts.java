package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of tiles with the Vector API. A method holds one loop and names each of its sums: with two nested loops JDK
 * 17 keeps them on the heap, and small methods for loading and broadcasting cost more than they load. An
 * operation is called on a vector that the same pass has loaded or made, whose class the compiler knows; a sum that the
 * loop carries is its argument. The loop's index is itself the place of a load, and other places are counted beside it: the
 * compiler would make a place from a count by shifts and additions, and each scalar operation takes the turn of a
 * multiply-add.
 */
final class VectorProducts implements Products {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final float[] ZERO = new float[LANES];

    /** AVX2 has 16 registers for vectors, AVX-512 and NEON have 32: there six filters by two positions fill them. */
    static final boolean FEW_REGISTERS = LANES == 8;

    @Override
    public int lanes() {
        return LANES;
    }

    /** Eight, but for a rest that six do with less waste, and where registers are few. */
    @Override
    public int blockWidth(int remaining) {
        return remaining > 6 && !FEW_REGISTERS ? 8 : 6;
    }

    @Override
    public int positions(int width) {
        return width == 8 ? 3 : group();
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
        boolean pieces = taps > TERMS;
        float[] from = pieces ? ZERO : start;
        int fromAt = pieces ? 0 : startAt;
        int fromFilter = pieces ? 0 : startFilter;
        int fromStep = pieces ? 0 : startStep;
        int first = 0;
        do {
            runPiece(
                    width,
                    count,
                    Math.min(taps - first, TERMS),
                    w,
                    wAt + first * width,
                    x,
                    xAt + first * LANES,
                    xStep,
                    from,
                    fromAt,
                    fromFilter,
                    fromStep,
                    y,
                    yAt,
                    yFilter,
                    yStep,
                    last);
            from = y;
            fromAt = yAt;
            fromFilter = yFilter;
            fromStep = yStep;
            first += TERMS;
        } while (first < taps);
        if (pieces) {
            add(count, last, start, startAt, startFilter, startStep, y, yAt, yFilter, yStep);
        }
    }

    /** {@code y[k][p] = y[k][p] + x[k][p]}. */
    private static void add(
            int count,
            int last,
            float[] x,
            int xAt,
            int xFilter,
            int xStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep) {
        for (int k = 0; k <= last; k++) {
            for (int p = 0; p < count; p++) {
                int at = yAt + k * yFilter + p * yStep;
                FloatVector.fromArray(SPECIES, x, xAt + k * xFilter + p * xStep)
                        .add(FloatVector.fromArray(SPECIES, y, at))
                        .intoArray(y, at);
            }
        }
    }

    private static void runPiece(
            int width,
            int count,
            int terms,
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
        if (width == 8) {
            VectorProducts8.run(
                    count,
                    terms,
                    w,
                    wAt,
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
        } else {
            VectorProducts6.run(
                    count,
                    terms,
                    w,
                    wAt,
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
    }

    @Override
    public int blockRows(boolean packed) {
        return packed ? 6 : 5;
    }

    @Override
    public int group() {
        return FEW_REGISTERS ? 2 : 4;
    }

    @Override
    public void runPacked(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        VectorGroupProducts.runPacked(vectors, terms, w, wAt, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
    }

    @Override
    public void runRows(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last) {
        VectorGroupProducts.runRows(vectors, terms, w, wAt, wRow, x, xAt, start, startAt, startRow, y, yAt, yRow, last);
    }

    @Override
    public void spread(float[] x, int xAt, float[] y, int yAt, int yStep, int count) {
        for (int i = 0; i < count; i++) {
            FloatVector.fromArray(SPECIES, x, xAt + i * LANES).intoArray(y, yAt + i * yStep);
        }
    }

    /**
     * Four filters and five taps anywhere, one position a pass; or the taps of a row, which lie side by side and are loaded
     * once for several positions, where at most a quarter of these is beyond the row.
     */
    @Override
    public GradientBlock gradientBlock(int remaining, int row, int columns) {
        if (row == 5 && (remaining == 3 || remaining == 5 || remaining == 6) && fills(columns, 4)) {
            return new GradientBlock(3, 5, 4);
        }
        if (row == 5 && fills(columns, 5)) {
            return new GradientBlock(4, 5, 5);
        }
        if (row == 3 && remaining > 4 && fills(columns, 4)) {
            return new GradientBlock(8, 3, 4);
        }
        return new GradientBlock(4, 5, 1);
    }

    private static boolean fills(int columns, int pass) {
        int computed = (columns + pass - 1) / pass * pass;
        return columns >= pass && 4 * computed <= 5 * columns;
    }

    /** The vectors of a position lie side by side, so that a loop over positions reads one run of memory. */
    @Override
    public int gradientFilterStep(GradientBlock block, int passes) {
        return LANES;
    }

    @Override
    public int gradientPositionStep(GradientBlock block) {
        return block.filters() * LANES;
    }

    /** With the sums and the image, a first-level cache is full. */
    @Override
    public int gradientPieceBytes() {
        return 16 << 10;
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
        int x0 = xAt + taps[firstTap];
        if (block.filters() == 8) {
            VectorGradients.gradient8x3x4(dy, dyAt, x, x0, xs, from, to, lanes, lanesAt);
        } else if (block.filters() == 3) {
            VectorGradients.gradient3x5x4(dy, dyAt, x, x0, xs, from, to, lanes, lanesAt);
        } else if (block.columns() == 5) {
            VectorGradients.gradient4x5x5(dy, dyAt, x, x0, xs, from, to, lanes, lanesAt);
        } else {
            int x1 = xAt + taps[Math.min(firstTap + 1, lastTap)];
            int x2 = xAt + taps[Math.min(firstTap + 2, lastTap)];
            int x3 = xAt + taps[Math.min(firstTap + 3, lastTap)];
            int x4 = xAt + taps[Math.min(firstTap + 4, lastTap)];
            VectorGradients.gradient4x5(dy, dyAt, x, x0, x1, x2, x3, x4, xs, from, to, lanes, lanesAt);
        }
    }

    /** Needs 29 registers, which AVX-512 has. */
    @Override
    public int scatterPixels(int row) {
        return LANES == 16 && row == 5 ? 5 : 0;
    }

    @Override
    public void scatter(
            float[] w, int wAt, float[] x, int xAt, int[] xs, int from, int to, float[] y, int yAt, int yChannel) {
        VectorScatter.scatter5x5(w, wAt, x, xAt, xs, from, to, y, yAt, yChannel);
    }

    @Override
    public void sumLanes(float[] x, int xAt, int count) {
        for (int i = 0; i < count; i++) {
            x[xAt + i] = sumLanes(x, xAt + i * LANES);
        }
    }

    /**
     * Scalar and without a loop, 11 cycles: shuffles of JDK 17 check their indexes every time, and vectors of a second
     * length anywhere would make the compiler doubt the length of all others.
     */
    private static float sumLanes(float[] x, int from) {
        float sum = sumOfFour(x, from);
        if (LANES >= 8) {
            sum += sumOfFour(x, from + 4);
        }
        return LANES < 16 ? sum : sum + (sumOfFour(x, from + 8) + sumOfFour(x, from + 12));
    }

    private static float sumOfFour(float[] x, int from) {
        return (x[from] + x[from + 1]) + (x[from + 2] + x[from + 3]);
    }
}
