package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * {@code y[j] = exp(x[j]) / sum over i of exp(x[i])} along the last axis. Any shape. The softmax cross-entropy loss
 * holds its own softmax: a classifier that trains with it ends in logits, without this layer.
 */
public record Softmax() implements Layer {

    @Override
    public String kind() {
        return "softmax";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Layer.single(inputs);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(x.shape().sample());
        l.emit(new Op.Softmax(l.layer(), x, y));
        return y;
    }
}
