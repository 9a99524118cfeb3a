package dev.weft.data;

import dev.weft.ShapeException;
import dev.weft.tensor.Shape;

/**
 * Brings each column of a table to mean 0 and standard deviation 1: {@code y[j] = (x[j] - means[j]) / deviations[j]}. Taken
 * from the samples to train with, and applied to all that the network sees. A column whose values are all equal becomes 0.
 *
 * @param means one for each column
 * @param deviations one for each column, positive
 */
public record Standardization(double[] means, double[] deviations) {

    /** Mean and standard deviation of every value of a sample, over the samples of the data set. */
    public static Standardization of(Dataset data) {
        int columns = Math.toIntExact(data.shape().elements());
        double[] means = new double[columns];
        double[] deviations = new double[columns];
        for (int j = 0; j < columns; j++) {
            for (int i = 0; i < data.size(); i++) {
                means[j] += data.features().get(i * columns + j) / data.size();
            }
            double variance = 0;
            for (int i = 0; i < data.size(); i++) {
                double d = data.features().get(i * columns + j) - means[j];
                variance += d * d / data.size();
            }
            // rounding leaves a little of a column of equal values
            boolean equal = Math.sqrt(variance) <= 1e-12 * Math.abs(means[j]);
            deviations[j] = equal ? 1 : Math.sqrt(variance);
        }
        return new Standardization(means, deviations);
    }

    /**
     * The same samples, standardised.
     *
     * @throws ShapeException if their samples do not have as many values as there are columns
     */
    public Dataset apply(Dataset data) {
        float[] values = new float[data.features().elements()];
        requireColumns(data.shape());
        for (int i = 0; i < values.length; i++) {
            int j = i % means.length;
            values[i] = (float) ((data.features().get(i) - means[j]) / deviations[j]);
        }
        return data.withFeatures(values);
    }

    /**
     * One sample, standardised, for a prediction.
     *
     * @throws ShapeException if it does not have as many values as there are columns
     */
    public float[] apply(float... sample) {
        requireColumns(Shape.of(Math.max(1, sample.length)));
        float[] y = new float[sample.length];
        for (int j = 0; j < y.length; j++) {
            y[j] = (float) ((sample[j] - means[j]) / deviations[j]);
        }
        return y;
    }

    private void requireColumns(Shape sample) {
        if (sample.elements() != means.length) {
            throw new ShapeException(
                    "standardization", "needs samples of %d values, got %s".formatted(means.length, sample));
        }
    }
}
