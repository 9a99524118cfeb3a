package dev.weft.conformance;

import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.random.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * Functions made at random, the same for the same seed, of three numbers from -{@link #RANGE} to {@link #RANGE}. Each part has a
 * bound of its absolute value, and what would exceed {@link #LARGEST} is squashed, so that floats hold all of it; divisors,
 * logarithms and roots stay away from 0.
 */
public final class RandomExpressions {
    /** How large the operands may be. */
    public static final double RANGE = 2;

    private static final double LARGEST = 1e4;
    private static final int DEPTH = 8;

    private final Philox.Sequence random;
    private final List<Bounded> parts = new ArrayList<>();

    private record Bounded(Expr x, double bound) {}

    private RandomExpressions(long seed, int number) {
        random = Philox.sequence(seed, "expression " + number, 0);
    }

    /** Function number {@code number} of a seed. */
    public static Function function(long seed, int number) {
        RandomExpressions made = new RandomExpressions(seed, number);
        int depth = 1 + number % DEPTH;
        Expr x = made.of(depth).x;
        return Function.of("random" + number, 3, operands -> x);
    }

    private Bounded of(int depth) {
        if (!parts.isEmpty() && random.nextInt(8) == 0) {
            return parts.get(random.nextInt(parts.size()));
        }
        Bounded made = depth == 0 ? leaf() : node(depth);
        Bounded squashed = made.bound <= LARGEST ? made : new Bounded(made.x.tanh(), 1);
        parts.add(squashed);
        return squashed;
    }

    private Bounded leaf() {
        if (random.nextInt(4) == 0) {
            double[] constants = {0.5, -1, 2, 0.1, -0.75, 1, 3};
            double value = constants[random.nextInt(constants.length)];
            return new Bounded(Expr.constant(value), Math.abs(value));
        }
        return new Bounded(Expr.operand(random.nextInt(3)), RANGE);
    }

    private Bounded node(int depth) {
        Bounded a = of(depth - 1);
        Expr x = a.x;
        switch (random.nextInt(20)) {
            case 0:
                return new Bounded(x.negative(), a.bound);
            case 1:
                return new Bounded(x.abs(), a.bound);
            case 2:
                return new Bounded(x.sign(), 1);
            case 3:
                return new Bounded(x.abs().plus(0.25).sqrt(), Math.sqrt(a.bound + 0.25));
            case 4:
                return a.bound < 8 ? new Bounded(x.exp(), Math.exp(a.bound)) : new Bounded(x.sigmoid(), 1);
            case 5:
                return new Bounded(x.abs().plus(0.25).log(), 2 + Math.log(a.bound + 1));
            case 6:
                return new Bounded(x.abs().log1p(), Math.log1p(a.bound));
            case 7:
                return new Bounded(x.tanh(), 1);
            case 8:
                return new Bounded(x.sigmoid(), 1);
            case 9:
                return new Bounded(x.softplus(), a.bound + 1);
            case 10:
                return new Bounded(x.erf(), 1);
            case 11:
                return new Bounded(x.sin(), 1);
            case 12:
                return new Bounded(x.cos(), 1);
            case 13:
                return new Bounded(x.square(), a.bound * a.bound);
            default:
                return ofTwo(a, of(depth - 1));
        }
    }

    private Bounded ofTwo(Bounded a, Bounded b) {
        double larger = Math.max(a.bound, b.bound);
        return switch (random.nextInt(7)) {
            case 0 -> new Bounded(a.x.plus(b.x), a.bound + b.bound);
            case 1 -> new Bounded(a.x.minus(b.x), a.bound + b.bound);
            case 2 -> new Bounded(a.x.times(b.x), a.bound * b.bound);
            case 3 -> new Bounded(a.x.over(b.x.abs().plus(0.5)), a.bound * 2);
            case 4 -> new Bounded(a.x.min(b.x), larger);
            case 5 -> new Bounded(a.x.max(b.x), larger);
            default -> new Bounded(a.x.lessThan(b.x, b.x.times(0.5), a.x), larger);
        };
    }

    /** Values for the operands, the same for the same seed and number. */
    public static float[] values(long seed, int operand, int count) {
        Philox.Sequence random = Philox.sequence(seed, "operand " + operand, 0);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (RANGE * (2 * random.nextUniform() - 1));
        }
        return values;
    }
}
