package dev.weft.op.expr;

/** The functions of {@link Expr} in double: their definition. */
public final class Evaluation {
    /** The largest angle whose sine and cosine are computed. */
    public static final double LARGEST_ANGLE = 65_536;

    private Evaluation() {}

    /** The value of a function of these arguments. */
    public static double value(Expr.Kind kind, double... x) {
        double a = x[0];
        return switch (kind) {
            case ADD -> a + x[1];
            case SUBTRACT -> a - x[1];
            case MULTIPLY -> a * x[1];
            case DIVIDE -> a / x[1];
            case MINIMUM -> Math.min(a, x[1]);
            case MAXIMUM -> Math.max(a, x[1]);
            case NEGATE -> -a;
            case ABSOLUTE -> Math.abs(a);
            case SIGN -> Math.signum(a);
            case SQRT -> Math.sqrt(a);
            case EXP -> Math.exp(a);
            case LOG -> Math.log(a);
            case LOG1P -> Math.log1p(a);
            case TANH -> Math.tanh(a);
            case SIGMOID -> a < 0 ? Math.exp(a) / (1 + Math.exp(a)) : 1 / (1 + Math.exp(-a));
            case SOFTPLUS -> Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
            case ERF -> erf(a);
            case SIN -> Math.abs(a) <= LARGEST_ANGLE ? Math.sin(a) : Double.NaN;
            case COS -> Math.abs(a) <= LARGEST_ANGLE ? Math.cos(a) : Double.NaN;
            case SELECT -> a < x[1] ? x[2] : x[3];
            default -> throw new IllegalArgumentException(kind + " has no value of its own");
        };
    }

    /** How fast a function of one argument changes: the absolute value of its derivative at {@code a}. */
    public static double slope(Expr.Kind kind, double a) {
        return switch (kind) {
            case NEGATE, ABSOLUTE -> 1;
            case SIGN -> 0;
            case SQRT -> 0.5 / Math.sqrt(a);
            case EXP -> Math.exp(a);
            case LOG -> Math.abs(1 / a);
            case LOG1P -> Math.abs(1 / (1 + a));
            case TANH -> 1 - Math.tanh(a) * Math.tanh(a);
            case SIGMOID -> value(kind, a) * value(kind, -a);
            case SOFTPLUS -> value(Expr.Kind.SIGMOID, a);
            case ERF -> 2 / Math.sqrt(Math.PI) * Math.exp(-a * a);
            case SIN -> Math.abs(Math.cos(a));
            case COS -> Math.abs(Math.sin(a));
            default -> throw new IllegalArgumentException(kind + " is no function of one argument");
        };
    }

    /**
     * {@code 2 / sqrt(pi) e^(-x^2) sum over n of 2^n x^(2n+1) / (1 3 5 ... (2n+1))}, whose terms have one sign (Abramowitz and
     * Stegun 7.1.6).
     */
    private static double erf(double x) {
        if (Double.isNaN(x) || Math.abs(x) > 6) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > Math.abs(sum) * 1e-18; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }
}
