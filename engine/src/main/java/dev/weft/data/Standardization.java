package dev.weft.data;

import dev.weft.ShapeException;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;

/**
 * Brings each column of a table to mean 0 and standard deviation 1: {@code y[j] = (x[j] - means[j]) / deviations[j]}, in
 * double precision. Taken from the samples to train with, and applied to all that the network sees. A column whose values
 * are all equal there tells nothing: its deviation is 0, and it becomes 0 in every sample.
 *
 * @param means one for each column
 * @param deviations one for each column, 0 for a constant one
 */
public record Standardization(double[] means, double[] deviations) {
    /** A deviation below this part of the mean is rounding, of values that were computed in double precision. */
    private static final double ROUNDING = 1e-14;

    /** Mean and standard deviation of every value of a sample, over the samples of the data set. */
    public static Standardization of(Dataset data) {
        return of(data.values());
    }

    /** Those of values {@code [rows,...]}. */
    static Standardization of(HostTensor values) {
        int columns = values.elements() / values.shape().get(0);
        double[] means = new double[columns];
        double[] deviations = new double[columns];
        for (int j = 0; j < columns; j++) {
            Statistics column = Statistics.of(values, j, columns);
            means[j] = column.mean();
            deviations[j] = column.deviation() <= ROUNDING * Math.abs(column.mean()) ? 0 : column.deviation();
        }
        return new Standardization(means, deviations);
    }

    /**
     * The same samples, standardised.
     *
     * @throws ShapeException if their samples do not have as many values as there are columns
     */
    public Dataset apply(Dataset data) {
        return data.withFeatures(apply(data.values()).floats());
    }

    /** Rows of values, standardised. */
    HostTensor apply(HostTensor rows) {
        requireColumns(rows.shape().sample());
        float[] values = new float[rows.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = apply(i % means.length, rows.get(i));
        }
        return HostTensor.of(rows.shape(), values);
    }

    /**
     * One sample, standardised, for a prediction.
     *
     * @throws ShapeException if it does not have as many values as there are columns
     */
    public float[] apply(double... sample) {
        requireColumns(Shape.of(Math.max(1, sample.length)));
        float[] y = new float[sample.length];
        for (int j = 0; j < y.length; j++) {
            y[j] = apply(j, sample[j]);
        }
        return y;
    }

    private float apply(int column, double x) {
        return deviations[column] == 0 ? 0 : (float) ((x - means[column]) / deviations[column]);
    }

    private void requireColumns(Shape sample) {
        if (sample.elements() != means.length) {
            throw new ShapeException(
                    "standardization", "needs samples of %d values, got %s".formatted(means.length, sample));
        }
    }
}
