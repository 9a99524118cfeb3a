package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Softmax} and {@link Op.SoftmaxBackward}. */
final class SoftmaxCases {
    private SoftmaxCases() {}

    /** The last is a vector: its one axis is the batch, and all rows are normalised together. */
    private static final int[][] SHAPES = {
        {1, 1}, {1, 10}, {5, 3}, {3, 2, 7}, {33, 17}, {2, 1000}, {2, 1500}, {7, 1}, {5}
    };

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : SHAPES) {
            TensorRef x = batched("x", shape);
            TensorRef y = batched("y", shape);
            cases.add(OpCase.of(new Op.Softmax("case", x, y)).uniform(x, -3, 3));
            cases.add(OpCase.of("spread wide", new Op.Softmax("case", x, y))
                    .uniform(x, -60, 60)
                    .kink());
            cases.add(OpCase.of("large logits", new Op.Softmax("case", x, y))
                    .uniform(x, -1e4, 1e4)
                    .kink());
            cases.add(OpCase.of(new Op.SoftmaxBackward("case", y, batched("dy", shape), batched("dx", shape)))
                    .uniform(y, 0, 1));
        }
        double inf = Double.POSITIVE_INFINITY;
        double nan = Double.NaN;
        cases.add(byHand(new double[] {1, 2, 3}, 0.09003057317038046, 0.24472847105479767, 0.6652409557748219));
        cases.add(byHand(new double[] {7, 7, 7}, 1 / 3.0, 1 / 3.0, 1 / 3.0));
        cases.add(byHand(new double[] {1e4, -1e4, 1e4}, 0.5, 0, 0.5).kink());
        cases.add(byHand(new double[] {-inf, 0, 0}, 0, 0.5, 0.5).kink());
        cases.add(byHand(new double[] {nan, 0, 0}, nan, nan, nan).kink());
        TensorRef x = batched("x", 3, 2);
        TensorRef y = batched("y", 3, 2);
        cases.add(OpCase.of("a NaN stays in its row", new Op.Softmax("case", x, y))
                .with(x, 0, 0, nan, 0, 0, 0)
                .kink()
                .expect(y, 0.5, 0.5, nan, nan, 0.5, 0.5));
        Op.SoftmaxBackward backward =
                new Op.SoftmaxBackward("case", batched("y", 1, 2), batched("dy", 1, 2), batched("dx", 1, 2));
        cases.add(OpCase.of("by hand", backward)
                .with(backward.y(), 0.25, 0.75)
                .with(backward.dy(), 8, 4)
                .expect(backward.dx(), 0.75, -0.75));
        return cases;
    }

    private static OpCase byHand(double[] x, double... y) {
        Op.Softmax op = new Op.Softmax("case", batched("x", 1, 3), batched("y", 1, 3));
        return OpCase.of("by hand", op).with(op.x(), x).expect(op.y(), y);
    }
}
