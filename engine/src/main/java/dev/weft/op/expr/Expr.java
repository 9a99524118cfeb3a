package dev.weft.op.expr;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A formula of one element: what {@link Function}, {@link Rule} and losses are made of. Expressions are values that are put
 * together by the methods below, {@code x.times(x.sigmoid())}; they may share parts, and are equal where they are the same
 * object ({@link Code} finds parts that are equal otherwise).
 *
 * <p>{@link #derivative} is symbolic. Where a function has a kink it takes the field's convention: the derivative of
 * {@code max(a, b)} and {@code min(a, b)} is that of b where the two are equal, so {@code x.max(0)} has 0 at 0; that of
 * {@code |x|} and of {@code sign(x)} is 0 at 0; that of {@code a < b ? c : d} is that of the side which holds.
 */
public final class Expr {
    /** What an expression does with its arguments. */
    public enum Kind {
        /** An element of a tensor. */
        OPERAND,
        /** A number of the step, the same for all elements. */
        SCALAR,
        /** A number. */
        CONSTANT,
        /** {@code a + b}. */
        ADD,
        /** {@code a - b}. */
        SUBTRACT,
        /** {@code a b}. */
        MULTIPLY,
        /** {@code a / b}. */
        DIVIDE,
        /** The smaller one; NaN where one is NaN. */
        MINIMUM,
        /** The larger one; NaN where one is NaN. */
        MAXIMUM,
        /** {@code -a}. */
        NEGATE,
        /** {@code |a|}. */
        ABSOLUTE,
        /** -1, 0 or 1; NaN for NaN. */
        SIGN,
        /** The square root; NaN below 0. */
        SQRT,
        /** {@code e^a}. */
        EXP,
        /** The natural logarithm; NaN below 0. */
        LOG,
        /** {@code log(1 + a)} with all digits for a near 0. */
        LOG1P,
        /** The hyperbolic tangent. */
        TANH,
        /** {@code 1 / (1 + e^-a)}. */
        SIGMOID,
        /** {@code log(1 + e^a)}. */
        SOFTPLUS,
        /** The error function, {@code 2 / sqrt(pi)} times the integral of {@code e^(-t^2)} from 0 to a. */
        ERF,
        /** The sine of an angle of at most 65,536 radians; NaN beyond. */
        SIN,
        /** The cosine of an angle of at most 65,536 radians; NaN beyond. */
        COS,
        /** {@code a < b ? c : d}. */
        SELECT,
        /** In code that is written out alone: {@code a 2^n} for b = n + {@link Polynomials#ROUNDER}. */
        SCALE,
        /** In code that is written out alone: the n for which {@code a = 2^n m}, m from the root of 1/2 to the root of 2. */
        EXPONENT,
        /** In code that is written out alone: the m of {@link #EXPONENT}. */
        MANTISSA
    }

    private static final Expr ZERO = constant(0);
    private static final Expr ONE = constant(1);

    private final Kind kind;
    private final List<Expr> arguments;
    private final int index;
    private final double value;

    private Expr(Kind kind, List<Expr> arguments, int index, double value) {
        this.kind = kind;
        this.arguments = arguments;
        this.index = index;
        this.value = value;
    }

    /** Element i of operand number {@code index}. */
    public static Expr operand(int index) {
        return new Expr(Kind.OPERAND, List.of(), index, 0);
    }

    /** Number {@code index} of the step's numbers. */
    public static Expr scalar(int index) {
        return new Expr(Kind.SCALAR, List.of(), index, 0);
    }

    /** A number. */
    public static Expr constant(double value) {
        return new Expr(Kind.CONSTANT, List.of(), 0, value);
    }

    /** What this does with its arguments. */
    public Kind kind() {
        return kind;
    }

    /** What it is made of. */
    List<Expr> arguments() {
        return arguments;
    }

    /** The same operation on other arguments. */
    Expr with(List<Expr> others) {
        return others.equals(arguments) ? this : new Expr(kind, List.copyOf(others), index, value);
    }

    /** The number of an operand or of a scalar. */
    int index() {
        return index;
    }

    /** The value of a constant. */
    double value() {
        return value;
    }

    /** {@code this + b}. */
    public Expr plus(Expr b) {
        return is(0) ? b : b.is(0) ? this : of(Kind.ADD, this, b);
    }

    /** {@code this - b}. */
    public Expr minus(Expr b) {
        return b.is(0) ? this : is(0) ? b.negative() : of(Kind.SUBTRACT, this, b);
    }

    /** {@code this b}. */
    public Expr times(Expr b) {
        if (is(1) || b.is(-1)) {
            return is(1) ? b : negative();
        }
        return b.is(1) ? this : is(-1) ? b.negative() : of(Kind.MULTIPLY, this, b);
    }

    /** {@code this / b}. */
    public Expr over(Expr b) {
        return b.is(1) ? this : of(Kind.DIVIDE, this, b);
    }

    /** {@code this + b}. */
    public Expr plus(double b) {
        return plus(constant(b));
    }

    /** {@code this - b}. */
    public Expr minus(double b) {
        return minus(constant(b));
    }

    /** {@code this b}. */
    public Expr times(double b) {
        return times(constant(b));
    }

    /** {@code this / b}. */
    public Expr over(double b) {
        return over(constant(b));
    }

    /** The smaller one of this and b. */
    public Expr min(Expr b) {
        return of(Kind.MINIMUM, this, b);
    }

    /** The larger one of this and b. */
    public Expr max(Expr b) {
        return of(Kind.MAXIMUM, this, b);
    }

    /** The smaller one of this and b. */
    public Expr min(double b) {
        return min(constant(b));
    }

    /** The larger one of this and b. */
    public Expr max(double b) {
        return max(constant(b));
    }

    /** {@code -this}. */
    public Expr negative() {
        return kind == Kind.NEGATE ? arguments.get(0) : of(Kind.NEGATE, this);
    }

    /** {@code |this|}. */
    public Expr abs() {
        return of(Kind.ABSOLUTE, this);
    }

    /** -1, 0 or 1. */
    public Expr sign() {
        return of(Kind.SIGN, this);
    }

    /** {@code this this}. */
    public Expr square() {
        return times(this);
    }

    /** The square root. */
    public Expr sqrt() {
        return of(Kind.SQRT, this);
    }

    /** {@code e^this}. */
    public Expr exp() {
        return of(Kind.EXP, this);
    }

    /** The natural logarithm. */
    public Expr log() {
        return of(Kind.LOG, this);
    }

    /** {@code log(1 + this)}. */
    public Expr log1p() {
        return of(Kind.LOG1P, this);
    }

    /** The hyperbolic tangent. */
    public Expr tanh() {
        return of(Kind.TANH, this);
    }

    /** {@code 1 / (1 + e^-this)}. */
    public Expr sigmoid() {
        return of(Kind.SIGMOID, this);
    }

    /** {@code log(1 + e^this)}. */
    public Expr softplus() {
        return of(Kind.SOFTPLUS, this);
    }

    /** The error function. */
    public Expr erf() {
        return of(Kind.ERF, this);
    }

    /** The sine. */
    public Expr sin() {
        return of(Kind.SIN, this);
    }

    /** The cosine. */
    public Expr cos() {
        return of(Kind.COS, this);
    }

    /** {@code this < b ? then : otherwise}; {@code otherwise} where one of the two is NaN. */
    public Expr lessThan(Expr b, Expr then, Expr otherwise) {
        boolean same = then == otherwise || then.kind == Kind.CONSTANT && otherwise.is(then.value);
        return same ? then : of(Kind.SELECT, this, b, then, otherwise);
    }

    /** {@code this < b ? then : otherwise}. */
    public Expr lessThan(double b, Expr then, Expr otherwise) {
        return lessThan(constant(b), then, otherwise);
    }

    private boolean is(double number) {
        return kind == Kind.CONSTANT && value == number;
    }

    private static Expr of(Kind kind, Expr... arguments) {
        Expr made = new Expr(kind, List.of(arguments), 0, 0);
        for (Expr argument : arguments) {
            if (argument.kind != Kind.CONSTANT) {
                return made;
            }
        }
        return constant(Evaluation.value(
                kind, List.of(arguments).stream().mapToDouble(Expr::value).toArray()));
    }

    /** The derivative with respect to operand number {@code i}. */
    public Expr derivative(int i) {
        return derivative(i, new IdentityHashMap<>());
    }

    private Expr derivative(int i, Map<Expr, Expr> known) {
        Expr derivative = known.get(this);
        if (derivative == null) {
            derivative = rule(i, known);
            known.put(this, derivative);
        }
        return derivative;
    }

    private Expr rule(int i, Map<Expr, Expr> known) {
        if (arguments.isEmpty()) {
            return kind == Kind.OPERAND && index == i ? ONE : ZERO;
        }
        Expr a = arguments.get(0);
        Expr da = a.derivative(i, known);
        if (arguments.size() == 1) {
            return da.is(0) ? ZERO : da.times(slope(a));
        }
        Expr b = arguments.get(1);
        Expr db = b.derivative(i, known);
        return switch (kind) {
            case ADD -> da.plus(db);
            case SUBTRACT -> da.minus(db);
            case MULTIPLY -> product(da, b).plus(product(db, a));
            case DIVIDE ->
                da.is(0) && db.is(0) ? ZERO : da.minus(product(db, this)).over(b);
            case MINIMUM -> a.lessThan(b, da, db);
            case MAXIMUM -> b.lessThan(a, da, db);
            case SELECT ->
                a.lessThan(
                        b,
                        arguments.get(2).derivative(i, known),
                        arguments.get(3).derivative(i, known));
            default -> throw new AssertionError(kind);
        };
    }

    /** A product in a derivative, where what does not depend on the operand counts as 0 even beside an infinity. */
    private static Expr product(Expr derivative, Expr factor) {
        return derivative.is(0) ? ZERO : derivative.times(factor);
    }

    /**
     * Differentiates several values at once, from them back to what they are made of.
     *
     * @param gradients of some number with respect to each of the values
     * @return its gradients with respect to all that the values are made of, themselves included
     */
    static Map<Expr, Expr> adjoints(List<Expr> values, List<Expr> gradients) {
        List<Expr> order = new ArrayList<>();
        Map<Expr, Boolean> visited = new IdentityHashMap<>();
        values.forEach(value -> value.addAfterArguments(order, visited));
        Map<Expr, Expr> adjoints = new IdentityHashMap<>();
        for (int k = 0; k < values.size(); k++) {
            adjoints.merge(values.get(k), gradients.get(k), Expr::plus);
        }
        for (int i = order.size() - 1; i >= 0; i--) {
            Expr adjoint = adjoints.get(order.get(i));
            if (adjoint != null) {
                order.get(i).passOn(adjoint, adjoints);
            }
        }
        return adjoints;
    }

    private void addAfterArguments(List<Expr> order, Map<Expr, Boolean> visited) {
        if (visited.put(this, true) == null) {
            arguments.forEach(argument -> argument.addAfterArguments(order, visited));
            order.add(this);
        }
    }

    /** Adds to the gradients of the arguments what this one's gradient makes of them. */
    private void passOn(Expr dy, Map<Expr, Expr> adjoints) {
        if (arguments.isEmpty()) {
            return;
        }
        Expr a = arguments.get(0);
        if (arguments.size() == 1) {
            adjoints.merge(a, dy.times(slope(a)), Expr::plus);
            return;
        }
        Expr b = arguments.get(1);
        switch (kind) {
            case ADD -> {
                adjoints.merge(a, dy, Expr::plus);
                adjoints.merge(b, dy, Expr::plus);
            }
            case SUBTRACT -> {
                adjoints.merge(a, dy, Expr::plus);
                subtract(dy, b, adjoints);
            }
            case MULTIPLY -> {
                adjoints.merge(a, dy.times(b), Expr::plus);
                adjoints.merge(b, dy.times(a), Expr::plus);
            }
            case DIVIDE -> {
                adjoints.merge(a, dy.over(b), Expr::plus);
                subtract(dy.times(this).over(b), b, adjoints);
            }
            case MINIMUM -> choose(a, b, a, b, dy, adjoints);
            case MAXIMUM -> choose(b, a, a, b, dy, adjoints);
            case SELECT -> choose(a, b, arguments.get(2), arguments.get(3), dy, adjoints);
            default -> throw new AssertionError(kind);
        }
    }

    private static void subtract(Expr gradient, Expr x, Map<Expr, Expr> adjoints) {
        Expr before = adjoints.get(x);
        adjoints.put(x, before == null ? gradient.negative() : before.minus(gradient));
    }

    /** The gradient goes to {@code then} where {@code a < b}, else to {@code otherwise}. */
    private static void choose(Expr a, Expr b, Expr then, Expr otherwise, Expr dy, Map<Expr, Expr> adjoints) {
        adjoints.merge(then, a.lessThan(b, dy, ZERO), Expr::plus);
        adjoints.merge(otherwise, a.lessThan(b, ZERO, dy), Expr::plus);
    }

    /** The derivative of a function of one argument. */
    private Expr slope(Expr a) {
        return switch (kind) {
            case NEGATE -> constant(-1);
            case ABSOLUTE -> a.sign();
            case SIGN -> ZERO;
            case SQRT -> constant(0.5).over(this);
            case EXP -> this;
            case LOG -> ONE.over(a);
            case LOG1P -> ONE.over(a.plus(1));
            case TANH -> ONE.minus(square());
            case SIGMOID -> times(ONE.minus(this));
            case SOFTPLUS -> a.sigmoid();
            case ERF -> a.square().negative().exp().times(2 / Math.sqrt(Math.PI));
            case SIN -> a.cos();
            case COS -> a.sin().negative();
            default -> throw new AssertionError(kind);
        };
    }
}
