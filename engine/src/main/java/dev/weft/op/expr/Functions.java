package dev.weft.op.expr;

/** Functions of everyday arithmetic, for {@link dev.weft.op.Op.Map}. */
public final class Functions {
    /** {@code a + b}. */
    public static final Function ADD = Function.of("add", (a, b) -> a.plus(b));

    /** {@code a - b}. */
    public static final Function SUBTRACT = Function.of("subtract", (a, b) -> a.minus(b));

    /** {@code a b}. */
    public static final Function MULTIPLY = Function.of("multiply", (a, b) -> a.times(b));

    /** {@code a / b}. */
    public static final Function DIVIDE = Function.of("divide", (a, b) -> a.over(b));

    /** {@code e^x}. */
    public static final Function EXP = Function.of("exp", Expr::exp);

    private Functions() {}

    /** {@code factor x}. */
    public static Function scale(double factor) {
        return Function.of("scale", x -> x.times(factor));
    }
}
