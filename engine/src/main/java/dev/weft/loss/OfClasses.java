package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;

/**
 * A loss of values where the targets are classes: the target of an output is 1 at the row's class, elsewhere {@code others}.
 *
 * @param others 0 for most losses, -1 for {@link Loss#hinge}
 */
record OfClasses(Loss loss, double others) implements Loss {

    OfClasses {
        if (loss.targetType() != DType.REAL) {
            throw new IllegalArgumentException("this loss takes classes already: " + loss);
        }
    }

    @Override
    public DType targetType() {
        return DType.I32;
    }

    @Override
    public TensorRef lower(Lowering l, TensorRef output, TensorRef labels) {
        return loss.lower(l, output, targets(l, output, labels));
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef labels) {
        return loss.elements(l, output, targets(l, output, labels));
    }

    private TensorRef targets(Lowering l, TensorRef output, TensorRef labels) {
        TensorRef oneHot = output.like(l.layer() + ".one hot");
        l.emit(new Op.OneHot(l.layer(), labels, oneHot));
        return others == 0
                ? oneHot
                : l.map(
                        "targets",
                        Function.of("target", t -> t.times(1 - others).plus(others)),
                        oneHot);
    }
}
