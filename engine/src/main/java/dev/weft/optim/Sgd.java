package dev.weft.optim;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Stochastic gradient descent: {@code g = dw + weightDecay w}, {@code v = momentum v + g}, {@code w = w - lr v}; with
 * Nesterov's momentum {@code w = w - lr (g + momentum v)} (Sutskever et al. 2013).
 *
 * @param weightDecay added to the gradient
 * @param groups settings for some of the parameters; the first that holds counts
 */
public record Sgd(
        double learningRate, double momentum, boolean nesterov, double weightDecay, List<ParameterGroup> groups)
        implements Optimizer {

    public Sgd {
        Optimizer.range("learning rate", learningRate, 0, Double.POSITIVE_INFINITY);
        Optimizer.range("momentum", momentum, 0, 1);
        Optimizer.range("weight decay", weightDecay, 0, Double.POSITIVE_INFINITY);
        if (nesterov && momentum == 0) {
            throw new IllegalArgumentException("Nesterov's form needs a momentum");
        }
        groups = List.copyOf(groups);
    }

    /** Plain gradient descent. */
    public static Sgd of(double learningRate) {
        return new Sgd(learningRate, 0, false, 0, List.of());
    }

    /** The same with a momentum, at least 0 and below 1. */
    public Sgd momentum(double value) {
        return new Sgd(learningRate, value, nesterov, weightDecay, groups);
    }

    /** Nesterov's form of the momentum; set the momentum first. */
    public Sgd withNesterov() {
        return new Sgd(learningRate, momentum, true, weightDecay, groups);
    }

    /** The same with weight decay; 0 by default. */
    public Sgd weightDecay(double value) {
        return new Sgd(learningRate, momentum, nesterov, value, groups);
    }

    /** Other settings for the parameters with these names. */
    public Sgd group(Predicate<String> names, double learningRateScale, double groupWeightDecay) {
        List<ParameterGroup> more = new ArrayList<>(groups);
        more.add(new ParameterGroup(names, learningRateScale, groupWeightDecay));
        return new Sgd(learningRate, momentum, nesterov, weightDecay, more);
    }

    @Override
    public int slots() {
        return momentum == 0 ? 0 : 1;
    }

    @Override
    public ParameterGroup group(String parameter) {
        return Optimizer.find(groups, parameter, weightDecay);
    }

    @Override
    public Op.Update update(
            String layer, TensorRef w, TensorRef dw, List<TensorRef> state, ParameterGroup group, int number) {
        TensorRef velocity = state.isEmpty() ? null : state.get(0);
        return new Op.SgdUpdate(
                layer, w, dw, velocity, momentum, nesterov, group.weightDecay(), group.learningRateScale(), number);
    }
}
