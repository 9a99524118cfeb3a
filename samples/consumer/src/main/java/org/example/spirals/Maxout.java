package org.example.spirals;

import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * {@code y[j] =} the largest of {@code x[k j] ... x[k j + k - 1]} (Goodfellow et al. 2013, arXiv 1302.4389). Input
 * {@code [D]}, output {@code [D / k]}.
 *
 * <p>A layer of one's own, made of ops that exist: the vector taken as an image of rows of k, max pooling along the rows.
 * The gradient follows from the ops.
 */
record Maxout(int k) implements Layer {
    @Override
    public String kind() {
        return "maxout";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = Layer.single(inputs);
        if (x.rank() != 1 || x.get(0) % k != 0) {
            throw new IllegalArgumentException("needs a vector of a multiple of " + k + ", got " + x);
        }
        return Shape.of(x.get(0) / k);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        Shape pooled = Shape.of(1, inputs.get(0).shape().get(1) / k, 1);
        TensorRef rows = l.inner("rows", Shape.of(1, pooled.get(1), k));
        TensorRef max = l.inner("max", pooled);
        TensorRef y = l.output(Shape.of(pooled.get(1)));
        l.emit(new Op.Reshape(l.layer(), inputs.get(0), rows));
        l.emit(new Op.MaxPool2d(
                l.layer(), rows, new Window2d(1, k, 1, k, 0, 0), max, l.inner("argmax", DType.I32, pooled)));
        l.emit(new Op.Reshape(l.layer(), max, y));
        return y;
    }
}
