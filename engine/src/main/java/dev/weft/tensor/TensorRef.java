package dev.weft.tensor;

/**
 * A tensor of a program: a name, a type and a shape, no values. A view is a window into a larger flat tensor, its
 * {@code base}, starting at element {@code offset}: this is how {@code conv1.weight} lies in the flat buffer of all
 * parameters.
 *
 * @param name unique in its program
 * @param batched whether the first dimension is the batch
 * @param base the flat tensor that this is a window into, or null where it stands alone
 * @param offset first element of the window in {@code base}
 */
public record TensorRef(String name, DType type, Shape shape, Role role, boolean batched, TensorRef base, long offset) {

    public TensorRef {
        if (base != null && (offset < 0 || offset + shape.elements() > base.shape.elements())) {
            throw new IllegalArgumentException("%s%s at %d lies outside %s".formatted(name, shape, offset, base));
        }
    }

    /** A transient tensor whose first dimension is the batch. */
    public static TensorRef batched(String name, DType type, Shape shape) {
        return new TensorRef(name, type, shape, Role.TRANSIENT, true, null, 0);
    }

    /** A transient tensor without a batch dimension. */
    public static TensorRef unbatched(String name, DType type, Shape shape) {
        return new TensorRef(name, type, shape, Role.TRANSIENT, false, null, 0);
    }

    /** A tensor that outlives a step. */
    public static TensorRef persistent(String name, DType type, Shape shape, Role role) {
        if (!role.persistent()) {
            throw new IllegalArgumentException(role + " does not outlive a step");
        }
        return new TensorRef(name, type, shape, role, false, null, 0);
    }

    /** A window into this flat tensor. */
    public TensorRef view(String viewName, Shape viewShape, long viewOffset) {
        return new TensorRef(viewName, type, viewShape, role, false, this, viewOffset);
    }

    /** A transient tensor of the same type, shape and batch dimension. */
    public TensorRef like(String otherName) {
        return new TensorRef(otherName, type, shape, Role.TRANSIENT, batched, null, 0);
    }

    /** The tensor that owns the memory: {@code base}, or this. */
    public TensorRef root() {
        return base == null ? this : base;
    }

    public int elements() {
        return Math.toIntExact(shape.elements());
    }

    /** For example {@code conv1.weight[6,1,5,5]}. */
    @Override
    public String toString() {
        return name + shape;
    }
}
