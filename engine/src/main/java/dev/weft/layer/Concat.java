package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * Two or more inputs, one after the other along an axis of the sample; the other dimensions agree. Axis 0 is the
 * channels of an image and the elements of a vector.
 */
public record Concat(int axis) implements Layer {

    @Override
    public String kind() {
        return "concat";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        if (inputs.size() < 2) {
            throw new IllegalArgumentException("needs at least two inputs, got " + inputs.size());
        }
        Shape first = inputs.get(0);
        if (axis < 0 || axis >= first.rank()) {
            throw new IllegalArgumentException("axis " + axis + " is not one of " + first);
        }
        int[] dimensions = first.toArray();
        dimensions[axis] = 0;
        for (Shape shape : inputs) {
            boolean fits = shape.rank() == first.rank();
            for (int i = 0; fits && i < first.rank(); i++) {
                fits = i == axis || shape.get(i) == first.get(i);
            }
            if (!fits) {
                throw new IllegalArgumentException(
                        "needs inputs that differ along axis " + axis + " alone, got " + inputs);
            }
            dimensions[axis] += shape.get(axis);
        }
        return Shape.of(dimensions);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef y =
                l.output(infer(inputs.stream().map(x -> x.shape().sample()).toList()));
        l.emit(new Op.Concat(l.layer(), inputs, axis + 1, y));
        return y;
    }
}
