package dev.weft.cpu;

/**
 * What a loop of {@link BlockLoops} computes for each element: a node of an expression, or two that often follow each other and
 * are rounded one after the other. {@code a b c d} are elements, {@code s t} the same number for all of them.
 */
enum BlockOperation {
    /** {@code a}. */
    COPY,
    /** {@code a + b}. */
    ADD,
    /** {@code a + s}. */
    ADD_S,
    /** {@code a - b}. */
    SUBTRACT,
    /** {@code a - s}. */
    SUBTRACT_S,
    /** {@code s - a}. */
    SUBTRACT_FROM_S,
    /** {@code a b}. */
    MULTIPLY,
    /** {@code s a}. */
    MULTIPLY_S,
    /** {@code a / b}. */
    DIVIDE,
    /** {@code a / s}. */
    DIVIDE_S,
    /** {@code s / a}. */
    DIVIDE_INTO_S,
    /** The smaller one of a and b, -0 before 0; NaN where one is NaN. */
    MINIMUM,
    /** The smaller one of a and s. */
    MINIMUM_S,
    /** The larger one of a and b, 0 before -0; NaN where one is NaN. */
    MAXIMUM,
    /** The larger one of a and s. */
    MAXIMUM_S,
    /** {@code -a}. */
    NEGATE,
    /** {@code |a|}. */
    ABSOLUTE,
    /** The square root of a. */
    SQRT,
    /** {@code a < b ? c : d}. */
    SELECT,
    /** {@code a < s ? c : d}. */
    SELECT_BELOW,
    /** {@code s < a ? c : d}. */
    SELECT_ABOVE,
    /** {@code |a| < s ? t : a}. */
    REPLACE_SMALL,
    /** {@code a b + c}. */
    MULTIPLY_ADD,
    /** {@code a b + s}. */
    MULTIPLY_ADD_S,
    /** {@code s a + b}. */
    SCALE_ADD,
    /** {@code s a + t}. */
    SCALE_ADD_S,
    /** {@code s a + t b}. */
    SCALE_BOTH,
    /** {@code b - s a}. */
    SUBTRACT_SCALED,
    /** {@code s a / b}. */
    SCALE_DIVIDE,
    /** {@code sqrt(a) + s}. */
    SQRT_ADD_S,
    /** {@code sqrt(s a) + t}. */
    SCALE_SQRT_ADD_S,
    /** {@link dev.weft.op.expr.Expr.Kind#SCALE}. */
    SCALE,
    /** {@link dev.weft.op.expr.Expr.Kind#EXPONENT}. */
    EXPONENT,
    /** {@link dev.weft.op.expr.Expr.Kind#MANTISSA}. */
    MANTISSA,
    /** {@code e^a}. */
    EXP,
    /** The natural logarithm of a. */
    LOG,
    /** The hyperbolic tangent of a. */
    TANH,
    /** {@code 1 / (1 + e^-a)}. */
    SIGMOID;

    /** Whether the operand is read again after the result has been written: the two must not be the same memory. */
    boolean readsAgain() {
        return this == TANH || this == SIGMOID;
    }
}
