package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Pooling of tiles with the Vector API. */
final class VectorPooling implements Pooling {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    @Override
    public void max(
            float[] x, int xAt, int stride, int pixel, float[] y, int yAt, int[] argmax, int argmaxAt, int count) {
        for (int j = 0; j < count; j++) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xAt + j * stride * LANES);
            FloatVector best = FloatVector.fromArray(SPECIES, y, yAt + j * LANES);
            // false for equal values; true for a NaN, unless a NaN has won already
            VectorMask<Float> wins =
                    best.compare(VectorOperators.EQ, best).andNot(value.compare(VectorOperators.LE, best));
            best.blend(value, wins).intoArray(y, yAt + j * LANES);
            IntVector.fromArray(INTS, argmax, argmaxAt + j * LANES)
                    .blend(pixel + j * stride, wins.cast(INTS))
                    .intoArray(argmax, argmaxAt + j * LANES);
        }
    }

    @Override
    public void maxBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int stride, int pixel, int count) {
        FloatVector zero = FloatVector.zero(SPECIES);
        for (int j = 0; j < count; j++) {
            VectorMask<Integer> won = IntVector.fromArray(INTS, argmax, argmaxAt + j * LANES)
                    .compare(VectorOperators.EQ, pixel + j * stride);
            FloatVector share = zero.blend(FloatVector.fromArray(SPECIES, dy, dyAt + j * LANES), won.cast(SPECIES));
            int at = dxAt + j * stride * LANES;
            FloatVector.fromArray(SPECIES, dx, at).add(share).intoArray(dx, at);
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
        int lower = xAt + width * LANES;
        // no number is less, so nothing is cut off where there is no ReLU
        float least = relu ? 0 : Float.NEGATIVE_INFINITY;
        for (int j = 0; j < count; j++) {
            int from = 2 * j * LANES;
            FloatVector best = FloatVector.fromArray(SPECIES, x, xAt + from);
            IntVector winner = IntVector.broadcast(INTS, pixel + 2 * j);
            FloatVector value = FloatVector.fromArray(SPECIES, x, xAt + from + LANES);
            VectorMask<Float> wins =
                    best.compare(VectorOperators.EQ, best).andNot(value.compare(VectorOperators.LE, best));
            best = best.blend(value, wins);
            winner = winner.blend(pixel + 2 * j + 1, wins.cast(INTS));
            value = FloatVector.fromArray(SPECIES, x, lower + from);
            wins = best.compare(VectorOperators.EQ, best).andNot(value.compare(VectorOperators.LE, best));
            best = best.blend(value, wins);
            winner = winner.blend(pixel + 2 * j + width, wins.cast(INTS));
            value = FloatVector.fromArray(SPECIES, x, lower + from + LANES);
            wins = best.compare(VectorOperators.EQ, best).andNot(value.compare(VectorOperators.LE, best));
            best = best.blend(value, wins);
            winner = winner.blend(pixel + 2 * j + width + 1, wins.cast(INTS));
            best = best.blend(least, best.compare(VectorOperators.LE, least));
            best.intoArray(y, yAt + j * LANES);
            winner.intoArray(argmax, argmaxAt + j * LANES);
        }
    }

    @Override
    public void maxOfFourBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int width, int pixel, int count) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int lower = dxAt + width * LANES;
        for (int j = 0; j < count; j++) {
            FloatVector share = FloatVector.fromArray(SPECIES, dy, dyAt + j * LANES);
            IntVector winner = IntVector.fromArray(INTS, argmax, argmaxAt + j * LANES);
            int to = 2 * j * LANES;
            int first = pixel + 2 * j;
            VectorMask<Integer> won = winner.compare(VectorOperators.EQ, first);
            zero.blend(share, won.cast(SPECIES)).intoArray(dx, dxAt + to);
            won = winner.compare(VectorOperators.EQ, first + 1);
            zero.blend(share, won.cast(SPECIES)).intoArray(dx, dxAt + to + LANES);
            won = winner.compare(VectorOperators.EQ, first + width);
            zero.blend(share, won.cast(SPECIES)).intoArray(dx, lower + to);
            won = winner.compare(VectorOperators.EQ, first + width + 1);
            zero.blend(share, won.cast(SPECIES)).intoArray(dx, lower + to + LANES);
        }
    }

    @Override
    public void add(float[] x, int xAt, int xStride, float[] y, int yAt, int yStride, int count) {
        for (int j = 0; j < count; j++) {
            int to = yAt + j * yStride * LANES;
            FloatVector.fromArray(SPECIES, y, to)
                    .add(FloatVector.fromArray(SPECIES, x, xAt + j * xStride * LANES))
                    .intoArray(y, to);
        }
    }
}
