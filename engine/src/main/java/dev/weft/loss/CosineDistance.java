package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;

/** {@code 1 - x t / (|x| |t|)} along the last axis; the product of the norms is at least 1e-8. */
record CosineDistance() implements OfElements {
    private static final Function DISTANCE = Function.of(
            "cosine distance",
            3,
            x -> x.get(0)
                    .over(x.get(1).sqrt().times(x.get(2).sqrt()).max(1e-8))
                    .negative()
                    .plus(1));

    @Override
    public DType targetType() {
        return DType.REAL;
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef target) {
        return l.map(
                "elements",
                DISTANCE,
                sum(l, "products", output, target),
                sum(l, "squares", output, output),
                sum(l, "target squares", target, target));
    }

    private static TensorRef sum(Lowering l, String name, TensorRef a, TensorRef b) {
        int last = a.shape().rank() - 1;
        return l.reduce("sum of " + name, Op.Reduction.SUM, l.map(name, Functions.MULTIPLY, a, b), last, last + 1);
    }
}
