package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.viewAt;

import dev.weft.op.Op;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.CheckFinite}: it writes nothing but the latch. */
final class CheckFiniteCases {
    private CheckFiniteCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int size : new int[] {1, 7, 16, 33, 5000}) {
            TensorRef x = gradient("x", size);
            cases.add(OpCase.of("finite", new Op.CheckFinite("case", x)));
            for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
                for (int at : new int[] {0, size / 2, size - 1}) {
                    cases.add(OpCase.of(bad + " at " + at, new Op.CheckFinite("case", x))
                            .set(x, at, bad)
                            .step(5));
                }
            }
        }
        TensorRef odd = viewAt(1, "x", Role.GRADIENT, 33);
        cases.add(OpCase.of("finite", new Op.CheckFinite("case", odd)));
        cases.add(OpCase.of("NaN at the end", new Op.CheckFinite("case", odd)).set(odd, 32, Double.NaN));
        TensorRef x = batched("x", 1, 4);
        cases.add(OpCase.of("the largest and the smallest floats are finite", new Op.CheckFinite("case", x))
                .with(x, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, -0.0));
        return cases;
    }
}
