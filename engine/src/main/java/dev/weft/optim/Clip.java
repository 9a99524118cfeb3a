package dev.weft.optim;

/**
 * A limit of the Euclidean norm of gradients: {@code g min(1, limit / |g|)}.
 *
 * @param scope what has the norm
 * @param limit above 0
 */
public record Clip(Scope scope, double limit) {
    /** Gradients as they are. */
    public static final Clip NONE = new Clip(Scope.NOTHING, 1);

    /** Of what the norm is limited. */
    public enum Scope {
        /** Nothing. */
        NOTHING,
        /** The gradient of each parameter. */
        PARAMETER,
        /** All gradients of an update together. */
        ALL
    }

    public Clip {
        Optimizer.range("clipping limit", limit, Double.MIN_VALUE, Double.POSITIVE_INFINITY);
    }

    /** A limit for the gradient of each parameter. */
    public static Clip norm(double limit) {
        return new Clip(Scope.PARAMETER, limit);
    }

    /** A limit for all gradients of an update together. */
    public static Clip globalNorm(double limit) {
        return new Clip(Scope.ALL, limit);
    }
}
