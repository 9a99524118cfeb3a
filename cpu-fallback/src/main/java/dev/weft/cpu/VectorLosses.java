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

    @Override
    public void softmax(float[] x, int xAt, float[] y, int yAt, int columns) {
        softmax(x, xAt, null, 0, y, yAt, null, 0, columns);
    }

    @Override
    public void softmaxCrossEntropy(
            float[] x, int xAt, int[] labels, int labelsAt, float[] p, int pAt, float[] loss, int lossAt, int columns) {
        softmax(x, xAt, labels, labelsAt, p, pAt, loss, lossAt, columns);
    }

    /** The softmax, and the loss where there are labels. */
    private static void softmax(
            float[] x, int xAt, int[] labels, int labelsAt, float[] p, int pAt, float[] loss, int lossAt, int columns) {
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int end = columns * LANES;
        for (int i = 0; i < end; i += LANES) {
            max = max.max(FloatVector.fromArray(SPECIES, x, xAt + i));
        }
        FloatVector sum = FloatVector.broadcast(SPECIES, -1);
        FloatVector lost = FloatVector.zero(SPECIES);
        for (int i = 0; i < end; i += LANES) {
            FloatVector e = VectorElementary.exp(
                    FloatVector.fromArray(SPECIES, x, xAt + i).sub(max));
            e.intoArray(p, pAt + i);
            FloatVector next = sum.add(e);
            FloatVector added = next.sub(sum);
            lost = lost.add(sum.sub(next.sub(added)).add(e.sub(added)));
            sum = next;
        }
        FloatVector rest = sum.add(lost);
        FloatVector share = FloatVector.broadcast(SPECIES, 1).div(rest.add(1));
        for (int i = 0; i < end; i += LANES) {
            FloatVector.fromArray(SPECIES, p, pAt + i).mul(share).intoArray(p, pAt + i);
        }
        if (labels != null) {
            for (int lane = 0; lane < LANES; lane++) {
                loss[lossAt + lane] = x[xAt + labels[labelsAt + lane] * LANES + lane];
            }
            FloatVector gap = max.sub(FloatVector.fromArray(SPECIES, loss, lossAt));
            VectorElementary.log1p(rest).add(gap).intoArray(loss, lossAt);
        }
    }

    @Override
    public void softmaxBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int columns) {
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = FloatVector.zero(SPECIES);
        int i = 0;
        int end = columns * LANES;
        for (; i < end - LANES; i += 2 * LANES) {
            even = even.add(
                    FloatVector.fromArray(SPECIES, dy, dyAt + i).mul(FloatVector.fromArray(SPECIES, y, yAt + i)));
            odd = odd.add(FloatVector.fromArray(SPECIES, dy, dyAt + i + LANES)
                    .mul(FloatVector.fromArray(SPECIES, y, yAt + i + LANES)));
        }
        if (i < end) {
            even = even.add(
                    FloatVector.fromArray(SPECIES, dy, dyAt + i).mul(FloatVector.fromArray(SPECIES, y, yAt + i)));
        }
        FloatVector dot = even.add(odd);
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
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = FloatVector.zero(SPECIES);
        int i = 0;
        int end = columns * LANES;
        for (; i < end - LANES; i += 2 * LANES) {
            FloatVector first = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i));
            FloatVector second = FloatVector.fromArray(SPECIES, x, xAt + i + LANES)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i + LANES));
            even = even.add(first.mul(first));
            odd = odd.add(second.mul(second));
        }
        if (i < end) {
            FloatVector last = FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(FloatVector.fromArray(SPECIES, target, targetAt + i));
            even = even.add(last.mul(last));
        }
        even.add(odd).div(columns).intoArray(loss, lossAt);
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
