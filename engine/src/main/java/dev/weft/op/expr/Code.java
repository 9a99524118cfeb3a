package dev.weft.op.expr;

import dev.weft.op.expr.Expr.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Expressions as a list of nodes, each after those that it reads, and equal ones once. This is what backends run. Two codes
 * are equal when they compute the same by the same operations.
 *
 * @param nodes in an order in which they can be computed
 * @param results numbers of the nodes that are the values of the expressions
 * @param operands how many operands there are, read or not
 * @param scalars how many numbers of the step there are, read or not
 */
public record Code(List<Node> nodes, List<Integer> results, int operands, int scalars) {

    /**
     * A value.
     *
     * @param reads numbers of the nodes that it is computed from
     * @param index of an operand or a scalar
     * @param value of a constant; backends round it to what they compute with
     */
    public record Node(Kind kind, List<Integer> reads, int index, double value) {}

    public Code {
        nodes = List.copyOf(nodes);
        results = List.copyOf(results);
    }

    /** The code of expressions which may share parts. */
    public static Code of(int operands, int scalars, List<Expr> results) {
        Writer writer = new Writer(EnumSet.allOf(Kind.class));
        Map<Expr, Integer> known = new IdentityHashMap<>();
        return writer.code(results.stream().map(x -> writer.number(x, known)).toList(), operands, scalars);
    }

    /** The same by the operations that every processor has, each rounded to a float. */
    public Code writtenOut() {
        return writtenOut(Set.of());
    }

    /**
     * The same with the elementary functions written out.
     *
     * @param whole those functions of one argument that stay as they are, besides sign, absolute value and square root
     */
    public Code writtenOut(Set<Kind> whole) {
        Set<Kind> kept = EnumSet.of(Kind.NEGATE, Kind.ABSOLUTE, Kind.SQRT, Kind.EXPONENT, Kind.MANTISSA);
        kept.addAll(whole);
        Writer writer = new Writer(kept);
        int[] numbers = new int[nodes.size()];
        for (int i = 0; i < numbers.length; i++) {
            Node node = nodes.get(i);
            List<Integer> reads = node.reads.stream().map(read -> numbers[read]).toList();
            numbers[i] = writer.node(node.kind, reads, node.index, node.value);
        }
        return writer.code(results.stream().map(i -> numbers[i]).toList(), operands, scalars);
    }

    /** Whether each node is the same for all elements. */
    public boolean[] uniform() {
        boolean[] uniform = new boolean[nodes.size()];
        for (int i = 0; i < uniform.length; i++) {
            Node node = nodes.get(i);
            uniform[i] = node.kind != Kind.OPERAND;
            for (int read : node.reads) {
                uniform[i] &= uniform[read];
            }
        }
        return uniform;
    }

    /** The numbers of the operands that are read. */
    public Set<Integer> readOperands() {
        Set<Integer> read = new TreeSet<>();
        nodes.stream().filter(node -> node.kind == Kind.OPERAND).forEach(node -> read.add(node.index));
        return read;
    }

    /** Puts nodes together. */
    private static final class Writer {
        private final Set<Kind> kept;
        private final List<Node> nodes = new ArrayList<>();
        private final Map<Node, Integer> numbers = new HashMap<>();

        Writer(Set<Kind> kept) {
            this.kept = kept;
        }

        Code code(List<Integer> results, int operands, int scalars) {
            return new Code(nodes, results, operands, scalars);
        }

        int number(Expr x, Map<Expr, Integer> known) {
            Integer number = known.get(x);
            if (number == null) {
                List<Integer> reads =
                        x.arguments().stream().map(a -> number(a, known)).toList();
                number = node(x.kind(), reads, x.index(), x.value());
                known.put(x, number);
            }
            return number;
        }

        int node(Kind kind, List<Integer> reads, int index, double value) {
            if (reads.size() == 1 && !kept.contains(kind)) {
                return writtenOut(kind, reads.get(0));
            }
            List<Integer> ordered = reads;
            boolean swaps = kind == Kind.ADD || kind == Kind.MULTIPLY || kind == Kind.MINIMUM || kind == Kind.MAXIMUM;
            if (swaps && reads.get(0) > reads.get(1)) {
                ordered = List.of(reads.get(1), reads.get(0));
            }
            return numbers.computeIfAbsent(new Node(kind, ordered, index, value), node -> {
                nodes.add(node);
                return nodes.size() - 1;
            });
        }

        private int of(Kind kind, Integer... reads) {
            return node(kind, Arrays.asList(reads), 0, 0);
        }

        private int constant(float value) {
            return node(Kind.CONSTANT, List.of(), 0, value);
        }

        private int select(int a, int b, int then, int otherwise) {
            return of(Kind.SELECT, a, b, then, otherwise);
        }

        private int plus(int a, int b) {
            return of(Kind.ADD, a, b);
        }

        private int minus(int a, int b) {
            return of(Kind.SUBTRACT, a, b);
        }

        private int times(int a, int b) {
            return of(Kind.MULTIPLY, a, b);
        }

        private int over(int a, int b) {
            return of(Kind.DIVIDE, a, b);
        }

        private int polynomial(int x, float... coefficients) {
            int p = constant(coefficients[0]);
            for (int i = 1; i < coefficients.length; i++) {
                p = plus(times(p, x), constant(coefficients[i]));
            }
            return p;
        }

        private int writtenOut(Kind kind, int x) {
            return switch (kind) {
                case SIGN -> select(x, constant(0), constant(-1), select(constant(0), x, constant(1), x));
                case EXP -> exp(x);
                case LOG -> log(x);
                case LOG1P -> log1p(x);
                case TANH -> tanh(x);
                case SIGMOID -> sigmoid(x);
                case SOFTPLUS -> softplus(x);
                case ERF -> erf(x);
                case SIN -> sine(x, 0);
                case COS -> sine(x, 1);
                default -> throw new AssertionError(kind);
            };
        }

        private int exp(int x) {
            int shifted = plus(times(x, constant(Polynomials.LOG2_E)), constant(Polynomials.ROUNDER));
            int n = minus(shifted, constant(Polynomials.ROUNDER));
            int high = minus(x, times(n, constant(Polynomials.LN2_HIGH)));
            int r = minus(high, times(n, constant(Polynomials.LN2_LOW)));
            int y = plus(plus(times(times(polynomial(r, Polynomials.exp()), r), r), r), constant(1));
            int scaled = of(Kind.SCALE, y, shifted);
            int finite = select(x, constant(Polynomials.EXP_MIN), constant(0), scaled);
            return select(constant(Polynomials.EXP_MAX), x, constant(Float.POSITIVE_INFINITY), finite);
        }

        private int sigmoid(int x) {
            int e = whole(Kind.EXP, of(Kind.NEGATE, of(Kind.ABSOLUTE, x)));
            return over(select(x, constant(0), e, constant(1)), plus(e, constant(1)));
        }

        private int tanh(int x) {
            int size = of(Kind.ABSOLUTE, x);
            int z = times(x, x);
            int near = plus(times(times(polynomial(z, Polynomials.tanh()), z), x), x);
            int e = whole(Kind.EXP, times(size, constant(2)));
            int far = minus(constant(1), over(constant(2), plus(e, constant(1))));
            int signed = select(x, constant(0), of(Kind.NEGATE, far), far);
            int curved = select(size, constant(Polynomials.TANH_POLYNOMIAL), near, signed);
            return select(size, constant(Polynomials.TANH_LINEAR), x, curved);
        }

        /** A function of one argument, which may be written out, too. */
        private int whole(Kind kind, int x) {
            return node(kind, List.of(x), 0, 0);
        }

        private int log(int x) {
            // a subnormal number is made a normal one before
            int subnormal = constant(Float.MIN_NORMAL);
            int u = select(x, subnormal, times(x, constant(0x1p23f)), x);
            int shift = select(x, subnormal, constant(-23), constant(0));
            int value = logOfNormal(u, constant(0), shift);
            return ofPositive(x, select(x, constant(Float.POSITIVE_INFINITY), value, x));
        }

        private int log1p(int x) {
            int u = plus(x, constant(1));
            int rest = over(minus(x, minus(u, constant(1))), u);
            int value = logOfNormal(u, rest, constant(0));
            return ofPositive(u, select(u, constant(Float.POSITIVE_INFINITY), value, u));
        }

        /** The logarithm of {@code 2^shift u}, to which a rest is added. */
        private int logOfNormal(int u, int rest, int shift) {
            int n = plus(of(Kind.EXPONENT, u), shift);
            int f = minus(of(Kind.MANTISSA, u), constant(1));
            int z = times(f, f);
            int p = times(times(polynomial(f, Polynomials.log1p()), f), z);
            int low = plus(p, times(n, constant(Polynomials.LN2_LOW)));
            int small = plus(minus(low, times(z, constant(0.5f))), rest);
            return plus(plus(f, small), times(n, constant(Polynomials.LN2_HIGH)));
        }

        /** The value for u above 0, minus infinity at 0, and NaN for what is neither. */
        private int ofPositive(int u, int value) {
            int zeroOrNan = minus(u, constant(Float.POSITIVE_INFINITY));
            int rest = select(u, constant(0), constant(Float.NaN), zeroOrNan);
            return select(constant(0), u, value, rest);
        }

        private int softplus(int x) {
            int e = whole(Kind.EXP, of(Kind.NEGATE, of(Kind.ABSOLUTE, x)));
            return plus(of(Kind.MAXIMUM, x, constant(0)), whole(Kind.LOG1P, e));
        }

        private int erf(int x) {
            int size = of(Kind.ABSOLUTE, x);
            int near = times(polynomial(times(x, x), Polynomials.erf()), x);
            int q = polynomial(of(Kind.MINIMUM, size, constant(Polynomials.ERF_ONE)), Polynomials.erfc());
            int far = minus(constant(1), whole(Kind.EXP, of(Kind.NEGATE, q)));
            int signed = select(x, constant(0), of(Kind.NEGATE, far), far);
            return select(size, constant(Polynomials.ERF_POLYNOMIAL), near, signed);
        }

        /** The sine of {@code x} and so many right angles more. */
        private int sine(int x, int rightAngles) {
            int rounder = constant(Polynomials.ROUNDER);
            int n = minus(plus(times(x, constant(Polynomials.TWO_OVER_PI)), rounder), rounder);
            int r = x;
            for (float part : Polynomials.HALF_PI) {
                r = minus(r, times(n, constant(part)));
            }
            int z = times(r, r);
            int sin = plus(times(times(polynomial(z, Polynomials.sin()), z), r), r);
            int square = times(times(polynomial(z, Polynomials.cos()), z), z);
            int cos = plus(minus(square, times(z, constant(0.5f))), constant(1));
            // quadrant 0 to 3
            int turned = plus(n, constant(rightAngles));
            int turns = minus(plus(minus(times(turned, constant(0.25f)), constant(0.375f)), rounder), rounder);
            int quadrant = minus(turned, times(turns, constant(4)));
            int upper = select(quadrant, constant(0.5f), sin, cos);
            int lower = select(quadrant, constant(2.5f), of(Kind.NEGATE, sin), of(Kind.NEGATE, cos));
            int value = select(quadrant, constant(1.5f), upper, lower);
            int size = of(Kind.ABSOLUTE, x);
            return select(constant((float) Evaluation.LARGEST_ANGLE), size, constant(Float.NaN), value);
        }
    }
}
