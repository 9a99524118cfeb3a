package dev.weft.loss;

import dev.weft.layer.LogSoftmax;
import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;

/**
 * {@code -sum over j of t[j] log p[j]} with {@code p = softmax(x)} along the last axis, for targets that are probabilities; as a
 * divergence {@code sum over j of t[j] (log t[j] - log p[j])}, which is 0 where p is t.
 */
record SoftTargetCrossEntropy(boolean divergence) implements OfElements {
    private static final Function CROSS_ENTROPY =
            Function.of("soft cross-entropy", (logP, t) -> t.times(logP).negative());
    private static final Function DIVERGENCE = Function.of(
            "divergence",
            (logP, t) -> Expr.constant(0).lessThan(t, t.times(t.log().minus(logP)), Expr.constant(0)));

    @Override
    public DType targetType() {
        return DType.REAL;
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef target) {
        int last = output.shape().rank() - 1;
        TensorRef logP = output.like(l.layer() + ".log p");
        LogSoftmax.emit(l, "", output, logP);
        TensorRef terms = l.map("terms", divergence ? DIVERGENCE : CROSS_ENTROPY, logP, target);
        return l.reduce("sums", Op.Reduction.SUM, terms, last, last + 1);
    }
}
