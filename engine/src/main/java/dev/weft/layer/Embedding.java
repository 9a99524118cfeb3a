package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * A learned vector for each index: {@code y[...,d] = weight[x[...],d]}. Input I32 {@code [...]}, mostly the words {@code [T]} of a
 * sequence; output {@code [...,width]}, parameter {@code weight[size,width]}. An index outside of the table gives NaN, and so a
 * bad step, not a wrong one. To keep given vectors as they are, write them to the model's parameter and give it a group with the rate 0.
 *
 * @param size indices are 0 to {@code size - 1}
 * @param padding the index that stands for nothing, whose vector is 0 and receives no gradient; -1 where there is none
 */
public record Embedding(int size, int width, int padding, Initializer weights) implements Layer {

    public Embedding {
        if (size < 1 || width < 1 || padding >= size) {
            throw new IllegalArgumentException(
                    "an embedding needs at least 1 index and a width of 1, and a padding index below the size; got %d, %d and %d"
                            .formatted(size, width, padding));
        }
    }

    /** The same with an index that stands for nothing. */
    public Embedding padding(int index) {
        return new Embedding(size, width, index, weights);
    }

    /** The same with other initial vectors. */
    public Embedding init(Initializer initializer) {
        return new Embedding(size, width, padding, initializer);
    }

    @Override
    public String kind() {
        return "embedding";
    }

    @Override
    public DType inputType(int index) {
        return DType.I32;
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        int[] shape = Layer.single(inputs).batch(width).toArray();
        // the width goes behind the other axes
        System.arraycopy(shape, 1, shape, 0, shape.length - 1);
        shape[shape.length - 1] = width;
        return Shape.of(shape);
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        return List.of(new Parameter("weight", Shape.of(size, width), weights, width, width));
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(infer(List.of(x.shape().sample())));
        l.emit(new Op.Embedding(l.layer(), l.parameter("weight"), x, padding, y));
        return y;
    }
}
