package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;

/** A loss whose rows are the means of their elements. */
interface OfElements extends Loss {
    @Override
    TensorRef elements(Lowering l, TensorRef output, TensorRef target);

    @Override
    default TensorRef lower(Lowering l, TensorRef output, TensorRef target) {
        TensorRef elements = elements(l, output, target);
        int rank = elements.shape().rank();
        return rank == 1 ? elements : l.reduce("rows", Op.Reduction.MEAN, elements, 1, rank);
    }
}
