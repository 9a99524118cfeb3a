package dev.weft.cpu.reference;

import dev.weft.op.expr.Code;
import dev.weft.op.expr.Evaluation;
import dev.weft.op.expr.Expr.Kind;

/**
 * The nodes of a code for one element. The magnitude of a value is here a bound, in units of unit roundoff, of what
 * an evaluation with rounding after each operation may be off, to first order: that of its arguments times what the operation
 * makes of them, and its own rounding (Higham, Accuracy and Stability of Numerical Algorithms, 3.3).
 */
final class CodeValues {
    /** Of the functions that backends compute by polynomials, in units of unit roundoff. */
    private static final double ELEMENTARY = 6;

    /** An absolute error that underflow adds to each operation, in units of unit roundoff. */
    private static final double UNDERFLOW = Float.MIN_NORMAL;

    /** Unit roundoff of the coarsest backends. */
    private static final double FLOAT_ROUNDOFF = 0x1p-24;

    private final Code code;
    private final double[] values;
    private final double[] errors;
    private final double[][] arguments;
    private final double[][] argumentErrors;

    CodeValues(Code code) {
        this.code = code;
        values = new double[code.nodes().size()];
        errors = new double[values.length];
        arguments = new double[values.length][];
        argumentErrors = new double[values.length][];
        for (int i = 0; i < values.length; i++) {
            arguments[i] = new double[code.nodes().get(i).reads().size()];
            argumentErrors[i] = new double[arguments[i].length];
        }
    }

    double result(int k) {
        return values[code.results().get(k)];
    }

    /** The bound. */
    double error(int k) {
        return errors[code.results().get(k)];
    }

    /** The bound, and what one rounding of the value may take. */
    double magnitude(int k) {
        return Math.max(errors[code.results().get(k)], Math.abs(result(k)));
    }

    /** Where the operands are exact. */
    void compute(double[] operands, double[] scalars) {
        compute(operands, new double[operands.length], scalars);
    }

    /**
     * Computes all nodes.
     *
     * @param operandErrors what the operands may be off, in units of unit roundoff
     */
    void compute(double[] operands, double[] operandErrors, double[] scalars) {
        for (int i = 0; i < values.length; i++) {
            Code.Node node = code.nodes().get(i);
            switch (node.kind()) {
                case OPERAND -> set(i, operands[node.index()], operandErrors[node.index()]);
                case CONSTANT -> set(i, node.value(), roundingOf(node.value()));
                case SCALAR -> set(i, scalars[node.index()], Math.abs(scalars[node.index()]));
                default -> compute(i, node);
            }
        }
    }

    /** What a constant loses where it is no float. */
    private static double roundingOf(double constant) {
        return (float) constant == constant ? 0 : Math.abs(constant);
    }

    private void set(int i, double value, double error) {
        values[i] = value;
        errors[i] = error;
    }

    private void compute(int i, Code.Node node) {
        double[] x = arguments[i];
        double[] e = argumentErrors[i];
        for (int k = 0; k < x.length; k++) {
            x[k] = values[node.reads().get(k)];
            e[k] = errors[node.reads().get(k)];
        }
        double value = Evaluation.value(node.kind(), x);
        set(i, value, error(node.kind(), value, x, e));
    }

    private static double error(Kind kind, double value, double[] x, double[] e) {
        double rounding = Math.abs(value) + UNDERFLOW;
        return switch (kind) {
            case ADD, SUBTRACT -> e[0] + e[1] + rounding;
            case MULTIPLY -> product(x[0], e[1]) + product(x[1], e[0]) + rounding;
            case DIVIDE -> (e[0] + product(value, e[1])) / Math.abs(x[1]) + rounding;
            case MINIMUM, MAXIMUM -> near(x[0] - x[1], e[0] + e[1]) ? e[0] + e[1] : value == x[0] ? e[0] : e[1];
            case NEGATE, ABSOLUTE -> e[0];
            case SIGN -> near(x[0], e[0]) ? 1 / FLOAT_ROUNDOFF : 0;
            // near 0 the root of what the argument may be off
            case SQRT ->
                Math.min(product(Evaluation.slope(kind, x[0]), e[0]), Math.sqrt(e[0] * FLOAT_ROUNDOFF) / FLOAT_ROUNDOFF)
                        + rounding;
            case SELECT ->
                (x[0] < x[1] ? e[2] : e[3])
                        + (near(x[0] - x[1], e[0] + e[1]) ? Math.abs(x[2] - x[3]) / FLOAT_ROUNDOFF + e[2] + e[3] : 0);
            default -> product(Evaluation.slope(kind, x[0]), e[0]) + ELEMENTARY * rounding;
        };
    }

    /** Whether rounding may have changed the sign of a difference. */
    private static boolean near(double difference, double error) {
        return error > 0 && Math.abs(difference) <= 2 * FLOAT_ROUNDOFF * error;
    }

    /** 0 for an argument without an error, even where the slope is infinite. */
    private static double product(double slope, double error) {
        return error == 0 ? 0 : Math.abs(slope) * error;
    }
}
