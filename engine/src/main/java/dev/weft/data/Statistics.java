package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;

/**
 * Mean and standard deviation of all values of a data set as it is stored, bytes on the scale 0 to 1: what
 * {@link Dataset#normalized} takes.
 *
 * @param mean {@code sum(x) / n}
 * @param deviation {@code sqrt(sum((x - mean)^2) / n)}
 */
public record Statistics(double mean, double deviation) {

    /** Computes both in double precision. */
    public static Statistics of(Dataset data) {
        HostTensor values = data.values();
        double unit = values.type() == DType.U8 ? 1 / 255.0 : 1;
        Statistics stored = of(values, 0, 1);
        return new Statistics(stored.mean * unit, stored.deviation * unit);
    }

    /**
     * Those of the values {@code first}, {@code first + step} and so on, in two passes. What is summed is each value's
     * difference from the first one: equal values have their own mean and the deviation 0, without any rounding.
     */
    static Statistics of(HostTensor values, int first, int step) {
        double origin = values.get(first);
        int n = (values.elements() - first + step - 1) / step;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += values.get(first + i * step) - origin;
        }
        double mean = sum / n;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double d = values.get(first + i * step) - origin - mean;
            squares += d * d;
        }
        return new Statistics(origin + mean, Math.sqrt(squares / n));
    }

    /**
     * The data set with these statistics taken out.
     *
     * @throws DataException if the deviation is 0, as it is where all values are equal
     */
    public Dataset normalize(Dataset data) {
        return data.normalized(mean, deviation);
    }
}
