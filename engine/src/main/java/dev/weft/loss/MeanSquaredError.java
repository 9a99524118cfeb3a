package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;

/** {@code mean over j of (x[j] - target[j])^2}. */
record MeanSquaredError() implements Loss {
    private static final Function SQUARE =
            Function.of("squared error", (x, target) -> x.minus(target).square());

    @Override
    public DType targetType() {
        return DType.REAL;
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef target) {
        return l.map("elements", SQUARE, output, target);
    }

    @Override
    public TensorRef lower(Lowering l, TensorRef output, TensorRef target) {
        TensorRef rows = l.inner("rows", Shape.of());
        l.emit(new Op.SquaredError(l.layer(), output, target, rows));
        return rows;
    }
}
