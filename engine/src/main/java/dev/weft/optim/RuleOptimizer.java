package dev.weft.optim;

import dev.weft.op.Op;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Rule;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongToDoubleFunction;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * An optimizer from a {@link Rule}: one of {@link Rules}, or a formula of one's own.
 *
 * <pre>{@code
 * Optimizer adagrad = RuleOptimizer.of(Rules.adagrad(1e-10), 0.01).weightDecay(1e-4).clipGlobalNorm(1);
 * }</pre>
 *
 * <p>What is set may be set in any order, and the last call counts. A step does it in this one: norms are clipped, gradients
 * accumulated, the mean's values clipped, weight decay added to it, the rule applied, then lookahead, then the moving average.
 *
 * <p>A rule whose code is that of {@link Sgd} or {@link Adam} with their usual constants takes their op, for which backends
 * have kernels of their own.
 */
public final class RuleOptimizer implements Optimizer {
    /** What is made of a rule, from the inside to the outside. */
    private enum Part {
        DECAY,
        VALUE_CLIPPING,
        LOOKAHEAD,
        ACCUMULATION,
        AVERAGE
    }

    /** Optimizers with an op of their own, and the rules that they are. */
    private static final Map<Optimizer, Rule> OWN_OPS = new LinkedHashMap<>();

    static {
        Sgd momentum = Sgd.of(1).momentum(0.9);
        OWN_OPS.put(Sgd.of(1), Rules.coupled(Rules.sgd(0, false), 0));
        OWN_OPS.put(momentum, Rules.coupled(Rules.sgd(0.9, false), 0));
        OWN_OPS.put(momentum.withNesterov(), Rules.coupled(Rules.sgd(0.9, true), 0));
        OWN_OPS.put(Adam.of(1), Rules.decoupled(Rules.adam(0.9, 0.999, 1e-8), 0));
    }

    private final Rule base;
    private final Map<Part, UnaryOperator<Rule>> parts;
    private final double learningRate;
    private final double weightDecay;
    private final Clip clip;
    private final List<ParameterGroup> groups;
    private final Rule rule;
    private final List<LongToDoubleFunction> numbers;

    private RuleOptimizer(
            Rule base,
            Map<Part, UnaryOperator<Rule>> parts,
            double learningRate,
            double weightDecay,
            Clip clip,
            List<ParameterGroup> groups) {
        Optimizer.range("learning rate", learningRate, 0, Double.POSITIVE_INFINITY);
        Optimizer.range("weight decay", weightDecay, 0, Double.POSITIVE_INFINITY);
        this.base = base;
        this.parts = parts;
        this.learningRate = learningRate;
        this.weightDecay = weightDecay;
        this.clip = clip;
        this.groups = List.copyOf(groups);
        Rule made = base;
        for (UnaryOperator<Rule> part : parts.values()) {
            made = part.apply(made);
        }
        rule = made;
        numbers = rule.bind(1, weightDecay).numbers();
    }

    /** The optimizer of a rule, without weight decay. */
    public static RuleOptimizer of(Rule rule, double learningRate) {
        Map<Part, UnaryOperator<Rule>> parts = new EnumMap<>(Part.class);
        // for the groups
        parts.put(Part.DECAY, inner -> Rules.coupled(inner, 0));
        return new RuleOptimizer(rule, parts, learningRate, 0, Clip.NONE, List.of());
    }

    private RuleOptimizer with(Part part, double decay, UnaryOperator<Rule> made) {
        Map<Part, UnaryOperator<Rule>> more = new EnumMap<>(parts);
        more.put(part, made);
        return new RuleOptimizer(base, more, learningRate, decay, clip, groups);
    }

    private RuleOptimizer with(Clip limit) {
        return new RuleOptimizer(base, parts, learningRate, weightDecay, limit, groups);
    }

    /** The same with another learning rate. */
    public RuleOptimizer learningRate(double rate) {
        return new RuleOptimizer(base, parts, rate, weightDecay, clip, groups);
    }

    /** {@code decay w} is added to the gradient, as L2 regularisation does. */
    public RuleOptimizer weightDecay(double decay) {
        return elasticNet(0, decay);
    }

    /**
     * {@code l1 sign(w) + l2 w} is added to the gradient: the elastic net (Zou and Hastie 2005), or L1 alone where {@code l2} is 0.
     * A group's weight decay stands in place of {@code l2}; {@code l1} is the same in all groups.
     */
    public RuleOptimizer elasticNet(double l1, double l2) {
        Optimizer.range("L1", l1, 0, Double.POSITIVE_INFINITY);
        return with(Part.DECAY, l2, inner -> Rules.coupled(inner, l1));
    }

    /** Parameters shrink by {@code lr decay w} apart from the gradient (Loshchilov and Hutter 2019, arXiv 1711.05101). */
    public RuleOptimizer decoupledWeightDecay(double decay) {
        return decoupledElasticNet(0, decay);
    }

    /** Parameters shrink by {@code lr (l1 sign(w) + l2 w)} apart from the gradient; see {@link #elasticNet}. */
    public RuleOptimizer decoupledElasticNet(double l1, double l2) {
        Optimizer.range("L1", l1, 0, Double.POSITIVE_INFINITY);
        return with(Part.DECAY, l2, inner -> Rules.decoupled(inner, l1));
    }

    /** Each element of the gradient is kept between {@code -limit} and {@code limit}. */
    public RuleOptimizer clipValue(double limit) {
        Optimizer.range("clipping limit", limit, Double.MIN_VALUE, Double.POSITIVE_INFINITY);
        return with(Part.VALUE_CLIPPING, weightDecay, inner -> Rules.clipped(inner, limit));
    }

    /** The gradient of each parameter tensor has at most this Euclidean norm, in each step. */
    public RuleOptimizer clipNorm(double limit) {
        return with(Clip.norm(limit));
    }

    /** All gradients of a step together have at most this Euclidean norm (Pascanu et al. 2013, arXiv 1211.5063). */
    public RuleOptimizer clipGlobalNorm(double limit) {
        return with(Clip.globalNorm(limit));
    }

    /**
     * The rule is applied every {@code steps} steps, with the mean of their gradients: a batch so many times as large. The rate is
     * that of the last of them. Where an epoch ends between, its last gradients count with the next epoch's first ones.
     */
    public RuleOptimizer accumulate(int steps) {
        atLeastOne("accumulated steps", steps);
        return with(Part.ACCUMULATION, weightDecay, inner -> Rules.accumulated(inner, steps));
    }

    /** Every {@code steps} updates the parameters go back to {@code share} of the way (Zhang et al. 2019, arXiv 1907.08610). */
    public RuleOptimizer lookahead(int steps, double share) {
        atLeastOne("lookahead steps", steps);
        Optimizer.range("share", share, 0, Math.nextUp(1.0));
        return with(Part.LOOKAHEAD, weightDecay, inner -> Rules.lookahead(inner, steps, share));
    }

    /**
     * Also remembers a moving average of the parameters after each step, {@code a = decay a + (1 - decay) w}, corrected as Adam's
     * means are (Polyak and Juditsky 1992). {@link dev.weft.train.Training#withAverages} evaluates and saves it.
     */
    public RuleOptimizer averaged(double decay) {
        Optimizer.range("decay", decay, 0, 1);
        return with(Part.AVERAGE, weightDecay, inner -> Rules.averaged(inner, decay));
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
    }

    /** Other settings for the parameters with these names. */
    public RuleOptimizer group(Predicate<String> names, double learningRateScale, double groupWeightDecay) {
        List<ParameterGroup> more = new ArrayList<>(groups);
        more.add(new ParameterGroup(names, learningRateScale, groupWeightDecay));
        return new RuleOptimizer(base, parts, learningRate, weightDecay, clip, more);
    }

    /** The formula, with all that was made of it. */
    public Rule rule() {
        return rule;
    }

    @Override
    public double learningRate() {
        return learningRate;
    }

    @Override
    public Clip clip() {
        return clip;
    }

    @Override
    public int slots() {
        return rule.slots();
    }

    @Override
    public int averageSlot() {
        return parts.containsKey(Part.AVERAGE) ? rule.slots() - 1 : -1;
    }

    @Override
    public ParameterGroup group(String parameter) {
        return Optimizer.find(groups, parameter, weightDecay);
    }

    @Override
    public Op.Update update(
            String layer, TensorRef w, TensorRef dw, List<TensorRef> state, ParameterGroup group, int number) {
        Code code = code(rule, group);
        for (Map.Entry<Optimizer, Rule> own : OWN_OPS.entrySet()) {
            if (code(own.getValue(), group).equals(code)) {
                return own.getKey().update(layer, w, dw, state, group, number);
            }
        }
        return new Op.RuleUpdate(layer, rule.name(), code, w, dw, state, number);
    }

    private static Code code(Rule rule, ParameterGroup group) {
        return rule.bind(group.learningRateScale(), group.weightDecay()).code();
    }

    @Override
    public int corrections() {
        return numbers.size();
    }

    @Override
    public double correction(int n, long t) {
        return numbers.get(n).applyAsDouble(t);
    }
}
