package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Activation} and {@link Op.ActivationBackward}, for each function. */
final class ActivationCases {
    private ActivationCases() {}

    private static final int[][] SHAPES = {{1, 1}, {1, 7}, {3, 16}, {5, 33}, {2, 3, 5, 7}, {1, 1031}};

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Op.Nonlinearity function : Op.Nonlinearity.values()) {
            for (int[] shape : SHAPES) {
                Op.Activation op = new Op.Activation("case", function, batched("x", shape), batched("y", shape));
                cases.add(OpCase.of(op).uniform(op.x(), -3, 3));
                TensorRef y = batched("y", shape);
                Op backward =
                        new Op.ActivationBackward("case", function, y, batched("dy", shape), batched("dx", shape));
                cases.add(OpCase.of(backward).uniform(y, function == Op.Nonlinearity.TANH ? -1 : 0, 1));
            }
            Op.Activation wide = new Op.Activation("case", function, batched("x", 1, 257), batched("y", 1, 257));
            cases.add(OpCase.of("over a wide range", wide)
                    .uniform(wide.x(), -120, 120)
                    .kink());
            Op.Activation narrow = new Op.Activation("case", function, batched("x", 1, 257), batched("y", 1, 257));
            cases.add(OpCase.of("close to zero", narrow)
                    .uniform(narrow.x(), -1e-3, 1e-3)
                    .kink());
        }
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        double[] x = {0, -0.0, 1, -1, 1e4, -1e4, inf, -inf, nan};
        cases.add(byHand(Op.Nonlinearity.RELU, x, 0, 0, 1, 0, 1e4, 0, inf, 0, nan));
        cases.add(
                byHand(Op.Nonlinearity.SIGMOID, x, 0.5, 0.5, 0.7310585786300049, 0.2689414213699951, 1, 0, 1, 0, nan));
        cases.add(byHand(Op.Nonlinearity.TANH, x, 0, 0, 0.7615941559557649, -0.7615941559557649, 1, -1, 1, -1, nan));
        cases.add(backwardByHand(
                Op.Nonlinearity.RELU,
                new double[] {0, -0.0, 2, 1e-30, inf, nan, nan, 2},
                new double[] {3, 3, 3, 3, 3, 3, inf, nan},
                0,
                0,
                3,
                3,
                3,
                0,
                0,
                nan));
        cases.add(backwardByHand(
                Op.Nonlinearity.SIGMOID, new double[] {0, 1, 0.5, 0.25}, new double[] {3, 3, 4, -16}, 0, 0, 1, -3));
        cases.add(backwardByHand(
                Op.Nonlinearity.TANH, new double[] {1, -1, 0, 0.5}, new double[] {3, 3, 3, 4}, 0, 0, 3, 3));
        return cases;
    }

    private static OpCase byHand(Op.Nonlinearity function, double[] x, double... y) {
        Op.Activation op = new Op.Activation("case", function, batched("x", 1, 9), batched("y", 1, 9));
        return OpCase.of("by hand", op).with(op.x(), x).kink().expect(op.y(), y);
    }

    private static OpCase backwardByHand(Op.Nonlinearity function, double[] y, double[] dy, double... dx) {
        int n = y.length;
        Op.ActivationBackward op = new Op.ActivationBackward(
                "case", function, batched("y", 1, n), batched("dy", 1, n), batched("dx", 1, n));
        return OpCase.of("by hand", op).with(op.y(), y).with(op.dy(), dy).expect(op.dx(), dx);
    }
}
