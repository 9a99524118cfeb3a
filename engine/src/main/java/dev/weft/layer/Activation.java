package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * {@code y = function(x)}, element by element, for any {@link Function} of one number: those of {@link Activations}, or one of
 * one's own. Any shape. What is ReLU, sigmoid or tanh takes the op that backends have kernels of their own for.
 */
public record Activation(Function function) implements Layer {

    public Activation {
        if (function.operands() != 1) {
            throw new IllegalArgumentException(
                    "an activation is a function of one number, %s of %d".formatted(function, function.operands()));
        }
    }

    @Override
    public String kind() {
        return function.name().replaceAll("[:-].*", "");
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Layer.single(inputs);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(x.shape().sample());
        l.emit(op(l.layer(), x, y));
        return y;
    }

    private Op op(String layer, TensorRef x, TensorRef y) {
        if (function.code().equals(Activations.relu().code())) {
            return new Op.Activation(layer, Op.Nonlinearity.RELU, x, y);
        }
        if (function.code().equals(Activations.sigmoid().code())) {
            return new Op.Activation(layer, Op.Nonlinearity.SIGMOID, x, y);
        }
        if (function.code().equals(Activations.tanh().code())) {
            return new Op.Activation(layer, Op.Nonlinearity.TANH, x, y);
        }
        return Op.Map.of(layer, function, y, x);
    }
}
