package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of tiles with the Vector API. A method holds one loop and names each of its sums: with two nested loops JDK
 * 17 keeps them on the heap, and small methods for loading and broadcasting cost more than they load.
 */
final class VectorProducts implements Products {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    /** Biases of a block that has none. */
    private static final float[] NONE = new float[8];

    @Override
    public int lanes() {
        return LANES;
    }

    /** Eight, but for a rest that six or four do with less waste. */
    @Override
    public int blockWidth(int remaining) {
        return remaining > 6 ? 8 : remaining > 4 ? 6 : 4;
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
        float[] biases = b == null ? NONE : b;
        switch (width) {
            case 8 ->
                VectorProducts8.run8(
                        w,
                        wAt,
                        taps,
                        from,
                        to,
                        x,
                        xAt,
                        xs,
                        y,
                        yAt,
                        ys,
                        firstPosition,
                        endPosition,
                        yFilter,
                        last,
                        biases,
                        bAt);
            case 6 ->
                VectorProducts6.run6(
                        w,
                        wAt,
                        taps,
                        from,
                        to,
                        x,
                        xAt,
                        xs,
                        y,
                        yAt,
                        ys,
                        firstPosition,
                        endPosition,
                        yFilter,
                        last,
                        biases,
                        bAt);
            default ->
                VectorProducts6.run4(
                        w,
                        wAt,
                        taps,
                        from,
                        to,
                        x,
                        xAt,
                        xs,
                        y,
                        yAt,
                        ys,
                        firstPosition,
                        endPosition,
                        yFilter,
                        last,
                        biases,
                        bAt);
        }
    }

    /** Taps that lie side by side need one address and two checks of bounds for all of them. */
    @Override
    public int gradientWidth(int remaining, int row) {
        if (row == 3 && remaining > 4) {
            return 8;
        }
        boolean threes = remaining == 3 || remaining == 5 || remaining == 6;
        return row == 5 && threes ? 3 : 4;
    }

    @Override
    public int gradientTaps(int width, int row) {
        return width == 8 ? 3 : 5;
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
        int dy1 = dyAt + Math.min(1, lastFilter) * dyFilter;
        int dy2 = dyAt + Math.min(2, lastFilter) * dyFilter;
        int x0 = xAt + taps[firstTap];
        if (width == 3) {
            VectorGradients.gradient3xRow5(dy, dyAt, dy1, dy2, x, x0, xs, from, to, lanes, lanesAt);
            return;
        }
        int dy3 = dyAt + Math.min(3, lastFilter) * dyFilter;
        if (width == 8) {
            int dy4 = dyAt + Math.min(4, lastFilter) * dyFilter;
            int dy5 = dyAt + Math.min(5, lastFilter) * dyFilter;
            int dy6 = dyAt + Math.min(6, lastFilter) * dyFilter;
            int dy7 = dyAt + Math.min(7, lastFilter) * dyFilter;
            VectorGradients.gradient8xRow3(
                    dy, dyAt, dy1, dy2, dy3, dy4, dy5, dy6, dy7, x, x0, xs, from, to, lanes, lanesAt);
        } else if (row == 5) {
            VectorGradients.gradient4xRow5(dy, dyAt, dy1, dy2, dy3, x, x0, xs, from, to, lanes, lanesAt);
        } else {
            int x1 = xAt + taps[Math.min(firstTap + 1, lastTap)];
            int x2 = xAt + taps[Math.min(firstTap + 2, lastTap)];
            int x3 = xAt + taps[Math.min(firstTap + 3, lastTap)];
            int x4 = xAt + taps[Math.min(firstTap + 4, lastTap)];
            VectorGradients.gradient4x5(dy, dyAt, dy1, dy2, dy3, x, x0, x1, x2, x3, x4, xs, from, to, lanes, lanesAt);
        }
    }
}
