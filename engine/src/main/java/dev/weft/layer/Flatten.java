package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** Makes a vector of a sample of any shape: {@code [C,H,W]} becomes {@code [C H W]}. */
public record Flatten() implements Layer {

    @Override
    public String kind() {
        return "flatten";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Shape.of(Math.toIntExact(Layer.single(inputs).elements()));
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(infer(List.of(x.shape().sample())));
        l.emit(new Op.Reshape(l.layer(), x, y));
        return y;
    }
}
