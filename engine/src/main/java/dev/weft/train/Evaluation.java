package dev.weft.train;

/**
 * How well a model does on a data set.
 *
 * @param loss mean over the samples
 * @param accuracy share of the samples whose class was found, 0 to 1; NaN where the targets are values
 * @param samples size of the data set
 */
public record Evaluation(double loss, double accuracy, int samples) {}
