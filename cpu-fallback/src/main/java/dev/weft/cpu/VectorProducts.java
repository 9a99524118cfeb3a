package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of tiles with the Vector API. A method holds one loop and names each of its sums: with two nested loops JDK
 * 17 keeps them on the heap, and small methods for loading and broadcasting cost more than they load.
 */
final class VectorProducts implements Products {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

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
            int bAt,
            boolean relu) {
        switch (width) {
            case 8 -> VectorProducts8.run8(
                    w, wAt, taps, from, to, x, xAt, xs, y, yAt, ys, firstPosition, endPosition, yFilter, last);
            case 6 -> VectorProducts6.run6(
                    w, wAt, taps, from, to, x, xAt, xs, y, yAt, ys, firstPosition, endPosition, yFilter, last);
            default -> VectorProducts6.run4(
                    w, wAt, taps, from, to, x, xAt, xs, y, yAt, ys, firstPosition, endPosition, yFilter, last);
        }
        if (b != null) {
            for (int k = 0; k <= last; k++) {
                addBias(y, yAt + k * yFilter, ys, firstPosition, endPosition, b[bAt + k], relu);
            }
        }
    }

    private static void addBias(float[] y, int yAt, int[] ys, int first, int end, float b, boolean relu) {
        if (relu) {
            for (int p = first; p < end; p++) {
                FloatVector sum = FloatVector.fromArray(SPECIES, y, yAt + ys[p]).add(b);
                // not max, which takes care of signs of zeros and is slower; a NaN is not below zero and stays
                VectorMask<Float> negative = sum.compare(VectorOperators.LE, 0);
                sum.blend(0, negative).intoArray(y, yAt + ys[p]);
            }
            return;
        }
        for (int p = first; p < end; p++) {
            FloatVector.fromArray(SPECIES, y, yAt + ys[p]).add(b).intoArray(y, yAt + ys[p]);
        }
    }

    /** Four, but for a last block of five or six. */
    @Override
    public int gradientWidth(int remaining) {
        return remaining == 5 || remaining == 6 ? 6 : 4;
    }

    @Override
    public int gradientTaps(int width) {
        return width == 6 ? 4 : 5;
    }

    @Override
    public void gradient(
            int width,
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
        int dy3 = dyAt + Math.min(3, lastFilter) * dyFilter;
        int x0 = xAt + taps[firstTap];
        int x1 = xAt + taps[Math.min(firstTap + 1, lastTap)];
        int x2 = xAt + taps[Math.min(firstTap + 2, lastTap)];
        int x3 = xAt + taps[Math.min(firstTap + 3, lastTap)];
        if (width == 4) {
            int x4 = xAt + taps[Math.min(firstTap + 4, lastTap)];
            VectorGradients.gradient4x5(
                    dy, dyAt, dy1, dy2, dy3, x, x0, x1, x2, x3, x4, xs, from, to, lanes, lanesAt);
        } else {
            int dy4 = dyAt + Math.min(4, lastFilter) * dyFilter;
            int dy5 = dyAt + Math.min(5, lastFilter) * dyFilter;
            VectorGradients.gradient6x4(
                    dy, dyAt, dy1, dy2, dy3, dy4, dy5, x, x0, x1, x2, x3, xs, from, to, lanes, lanesAt);
        }
    }
}
