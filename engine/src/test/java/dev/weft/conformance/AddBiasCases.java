package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.parameter;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.AddBias} and {@link Op.BiasGradient}. */
final class AddBiasCases {
    private AddBiasCases() {}

    private static final int[][] SHAPES = {
        {1, 1},
        {1, 17},
        {3, 7},
        {33, 16},
        {2, 3, 1, 1},
        {2, 5, 3, 3},
        {1, 1, 7, 9},
        {3, 6, 5, 1},
        {2, 16, 1, 33},
        {5, 3, 4}
    };

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : SHAPES) {
            cases.add(OpCase.of(
                    new Op.AddBias("case", batched("x", shape), parameter("b", shape[1]), batched("y", shape))));
            cases.add(OpCase.of(new Op.BiasGradient("case", batched("dy", shape), gradient("db", shape[1]))));
        }
        for (int[] shape : new int[][] {{65, 3, 12, 12}, {9, 2, 700, 1}, {1100, 37}, {10000, 1}}) {
            cases.add(OpCase.of(new Op.BiasGradient("case", batched("dy", shape), gradient("db", shape[1]))));
        }

        TensorRef x = batched("x", 1, 2, 1, 2);
        TensorRef b = parameter("b", 2);
        TensorRef y = batched("y", 1, 2, 1, 2);
        cases.add(OpCase.of("by hand", new Op.AddBias("case", x, b, y))
                .with(x, 1, 2, 3, 4)
                .with(b, 10, 20)
                .expect(y, 11, 12, 23, 24));
        cases.add(OpCase.of("NaN and infinities", new Op.AddBias("case", x, b, y))
                .with(x, Double.NaN, 1, Double.NEGATIVE_INFINITY, 1)
                .with(b, 0, Double.POSITIVE_INFINITY)
                .kink()
                .expect(y, Double.NaN, 1, Double.NaN, Double.POSITIVE_INFINITY));
        TensorRef dy = batched("dy", 2, 2, 1, 2);
        TensorRef db = whole("db", 2);
        cases.add(OpCase.of("by hand", new Op.BiasGradient("case", dy, db))
                .with(dy, 1, 2, 3, 4, 50, 60, 70, 80)
                .expect(db, 113, 157));
        return cases;
    }
}
