package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;

/** {@code -log softmax(x)[label]}. */
record SoftmaxCrossEntropy() implements Loss {

    @Override
    public DType targetType() {
        return DType.I32;
    }

    @Override
    public TensorRef lower(Lowering l, TensorRef output, TensorRef target) {
        TensorRef p = l.inner("probabilities", output.shape().sample());
        TensorRef rows = l.inner("rows", Shape.of());
        l.emit(new Op.SoftmaxCrossEntropy(l.layer(), output, target, p, rows));
        return rows;
    }
}
