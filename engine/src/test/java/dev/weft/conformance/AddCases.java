package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Add} and {@link Op.Fill}. */
final class AddCases {
    private AddCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : new int[][] {{1, 1}, {1, 15}, {3, 17}, {2, 3, 5, 7}, {64, 33}}) {
            cases.add(OpCase.of(new Op.Add("case", batched("a", shape), batched("b", shape), batched("y", shape))));
            cases.add(OpCase.of(new Op.Fill("case", 0.1, batched("y", shape))));
        }
        cases.add(OpCase.of(new Op.Add("case", whole("a", 7, 5), whole("b", 7, 5), whole("y", 7, 5))));
        // more than a grid of GPU threads handles at once, even by fours
        cases.add(OpCase.of(new Op.Fill("case", 0.1, whole("y", 530_003))));
        TensorRef a = batched("a", 1, 4);
        TensorRef b = batched("b", 1, 4);
        TensorRef y = batched("y", 1, 4);
        double inf = Double.POSITIVE_INFINITY;
        cases.add(OpCase.of("a tensor and itself", new Op.Add("case", a, a, y))
                .with(a, 1, 2, 3, -4)
                .expect(y, 2, 4, 6, -8));
        cases.add(OpCase.of("NaN and infinities", new Op.Add("case", a, b, y))
                .with(a, 1.5, Double.NaN, inf, inf)
                .with(b, 2, 1, -inf, inf)
                .kink()
                .expect(y, 3.5, Double.NaN, Double.NaN, inf));
        for (double value : new double[] {0, 1, -2.5e10, Double.NaN, inf}) {
            TensorRef scalar = whole("y", 1);
            cases.add(OpCase.of(new Op.Fill("case", value, scalar)).expect(scalar, value));
        }
        return cases;
    }
}
