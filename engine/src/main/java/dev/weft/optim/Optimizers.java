package dev.weft.optim;

import dev.weft.op.expr.Rule;
import dev.weft.spec.Named;
import dev.weft.spec.Spec;
import java.util.Set;
import java.util.function.Function;

/**
 * The optimizers by name, with settings where they have some: {@code rmsprop:decay=0.9,momentum=0.5}. What is not set is as in
 * the optimizer's paper, or where that leaves it open as in PyTorch.
 */
public final class Optimizers {
    private static final double EPSILON = 1e-8;

    /** Each with the learning rate with which it mostly begins. */
    private static final Named<RuleOptimizer> KINDS = new Named<>("optimizer");

    static {
        add("sgd", 0.1, s -> Rules.sgd(0, false));
        add("momentum", 0.02, s -> Rules.sgd(s.number("momentum", 0.9), false));
        add("nesterov", 0.02, s -> Rules.sgd(s.number("momentum", 0.9), true));
        add("adagrad", 0.01, s -> Rules.adagrad(s.number("epsilon", 1e-10)));
        add("adadelta", 1, s -> Rules.adadelta(s.number("decay", 0.95), s.number("epsilon", 1e-6)));
        add("rmsprop", 1e-3, Optimizers::rmsprop);
        add("adam", 1e-3, Optimizers::adam);
        addDecaying("adamw", 1e-3, Optimizers::adam);
        add("adamax", 2e-3, s -> Rules.adamax(beta1(s), beta2(s), epsilon(s)));
        add("nadam", 1e-3, Optimizers::nadam);
        addDecaying("nadamw", 1e-3, Optimizers::nadam);
        add("amsgrad", 1e-3, s -> Rules.amsgrad(beta1(s), beta2(s), epsilon(s)));
        add("radam", 1e-3, s -> Rules.radam(beta1(s), beta2(s), epsilon(s)));
        add("lion", 1e-4, s -> Rules.lion(beta1(s), s.number("beta2", 0.99)));
    }

    private Optimizers() {}

    private static void add(String name, double rate, Function<Spec, Rule> rule) {
        KINDS.add(name, s -> RuleOptimizer.of(rule.apply(s), rate));
    }

    private static void addDecaying(String name, double rate, Function<Spec, Rule> rule) {
        KINDS.add(
                name, s -> RuleOptimizer.of(rule.apply(s), rate).decoupledWeightDecay(s.number("weight-decay", 0.01)));
    }

    private static Rule rmsprop(Spec s) {
        boolean centred = s.flag("centred", false);
        return Rules.rmsprop(
                s.number("decay", 0.9),
                s.number("epsilon", centred ? 1e-4 : EPSILON),
                s.number("momentum", 0),
                centred);
    }

    private static Rule adam(Spec s) {
        return Rules.adam(beta1(s), beta2(s), epsilon(s));
    }

    private static Rule nadam(Spec s) {
        return Rules.nadam(beta1(s), beta2(s), epsilon(s), s.number("schedule-decay", 0.004));
    }

    private static double beta1(Spec s) {
        return s.number("beta1", 0.9);
    }

    private static double beta2(Spec s) {
        return s.number("beta2", 0.999);
    }

    private static double epsilon(Spec s) {
        return s.number("epsilon", EPSILON);
    }

    /** The names of all optimizers. */
    public static Set<String> names() {
        return KINDS.names();
    }

    /**
     * An optimizer by its name, with settings where it has some: {@code adam}, {@code rmsprop:decay=0.9}. It has the learning
     * rate that it mostly begins with.
     *
     * @throws dev.weft.WeftException if there is none of that name, it has no such setting, or a value is out of range; the
     *     message lists what there is
     */
    public static RuleOptimizer of(String text) {
        return KINDS.make(text);
    }

    /** The same with another learning rate. */
    public static RuleOptimizer of(String text, double learningRate) {
        return of(text).learningRate(learningRate);
    }
}
