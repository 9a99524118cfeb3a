package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;

import dev.weft.op.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link Op.SoftmaxCrossEntropy} and {@link Op.SoftmaxCrossEntropyBackward}. */
final class SoftmaxCrossEntropyCases {
    private SoftmaxCrossEntropyCases() {}

    private static final int[][] SHAPES = {{1, 1}, {1, 10}, {5, 3}, {33, 17}, {3, 1000}, {3, 1500}, {7, 1}, {64, 10}};

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : SHAPES) {
            int classes = shape[1];
            for (double range : new double[] {3, 60, 1e4}) {
                Op.SoftmaxCrossEntropy op = forward(shape[0], classes);
                OpCase opCase = OpCase.of("logits within " + range, op)
                        .uniform(op.x(), -range, range)
                        .integers(op.labels(), classes);
                cases.add(range == 3 ? opCase : opCase.kink());
            }
            Op.SoftmaxCrossEntropy first = forward(shape[0], classes);
            cases.add(OpCase.of("first label", first).withIntegers(first.labels(), new int[shape[0]]));
            Op.SoftmaxCrossEntropy last = forward(shape[0], classes);
            int[] labels = new int[shape[0]];
            Arrays.fill(labels, classes - 1);
            cases.add(OpCase.of("last label", last).withIntegers(last.labels(), labels));
            Op.SoftmaxCrossEntropyBackward backward = backward(shape[0], classes);
            cases.add(OpCase.of(backward).uniform(backward.p(), 0, 1).integers(backward.labels(), classes));
        }
        double ln2 = 0.6931471805599453;
        cases.add(byHand(new double[] {0, 0}, 0, new double[] {0.5, 0.5}, ln2));
        cases.add(byHand(new double[] {5, 5}, 1, new double[] {0.5, 0.5}, ln2));
        cases.add(
                byHand(new double[] {1e4, -1e4}, 1, new double[] {1, 0}, 20000).kink());
        cases.add(byHand(new double[] {1e4, -1e4}, 0, new double[] {1, 0}, 0).kink());
        cases.add(byHand(new double[] {Double.NaN, 0}, 1, new double[] {Double.NaN, Double.NaN}, Double.NaN)
                .kink());
        Op.SoftmaxCrossEntropyBackward backward = backward(2, 2);
        cases.add(OpCase.of("by hand", backward)
                .with(backward.p(), 0.25, 0.75, 0.5, 0.5)
                .withIntegers(backward.labels(), 0, 1)
                .with(backward.dloss(), 4, 2)
                .expect(backward.dx(), -3, 3, 1, -1));
        return cases;
    }

    private static OpCase byHand(double[] x, int label, double[] p, double loss) {
        Op.SoftmaxCrossEntropy op = forward(1, 2);
        return OpCase.of("by hand", op)
                .with(op.x(), x)
                .withIntegers(op.labels(), label)
                .expect(op.p(), p)
                .expect(op.loss(), loss);
    }

    private static Op.SoftmaxCrossEntropy forward(int n, int classes) {
        return new Op.SoftmaxCrossEntropy(
                "case",
                batched("x", n, classes),
                batchedIntegers("labels", n),
                batched("p", n, classes),
                batched("loss", n));
    }

    private static Op.SoftmaxCrossEntropyBackward backward(int n, int classes) {
        return new Op.SoftmaxCrossEntropyBackward(
                "case",
                batched("p", n, classes),
                batchedIntegers("labels", n),
                batched("dloss", n),
                batched("dx", n, classes));
    }
}
