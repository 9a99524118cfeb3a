package dev.weft.optim;

import java.util.function.Predicate;

/**
 * Settings for some of the parameters.
 *
 * @param names which parameters, by their names in the graph ({@code conv1.weight})
 * @param learningRateScale what the learning rate is multiplied with; 0 freezes the parameters
 * @param weightDecay in place of the optimizer's own
 */
public record ParameterGroup(Predicate<String> names, double learningRateScale, double weightDecay) {}
