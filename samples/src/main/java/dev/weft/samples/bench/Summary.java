package dev.weft.samples.bench;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/**
 * What is told of a sample of times. The median, since times have a tail of disturbances to one side; quartiles for the
 * spread; and an interval that holds the true median with 95 % confidence, whatever the distribution.
 *
 * @param n how many values
 * @param lowerQuartile a quarter of the values lies below
 * @param upperQuartile a quarter of the values lies above
 * @param interval of the median; null for fewer than 6 values, which are too few
 */
public record Summary(
        int n,
        double median,
        double lowerQuartile,
        double upperQuartile,
        @JsonSetter(nulls = Nulls.SET) Interval interval) {
    static final double CONFIDENCE = 0.95;

    static Summary of(double[] values) {
        Percentile percentile = new Percentile();
        percentile.setData(values);
        return new Summary(
                values.length,
                percentile.evaluate(50),
                percentile.evaluate(25),
                percentile.evaluate(75),
                Interval.ofMedian(values, CONFIDENCE));
    }
}
