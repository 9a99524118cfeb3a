package dev.weft.op.expr;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A function of one or more numbers, which {@link dev.weft.op.Op.Map} applies to each element of tensors:
 *
 * <pre>{@code
 * Function swish = Function.of("swish", x -> x.times(x.sigmoid()));
 * Function squared = Function.of("squared", (x, target) -> x.minus(target).square());
 * }</pre>
 *
 * <p>Its gradients follow by symbolic differentiation. Two functions are equal when they have one name and one code.
 */
public final class Function {
    private final String name;
    private final int operands;
    private final Expr value;
    private final Code code;

    private Function(String name, int operands, Expr value) {
        this.name = name;
        this.operands = operands;
        this.value = value;
        code = Code.of(operands, 0, List.of(value));
        if (code.nodes().stream().anyMatch(node -> node.kind() == Expr.Kind.SCALAR)) {
            throw new IllegalArgumentException(
                    "function " + name + " reads a number of the step, which only a rule may");
        }
        code.nodes().stream()
                .filter(node -> node.kind() == Expr.Kind.OPERAND && node.index() >= operands)
                .findFirst()
                .ifPresent(node -> {
                    throw new IllegalArgumentException("function %s of %d operands reads operand %d, counted from 0"
                            .formatted(name, operands, node.index()));
                });
    }

    /** A function of one number. */
    public static Function of(String name, UnaryOperator<Expr> formula) {
        return new Function(name, 1, formula.apply(Expr.operand(0)));
    }

    /** A function of two numbers. */
    public static Function of(String name, BinaryOperator<Expr> formula) {
        return new Function(name, 2, formula.apply(Expr.operand(0), Expr.operand(1)));
    }

    /** A function of so many numbers. */
    public static Function of(String name, int operands, java.util.function.Function<List<Expr>, Expr> formula) {
        return new Function(
                name,
                operands,
                formula.apply(
                        IntStream.range(0, operands).mapToObj(Expr::operand).toList()));
    }

    /** What listings, messages and model files call it. */
    public String name() {
        return name;
    }

    /** How many numbers it is a function of. */
    public int operands() {
        return operands;
    }

    /** What backends run. */
    public Code code() {
        return code;
    }

    /**
     * The function that computes the gradient of operand {@code i}: of this function's operands, and of the gradient of its
     * value as the last one. It is the derivative times that gradient.
     */
    public Function gradient(int i) {
        Expr dy = Expr.operand(operands);
        return new Function(name + " gradient", operands + 1, dy.times(value.derivative(i)));
    }

    /** The value for these operands, in double. */
    public double apply(double... x) {
        double[] values = new double[code.nodes().size()];
        for (int i = 0; i < values.length; i++) {
            Code.Node node = code.nodes().get(i);
            values[i] = switch (node.kind()) {
                case OPERAND -> x[node.index()];
                case CONSTANT -> node.value();
                default ->
                    Evaluation.value(
                            node.kind(),
                            node.reads().stream().mapToDouble(k -> values[k]).toArray());
            };
        }
        return values[code.results().get(0)];
    }

    /** The formula as text: {@code (x sigmoid(x))}. */
    public String formula() {
        return Formula.of(code);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Function function
                && function.name.equals(name)
                && function.operands == operands
                && function.code.equals(code);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + code.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
