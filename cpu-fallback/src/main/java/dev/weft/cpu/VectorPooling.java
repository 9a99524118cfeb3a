package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Max-pooling of tiles with the Vector API. */
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
}
