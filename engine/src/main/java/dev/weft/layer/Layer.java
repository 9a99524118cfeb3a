package dev.weft.layer;

import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * A layer of a graph: it infers its output's shape, declares its parameters, and lowers itself to forward ops. It says
 * nothing of gradients: those follow from the ops.
 */
public interface Layer {

    /** The stem of the names that layers of this kind are given: {@code conv} for {@code conv1}, {@code conv2}. */
    String kind();

    /**
     * The shape of the output.
     *
     * @param inputs shapes of one sample each, without the batch
     * @throws IllegalArgumentException with the shape that it got and the one that it needs; the graph adds the name
     */
    Shape infer(List<Shape> inputs);

    /** The type that input number {@code index} must have, counted from 0; REAL by default. */
    default DType inputType(int index) {
        return DType.REAL;
    }

    /** The parameters for inputs of these shapes, in the order in which they are stored. */
    default List<Parameter> parameters(List<Shape> inputs) {
        return List.of();
    }

    /** What the layer carries from step to step, for inputs of these shapes; its names differ from the parameters'. */
    default List<State> states(List<Shape> inputs) {
        return List.of();
    }

    /**
     * Emits the forward ops.
     *
     * @param inputs the input tensors, with the batch in front
     * @return the output tensor
     */
    TensorRef lower(Lowering lowering, List<TensorRef> inputs);

    /** The only shape in {@code inputs}. */
    static Shape single(List<Shape> inputs) {
        if (inputs.size() != 1) {
            throw new IllegalArgumentException("needs one input, got " + inputs.size());
        }
        return inputs.get(0);
    }

    /** The only shape in {@code inputs}, which must be an image {@code [C,H,W]}. */
    static Shape image(List<Shape> inputs) {
        Shape shape = single(inputs);
        if (shape.rank() != 3) {
            throw new IllegalArgumentException("needs an image [C,H,W], got " + shape);
        }
        return shape;
    }
}
