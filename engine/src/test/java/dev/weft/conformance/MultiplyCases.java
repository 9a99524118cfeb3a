package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.parameter;
import static dev.weft.conformance.Tensors.viewAt;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Multiply} and {@link Op.Scale}. */
final class MultiplyCases {
    private MultiplyCases() {}

    private static final double INFINITY = Double.POSITIVE_INFINITY;

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : new int[][] {{1, 1}, {1, 15}, {3, 17}, {37}, {2, 3, 5, 7}, {64, 33}}) {
            cases.add(multiply("", batched("a", shape), batched("b", shape), batched("y", shape)));
            cases.add(scale("", batched("x", shape), -0.3, batched("y", shape)));
        }
        cases.add(multiply("", whole("a", 7, 5), whole("b", 7, 5), whole("y", 7, 5)));
        cases.add(multiply("one without a batch", batched("a", 7, 5), whole("b", 7, 5), batched("y", 7, 5)));
        cases.add(multiply("a parameter", parameter("a", 7, 5), whole("b", 7, 5), whole("y", 7, 5)));
        cases.add(multiply(
                "from odd places",
                viewAt(1, "a", Role.PARAMETER, 33),
                whole("b", 33),
                viewAt(3, "y", Role.GRADIENT, 33)));
        cases.add(scale("", whole("x", 5, 3, 2), 1.5, whole("y", 5, 3, 2)));
        cases.add(scale("from odd places", viewAt(2, "x", Role.PARAMETER, 33), 0.7, viewAt(1, "y", Role.GRADIENT, 33)));
        // more than a grid of GPU threads handles at once, even by fours
        cases.add(multiply("", whole("a", 530_003), whole("b", 530_003), whole("y", 530_003)));
        cases.add(scale("", whole("x", 530_003), 0.1, whole("y", 530_003)));

        TensorRef a = batched("a", 1, 4);
        TensorRef b = batched("b", 1, 4);
        TensorRef y = batched("y", 1, 4);
        cases.add(multiply("by hand", a, b, y)
                .with(a, 1.5, -2, 0, 3)
                .with(b, 2, 0.25, -7, -3)
                .expect(y, 3, -0.5, 0, -9));
        cases.add(multiply("a tensor and itself", a, a, y).with(a, 1, 2, 3, -4).expect(y, 1, 4, 9, 16));
        cases.add(multiply("NaN, infinities and what is too large or small", a, b, y)
                .with(a, Double.NaN, INFINITY, 1e30, 1e-30)
                .with(b, 1, 0, -1e30, 1e-30)
                .kink());
        for (double factor : new double[] {0, 1, -2.5, 1e-3, 1e30}) {
            cases.add(scale("by hand", a, factor, y)
                    .with(a, 1, -2, 0, 3)
                    .kink()
                    .expect(y, factor, -2 * factor, 0, 3 * factor));
        }
        cases.add(scale("NaN and infinities", a, 0, y)
                .with(a, Double.NaN, INFINITY, -INFINITY, 2)
                .kink()
                .expect(y, Double.NaN, Double.NaN, Double.NaN, 0));
        return cases;
    }

    private static OpCase multiply(String what, TensorRef a, TensorRef b, TensorRef y) {
        return OpCase.of(what, new Op.Multiply("case", a, b, y));
    }

    private static OpCase scale(String what, TensorRef x, double factor, TensorRef y) {
        return OpCase.of(what, new Op.Scale("case", x, factor, y));
    }
}
