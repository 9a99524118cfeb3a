package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** The elements {@code from} to before {@code to} along an axis of the sample, counted from 0. */
public record Slice(int axis, int from, int to) implements Layer {

    @Override
    public String kind() {
        return "slice";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        int[] shape = Layer.single(inputs).toArray();
        if (axis < 0 || axis >= shape.length || from < 0 || from >= to || to > shape[axis]) {
            throw new IllegalArgumentException("cannot take elements %d to before %d along axis %d of %s"
                    .formatted(from, to, axis, inputs.get(0)));
        }
        shape[axis] = to - from;
        return Shape.of(shape);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef y = l.output(infer(List.of(inputs.get(0).shape().sample())));
        l.emit(new Op.Slice(l.layer(), inputs.get(0), axis + 1, from, y));
        return y;
    }
}
