package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Locale;

/** A function of every element: ReLU, sigmoid or tanh, as {@link Op.Function} defines them. Any shape. */
public record Activation(Op.Function function) implements Layer {

    @Override
    public String kind() {
        return function.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Layer.single(inputs);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(x.shape().sample());
        l.emit(new Op.Activation(l.layer(), function, x, y));
        return y;
    }
}
