package dev.weft.conformance;

import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;

/** Short names for the tensors of cases. */
final class Tensors {
    private Tensors() {}

    /** A REAL tensor whose first dimension is the batch. */
    static TensorRef batched(String name, int... dimensions) {
        return TensorRef.batched(name, DType.REAL, Shape.of(dimensions));
    }

    /** Integers, one or more for each row of the batch. */
    static TensorRef batchedIntegers(String name, int... dimensions) {
        return TensorRef.batched(name, DType.I32, Shape.of(dimensions));
    }

    /** Bytes whose first dimension is the batch. */
    static TensorRef batchedBytes(String name, int... dimensions) {
        return TensorRef.batched(name, DType.U8, Shape.of(dimensions));
    }

    /** A REAL tensor without a batch. */
    static TensorRef whole(String name, int... dimensions) {
        return TensorRef.unbatched(name, DType.REAL, Shape.of(dimensions));
    }

    /** A tensor as it lies in the flat buffer of all parameters: with others before and after it. */
    static TensorRef parameter(String name, int... dimensions) {
        return view(name, Role.PARAMETER, dimensions);
    }

    /** A tensor as it lies in the flat buffer of all gradients. */
    static TensorRef gradient(String name, int... dimensions) {
        return view(name, Role.GRADIENT, dimensions);
    }

    /** A window into the middle of a flat buffer of its own. */
    static TensorRef view(String name, Role role, int... dimensions) {
        return viewAt(64, name, role, dimensions);
    }

    /** A window that begins at element {@code offset} of a flat buffer of its own. */
    static TensorRef viewAt(int offset, String name, Role role, int... dimensions) {
        Shape shape = Shape.of(dimensions);
        TensorRef flat = TensorRef.persistent(
                "all of " + name, DType.REAL, Shape.of(offset + Math.toIntExact(shape.elements()) + 5), role);
        return flat.view(name, shape, offset);
    }

    /** Part of a data set. */
    static TensorRef data(String name, DType type, int... dimensions) {
        return TensorRef.persistent(name, type, Shape.of(dimensions), Role.DATA);
    }
}
