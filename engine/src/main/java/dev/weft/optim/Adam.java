package dev.weft.optim;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Adam: {@code m = beta1 m + (1 - beta1) dw}, {@code v = beta2 v + (1 - beta2) dw^2}, {@code w = w - lr (m / (1 -
 * beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)}, with t counted from 1 (Kingma and Ba 2015, arXiv 1412.6980). With
 * {@link #weightDecay} it is AdamW: the weights also shrink by {@code lr weightDecay w}, apart from the moments
 * (Loshchilov and Hutter 2019, arXiv 1711.05101).
 *
 * @param weightDecay decoupled weight decay, 0 for Adam
 * @param groups settings for some of the parameters; the first that holds counts
 */
public record Adam(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        List<ParameterGroup> groups)
        implements Optimizer {

    public Adam {
        Optimizer.range("learning rate", learningRate, 0, Double.POSITIVE_INFINITY);
        Optimizer.range("beta1", beta1, 0, 1);
        Optimizer.range("beta2", beta2, 0, 1);
        Optimizer.range("epsilon", epsilon, Double.MIN_VALUE, Double.POSITIVE_INFINITY);
        Optimizer.range("weight decay", weightDecay, 0, Double.POSITIVE_INFINITY);
        groups = List.copyOf(groups);
    }

    /** Adam with the betas 0.9 and 0.999 and epsilon 1e-8. */
    public static Adam of(double learningRate) {
        return new Adam(learningRate, 0.9, 0.999, 1e-8, 0, List.of());
    }

    /** AdamW: the same with decoupled weight decay. */
    public static Adam adamW(double learningRate, double weightDecay) {
        return of(learningRate).weightDecay(weightDecay);
    }

    /** The same with other decay rates of the two moments, each at least 0 and below 1. */
    public Adam betas(double first, double second) {
        return new Adam(learningRate, first, second, epsilon, weightDecay, groups);
    }

    /** The same with another epsilon, which keeps the quotient finite; above 0. */
    public Adam epsilon(double value) {
        return new Adam(learningRate, beta1, beta2, value, weightDecay, groups);
    }

    /** The same with decoupled weight decay, which makes it AdamW. */
    public Adam weightDecay(double value) {
        return new Adam(learningRate, beta1, beta2, epsilon, value, groups);
    }

    /** Other settings for the parameters with these names. */
    public Adam group(Predicate<String> names, double learningRateScale, double groupWeightDecay) {
        List<ParameterGroup> more = new ArrayList<>(groups);
        more.add(new ParameterGroup(names, learningRateScale, groupWeightDecay));
        return new Adam(learningRate, beta1, beta2, epsilon, weightDecay, more);
    }

    @Override
    public int slots() {
        return 2;
    }

    @Override
    public ParameterGroup group(String parameter) {
        return Optimizer.find(groups, parameter, weightDecay);
    }

    @Override
    public Op.Update update(
            String layer, TensorRef w, TensorRef dw, List<TensorRef> state, ParameterGroup group, int number) {
        return new Op.AdamUpdate(
                layer,
                w,
                dw,
                state.get(0),
                state.get(1),
                beta1,
                beta2,
                epsilon,
                group.weightDecay(),
                group.learningRateScale(),
                number);
    }

    @Override
    public int corrections() {
        return 2;
    }

    /** {@code 1 / (1 - beta^t)}, of beta1 and of beta2. */
    @Override
    public double correction(int n, long t) {
        return 1 / (1 - StrictMath.pow(n == 0 ? beta1 : beta2, t));
    }
}
