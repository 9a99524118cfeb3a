package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.parameter;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Sums of about 100,000 terms of one sign, for every op that adds up: one running sum of floats errs by hundreds of units in
 * the last place there, and {@link dev.weft.check.Tolerance} allows 32, whatever the length. Their gradients are those of
 * shorter sums, which {@link Cases} has for finite differences.
 */
final class LongSumCases {
    private static final int TERMS = 100_000;

    private LongSumCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        cases.add(positive(
                new Op.MatMul("case", whole("a", 2, TERMS), whole("b", TERMS, 5), false, false, whole("c", 2, 5))));
        cases.add(positive(
                new Op.MatMul("case", whole("a", TERMS, 7), whole("b", 3, TERMS), true, true, whole("c", 7, 3))));
        // small weights, which the CPU multiplies in tiles
        cases.add(positive(new Op.MatMul(
                "case", batched("a", 3, TERMS), parameter("b", TERMS, 1), false, false, batched("c", 3, 1))));
        cases.add(positive(new Op.MatMul(
                "case", batched("dy", TERMS, 2), batched("x", TERMS, 3), true, false, gradient("dw", 2, 3))));
        cases.addAll(convolutions(1000, Window2d.square(10, 1, 0), 10));
        cases.addAll(convolutions(TERMS, Window2d.square(1, 1, 0), 1));
        // an image of five columns, for which the CPU has an input gradient of its own
        Window2d five = Window2d.square(5, 1, 2);
        cases.add(positive(new Op.Conv2dInputGradient(
                "case", batched("dy", 1, 4096, 5, 5), parameter("w", 4096, 1, 5, 5), five, batched("dx", 1, 1, 5, 5))));
        cases.add(positive(filterGradient(1, 317)));
        cases.add(positive(filterGradient(30, 58)));
        cases.add(positive(new Op.BiasGradient("case", batched("dy", TERMS, 3), gradient("db", 3))));
        cases.add(positive(new Op.BiasGradient("case", batched("dy", 1, 2, 317, 317), gradient("db", 2))));
        cases.add(positive(new Op.BiasGradient("case", batched("dy", 30, 2, 58, 58), gradient("db", 2))));
        cases.add(positive(new Op.BatchMean("case", batched("x", TERMS), whole("y", 1))));
        cases.add(positive(new Op.Reduce("case", Op.Reduction.SUM, batched("x", 2, TERMS), 1, 2, batched("y", 2))));
        cases.add(positive(new Op.Reduce("case", Op.Reduction.MEAN, batched("x", TERMS, 3), 0, 1, whole("y", 3))));
        TensorRef rows = batched("x", 2, TERMS);
        TensorRef p = batched("p", 2, TERMS);
        TensorRef loss = batched("loss", 2);
        cases.add(OpCase.of("long", new Op.Softmax("case", rows, p)));
        cases.add(positive(new Op.SoftmaxBackward("case", p, batched("dy", 2, TERMS), batched("dx", 2, TERMS))));
        Op.SoftmaxCrossEntropy entropy =
                new Op.SoftmaxCrossEntropy("case", rows, batchedIntegers("labels", 2), p, loss);
        cases.add(OpCase.of("long", entropy).integers(entropy.labels(), TERMS));
        cases.add(positive(new Op.SquaredError("case", rows, batched("target", 2, TERMS), loss)));
        Window2d window = Window2d.square(317, 1, 0);
        cases.add(positive(new Op.AvgPool2d("case", batched("x", 1, 1, 318, 318), window, batched("y", 1, 1, 2, 2))));
        // a hundred thousand windows of a hundred thousand would take the reference hours
        Window2d overlapping = new Window2d(1, 2000, 1, 1, 0, 1999);
        cases.add(positive(new Op.AvgPool2dBackward(
                "case", batched("dy", 1, 1, 1, 2002), overlapping, batched("dx", 1, 1, 1, 3))));
        return cases;
    }

    /** All terms positive. */
    private static OpCase positive(Op op) {
        OpCase opCase = OpCase.of("long", op);
        op.inputs().forEach(x -> opCase.uniform(x, 0, 1));
        return opCase;
    }

    private static List<OpCase> convolutions(int channels, Window2d window, int size) {
        TensorRef image = batched("x", 1, channels, size, size);
        TensorRef filters = parameter("w", 2, channels, window.height(), window.width());
        TensorRef many = parameter("w", channels, 2, window.height(), window.width());
        // the gradient of the input adds up over filters; padded, so that the middle meets the whole window
        Window2d padded = Window2d.square(window.height(), 1, window.height() - 1);
        return List.of(
                positive(new Op.Conv2d("case", image, filters, window, batched("y", 1, 2, 1, 1))),
                positive(new Op.Conv2dInputGradient(
                        "case", batched("dy", 1, channels, size, size), many, padded, batched("dx", 1, 2, 1, 1))));
    }

    private static Op filterGradient(int images, int size) {
        return new Op.Conv2dFilterGradient(
                "case",
                batched("x", images, 1, size, size),
                batched("dy", images, 2, size, size),
                Window2d.square(1, 1, 0),
                gradient("dw", 2, 1, 1, 1));
    }
}
