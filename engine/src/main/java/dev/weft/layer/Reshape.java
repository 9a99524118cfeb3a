package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** The same elements in row-major order under another shape of one sample. */
public record Reshape(Shape shape) implements Layer {

    @Override
    public String kind() {
        return "reshape";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = Layer.single(inputs);
        if (x.elements() != shape.elements()) {
            throw new IllegalArgumentException(
                    "needs %d elements for shape %s, got %d in %s".formatted(shape.elements(), shape, x.elements(), x));
        }
        return shape;
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef y = l.output(shape);
        l.emit(new Op.Reshape(l.layer(), inputs.get(0), y));
        return y;
    }
}
