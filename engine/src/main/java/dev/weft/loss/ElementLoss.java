package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;

/** A formula of an output and its target, averaged over the elements of a row. */
record ElementLoss(Function function) implements OfElements {

    ElementLoss {
        if (function.operands() != 2) {
            throw new IllegalArgumentException("a loss is a function of output and target, %s of %d numbers"
                    .formatted(function, function.operands()));
        }
    }

    @Override
    public DType targetType() {
        return DType.REAL;
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef target) {
        return l.map("elements", function, output, target);
    }
}
