package dev.weft.op.expr;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;

/**
 * An optimizer as a formula: the next value of a parameter and of what the optimizer remembers of it, from the parameter, its
 * gradient and what was remembered. All that is remembered begins at 0.
 *
 * <pre>{@code
 * Rule adagrad = Rule.of("adagrad", 1, (w, g, s, r) -> {
 *     Expr v = s.get(0).plus(g.square());
 *     return List.of(w.minus(r.learningRate().times(g).over(v.sqrt().plus(1e-10))), v);
 * });
 * }</pre>
 *
 * @param slots how many numbers are remembered for each parameter
 */
public record Rule(String name, int slots, Formula formula) {

    /** The formula of a rule. */
    @FunctionalInterface
    public interface Formula {
        /**
         * The next values.
         *
         * @param w the parameter
         * @param g its gradient
         * @param s what is remembered
         * @param r what else the rule may read
         * @return the next value of the parameter, and of what is remembered
         */
        List<Expr> next(Expr w, Expr g, List<Expr> s, Context r);
    }

    /** What a rule reads besides the parameter. */
    public interface Context {
        /** The learning rate of this step and of the parameter's group. */
        Expr learningRate();

        /** The weight decay of the parameter's group. */
        double weightDecay();

        /**
         * A number that changes with the steps, computed in double on the host.
         *
         * @param ofStep the number for step t, counted from 1
         */
        Expr ofStep(LongToDoubleFunction ofStep);
    }

    /** How many different {@link Context#ofStep} a rule may have. */
    public static final int MOST_STEP_NUMBERS = 7;

    /**
     * A rule for the parameters of one group.
     *
     * @param code operands are parameter, gradient and what is remembered; results parameter and what is remembered; scalars
     *     the step's learning rate and its {@code numbers}
     */
    public record Bound(Code code, List<LongToDoubleFunction> numbers) {}

    /** A rule that remembers nothing or something. */
    public static Rule of(String name, int slots, Formula formula) {
        return new Rule(name, slots, formula);
    }

    /**
     * The rule for one group of parameters. What is remembered is 0 in place of a subnormal number, which takes a processor a
     * hundred cycles and more.
     *
     * @throws IllegalArgumentException if the formula gives another number of values than the rule says
     */
    public Bound bind(double learningRateScale, double weightDecay) {
        List<LongToDoubleFunction> numbers = new ArrayList<>();
        Context context = new Context() {
            @Override
            public Expr learningRate() {
                return Expr.scalar(0).times(learningRateScale);
            }

            @Override
            public double weightDecay() {
                return weightDecay;
            }

            @Override
            public Expr ofStep(LongToDoubleFunction ofStep) {
                numbers.add(ofStep);
                return Expr.scalar(numbers.size());
            }
        };
        List<Expr> s =
                IntStream.range(0, slots).mapToObj(k -> Expr.operand(k + 2)).toList();
        List<Expr> next = formula.next(Expr.operand(0), Expr.operand(1), s, context);
        if (next.size() != slots + 1) {
            throw new IllegalArgumentException("rule %s gives %d values, and remembers %d: it must give %d"
                    .formatted(name, next.size(), slots, slots + 1));
        }
        if (numbers.size() > MOST_STEP_NUMBERS) {
            throw new IllegalArgumentException("rule %s has %d numbers of the step, there is room for %d"
                    .formatted(name, numbers.size(), MOST_STEP_NUMBERS));
        }
        List<Expr> results = new ArrayList<>();
        for (int k = 0; k < next.size(); k++) {
            Expr value = next.get(k);
            results.add(k == 0 ? value : value.abs().lessThan(Float.MIN_NORMAL, Expr.constant(0), value));
        }
        return new Bound(Code.of(slots + 2, MOST_STEP_NUMBERS + 1, results), List.copyOf(numbers));
    }
}
