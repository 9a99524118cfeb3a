package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Softmax and the losses with the Vector API, all samples of a tile at once. */
final class VectorLosses implements Losses {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    /** Rows whose sums have several pieces. */
    private static final Losses LONG_ROWS = new ScalarLosses(LANES);

    @Override
    public void softmax(float[] x, int xAt, float[] y, int yAt, int columns) {
        softmax(x, xAt, y, yAt, columns, null, 0);
    }

    /**
     * @param rest receives the sum of the exponentials without that of the maximum, if not null
     */
    private static void softmax(float[] x, int xAt, float[] y, int yAt, int columns, float[] rest, int restAt) {
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int end = columns * LANES;
        for (int i = 0; i < end; i += LANES) {
            max = FloatVector.fromArray(SPECIES, x, xAt + i).max(max);
        }
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).sub(max).intoArray(y, yAt + i);
        }
        VectorElementary.exp(y, yAt, y, yAt, end);
        FloatVector sum = FloatVector.broadcast(SPECIES, -1);
        FloatVector lost = FloatVector.zero(SPECIES);
        for (int i = 0; i < end; i += LANES) {
            FloatVector e = FloatVector.fromArray(SPECIES, y, yAt + i);
            FloatVector next = e.add(sum);
            FloatVector added = next.sub(sum);
            lost = e.sub(added).sub(next.sub(added).sub(sum)).add(lost);
            sum = next;
        }
        FloatVector others = FloatVector.zero(SPECIES).add(sum).add(lost);
        if (rest != null) {
            others.intoArray(rest, restAt);
        }
        FloatVector share = FloatVector.broadcast(SPECIES, 1).div(others.add(1));
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, y, yAt + i).mul(share).intoArray(y, yAt + i);
        }
    }

    @Override
    public void softmaxCrossEntropy(
            float[] x, int xAt, int[] labels, int labelsAt, float[] p, int pAt, float[] loss, int lossAt, int columns) {
        softmax(x, xAt, p, pAt, columns, loss, lossAt);
        for (int lane = lossAt; lane < lossAt + LANES; lane++) {
            loss[lane] = Elementary.log1p(loss[lane]);
        }
        IntVector label = IntVector.fromArray(INTS, labels, labelsAt);
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        FloatVector own = max;
        for (int j = 0; j < columns; j++) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xAt + j * LANES);
            max = value.max(max);
            own = value.blend(own, label.compare(VectorOperators.NE, j).cast(SPECIES));
        }
        FloatVector difference = FloatVector.zero(SPECIES).add(max).sub(own);
        FloatVector.fromArray(SPECIES, loss, lossAt).add(difference).intoArray(loss, lossAt);
    }

    @Override
    public void softmaxBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int columns) {
        if (columns > TERMS) {
            LONG_ROWS.softmaxBackward(y, yAt, dy, dyAt, dx, dxAt, columns);
            return;
        }
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = FloatVector.zero(SPECIES);
        int i = 0;
        int end = columns * LANES;
        for (; i < end - LANES; i += 2 * LANES) {
            even = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .add(even);
            odd = FloatVector.fromArray(SPECIES, dy, dyAt + i + LANES)
                    .mul(FloatVector.fromArray(SPECIES, y, yAt + i + LANES))
                    .add(odd);
        }
        if (i < end) {
            even = FloatVector.fromArray(SPECIES, dy, dyAt + i)
                    .mul(FloatVector.fromArray(SPECIES, y, yAt + i))
                    .add(even);
        }
        FloatVector dot = FloatVector.zero(SPECIES).add(even).add(odd);
        for (i = 0; i < end; i += LANES) {
            FloatVector difference =
                    FloatVector.fromArray(SPECIES, dy, dyAt + i).sub(dot);
            FloatVector.fromArray(SPECIES, y, yAt + i).mul(difference).intoArray(dx, dxAt + i);
        }
    }

    @Override
    public void softmaxCrossEntropyBackward(
            float[] p,
            int pAt,
            int[] labels,
            int labelsAt,
            float[] dloss,
            int dlossAt,
            float[] dx,
            int dxAt,
            int columns) {
        IntVector label = IntVector.fromArray(INTS, labels, labelsAt);
        FloatVector scale = FloatVector.fromArray(SPECIES, dloss, dlossAt);
        FloatVector zero = FloatVector.zero(SPECIES);
        for (int j = 0; j < columns; j++) {
            FloatVector target =
                    zero.blend(1, label.compare(VectorOperators.EQ, j).cast(SPECIES));
            scale.mul(FloatVector.fromArray(SPECIES, p, pAt + j * LANES).sub(target))
                    .intoArray(dx, dxAt + j * LANES);
        }
    }

    @Override
    public void squaredError(float[] x, int xAt, float[] target, int targetAt, float[] loss, int lossAt, int columns) {
        if (columns > TERMS) {
            LONG_ROWS.squaredError(x, xAt, target, targetAt, loss, lossAt, columns);
            return;
        }
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = FloatVector.zero(SPECIES);
        int i = 0;
        int end = columns * LANES;
        for (; i < end - LANES; i += 2 * LANES) {
            FloatVector first = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i));
            FloatVector second = FloatVector.fromArray(SPECIES, x, xAt + i + LANES)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i + LANES));
            even = first.mul(first).add(even);
            odd = second.mul(second).add(odd);
        }
        if (i < end) {
            FloatVector last = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i));
            even = last.mul(last).add(even);
        }
        FloatVector.zero(SPECIES).add(even).add(odd).div(columns).intoArray(loss, lossAt);
    }

    @Override
    public void squaredErrorBackward(
            float[] x,
            int xAt,
            float[] target,
            int targetAt,
            float[] dloss,
            int dlossAt,
            float[] dx,
            int dxAt,
            int columns) {
        FloatVector scale =
                FloatVector.fromArray(SPECIES, dloss, dlossAt).mul(2).div(columns);
        for (int i = 0; i < columns * LANES; i += LANES) {
            FloatVector difference = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i));
            scale.mul(difference).intoArray(dx, dxAt + i);
        }
    }
}
