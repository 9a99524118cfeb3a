package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.SquaredError} and {@link Op.SquaredErrorBackward}. */
final class SquaredErrorCases {
    private SquaredErrorCases() {}

    private static final int[][] SHAPES = {{1, 1}, {1, 7}, {7, 1}, {5, 33}, {3, 2, 5, 7}, {2, 1000}, {2, 1500}, {65}};

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : SHAPES) {
            cases.add(OpCase.of(forward(shape)));
            cases.add(OpCase.of(backward(shape)));
        }
        Op.SquaredError rows = forward(2, 2, 2);
        cases.add(OpCase.of("by hand", rows)
                .with(rows.x(), 1, 2, 3, 4, 0, 0, 0, -6)
                .with(rows.target(), 1, 0, 0, 0, 0, 0, 0, 0)
                .expect(rows.loss(), 7.25, 9));
        Op.SquaredError infinite = forward(2, 2);
        cases.add(OpCase.of("NaN and infinity stay in their rows", infinite)
                .with(infinite.x(), Double.NaN, 1, Double.NEGATIVE_INFINITY, 1)
                .with(infinite.target(), 0, 0, 0, 0)
                .kink()
                .expect(infinite.loss(), Double.NaN, Double.POSITIVE_INFINITY));
        Op.SquaredErrorBackward gradient = backward(2, 2);
        cases.add(OpCase.of("by hand", gradient)
                .with(gradient.x(), 1, 2, 3, 4)
                .with(gradient.target(), 0, 4, 3, 3)
                .with(gradient.dloss(), 3, -5)
                .expect(gradient.dx(), 3, -6, 0, -5));
        return cases;
    }

    private static Op.SquaredError forward(int... shape) {
        return new Op.SquaredError("case", batched("x", shape), batched("target", shape), batched("loss", shape[0]));
    }

    private static Op.SquaredErrorBackward backward(int... shape) {
        TensorRef dloss = batched("dloss", shape[0]);
        return new Op.SquaredErrorBackward(
                "case", batched("x", shape), batched("target", shape), dloss, batched("dx", shape));
    }
}
