package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Fully connected layer: {@code y = W x + b}. Input {@code [D]}, output {@code [outputs]}, parameters
 * {@code weight[outputs,D]} and {@code bias[outputs]}. Transposed, {@code y = W' x + b} with {@code weight[D,outputs]}.
 */
public record Linear(int outputs, boolean bias, Initializer weights, boolean transpose) implements Layer {

    public Linear {
        if (outputs < 1) {
            throw new IllegalArgumentException("a linear layer needs at least 1 output, got " + outputs);
        }
    }

    /** The same without a bias: {@code y = W x}. */
    public Linear withoutBias() {
        return new Linear(outputs, false, weights, transpose);
    }

    /** The same with other initial weights. */
    public Linear init(Initializer initializer) {
        return new Linear(outputs, bias, initializer, transpose);
    }

    /** The same with the weight held as {@code [D,outputs]}, for ties to a layer that leads the other way. */
    public Linear transposed() {
        return new Linear(outputs, bias, weights, true);
    }

    @Override
    public String kind() {
        return "linear";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = Layer.single(inputs);
        if (x.rank() != 1) {
            throw new IllegalArgumentException("needs a vector [D], got " + x + ": put flatten() in front");
        }
        return Shape.of(outputs);
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        int width = Layer.single(inputs).get(0);
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(new Parameter(
                "weight", transpose ? Shape.of(width, outputs) : Shape.of(outputs, width), weights, width, outputs));
        if (bias) {
            parameters.add(new Parameter("bias", Shape.of(outputs), Initializer.constant(0), width, outputs));
        }
        return parameters;
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        Shape shape = Shape.of(outputs);
        TensorRef y = bias ? l.inner("product", shape) : l.output(shape);
        l.emit(new Op.MatMul(l.layer(), inputs.get(0), l.parameter("weight"), false, !transpose, y));
        if (!bias) {
            return y;
        }
        TensorRef biased = l.output(shape);
        l.emit(new Op.AddBias(l.layer(), y, l.parameter("bias"), biased));
        return biased;
    }
}
