package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** The sum of two or more inputs of one shape, element by element: a residual connection. */
public record Add() implements Layer {

    @Override
    public String kind() {
        return "add";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        if (inputs.size() < 2) {
            throw new IllegalArgumentException("needs at least two inputs, got " + inputs.size());
        }
        for (Shape shape : inputs) {
            if (!shape.equals(inputs.get(0))) {
                throw new IllegalArgumentException("needs inputs of one shape, got " + inputs);
            }
        }
        return inputs.get(0);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        Shape shape = inputs.get(0).shape().sample();
        TensorRef sum = inputs.get(0);
        for (int i = 1; i < inputs.size(); i++) {
            TensorRef next = i == inputs.size() - 1 ? l.output(shape) : l.inner("sum" + i, shape);
            l.emit(new Op.Add(l.layer(), sum, inputs.get(i), next));
            sum = next;
        }
        return sum;
    }
}
