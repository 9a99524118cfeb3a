package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * A fully connected layer for each step of a sequence, the same for all: {@code y[t] = W x[t] + b}. Input {@code [T,D]}, output
 * {@code [T,outputs]}, parameters those of {@link Linear}. Activations need no such layer: they take any shape.
 */
public record TimeDistributed(Linear layer) implements Layer {

    @Override
    public String kind() {
        return "steps";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = sequence(inputs);
        return Shape.of(x.get(0), layer.outputs());
    }

    /** The only shape in {@code inputs}, which must be a sequence {@code [T,D]}. */
    static Shape sequence(List<Shape> inputs) {
        Shape x = Layer.single(inputs);
        if (x.rank() != 2) {
            throw new IllegalArgumentException("needs a sequence [T,D], got " + x);
        }
        return x;
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        return layer.parameters(List.of(sequence(inputs).sample()));
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        Shape shape = Shape.of(x.shape().get(1), layer.outputs());
        TensorRef product = layer.bias() ? l.inner("product", shape) : l.output(shape);
        l.emit(new Op.MatMul(l.layer(), x, l.parameter("weight"), false, !layer.transpose(), product));
        if (!layer.bias()) {
            return product;
        }
        TensorRef y = l.output(shape);
        l.emit(new Op.Map(
                l.layer(),
                Functions.ADD,
                List.of(product, l.parameter("bias")),
                List.of(Lowering.axes(0, 3), List.of(2)),
                y));
        return y;
    }
}
