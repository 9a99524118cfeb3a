package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.viewAt;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.op.Op.Reduction;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Reduce}: along the last axis, the middle, the batch; of few and many, of one and all. */
final class ReduceCases {
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    private ReduceCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Reduction reduction : Reduction.values()) {
            cases.add(of(reduction, batched("x", 5, 7), 1, 2, batched("y", 5)));
            cases.add(of(reduction, batched("x", 2, 3, 5, 4), 2, 4, batched("y", 2, 3)));
            cases.add(of(reduction, batched("x", 3, 4, 9), 1, 2, batched("y", 3, 9)));
            cases.add(of(reduction, batched("x", 2, 3, 1), 2, 3, batched("y", 2, 3)));
            cases.add(of(reduction, whole("x", 3, 70), 0, 1, whole("y", 70)));
            cases.add(of(reduction, whole("x", 4, 3), 0, 2, whole("y", 1)));
            cases.add(of(reduction, batched("x", 6, 5), 0, 1, gradient("y", 5)));
            cases.add(of(reduction, batched("x", 6, 5), 0, 1, whole("y", 5)).validRows(4));
            cases.add(of(reduction, batched("x", 6, 2, 3), 0, 3, whole("y", 1)).validRows(1));
            cases.add(
                    of(reduction, batched("x", 2, 2500), 1, 2, batched("y", 2)).kink());
            cases.add(of(reduction, whole("x", 70_001), 0, 1, whole("y", 1)).kink());
            cases.add(of(reduction, whole("x", 3001, 37), 0, 1, whole("y", 37)).kink());
            cases.add(of(reduction, viewAt(1, "x", Role.GRADIENT, 4101), 0, 1, whole("y", 1))
                    .kink());
        }
        TensorRef x = batched("x", 4, 3);
        TensorRef y = batched("y", 4);
        double[] values = {1, -2, 4, INFINITY, 1, 2, Double.NaN, 1, INFINITY, -3, -3, -6};
        cases.add(byHand(Reduction.SUM, x, y, values, 3, INFINITY, Double.NaN, -12));
        cases.add(byHand(Reduction.MEAN, x, y, values, 1, INFINITY, Double.NaN, -4));
        cases.add(byHand(Reduction.MAX, x, y, values, 4, INFINITY, Double.NaN, -3));
        return cases;
    }

    private static OpCase of(Reduction reduction, TensorRef x, int from, int to, TensorRef y) {
        return OpCase.of(new Op.Reduce("case", reduction, x, from, to, y));
    }

    private static OpCase byHand(Reduction reduction, TensorRef x, TensorRef y, double[] values, double... expected) {
        return of(reduction, x, 1, 2, y).with(x, values).kink().expect(y, expected);
    }
}
