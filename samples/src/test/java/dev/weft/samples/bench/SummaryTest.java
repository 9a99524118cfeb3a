package dev.weft.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Medians, quartiles and intervals against known samples. */
class SummaryTest {
    /** In no order. */
    private static double[] oneTo(int n) {
        double[] values = IntStream.rangeClosed(1, n).asDoubleStream().toArray();
        Random random = new Random(n);
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            double swap = values[i];
            values[i] = values[j];
            values[j] = swap;
        }
        return values;
    }

    @Test
    void medianAndQuartilesOfAKnownSample() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6.2: twelve gauge measurements, 90th percentile 95.1981
        double[] gauge = {
            95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.0610, 95.1591, 95.1195, 95.1065, 95.0925, 95.1990, 95.1682
        };
        Summary summary = Summary.of(gauge);
        assertThat(summary.n()).isEqualTo(12);
        assertThat(summary.median()).isCloseTo((95.1567 + 95.1591) / 2, within(1e-10));
        // position p (n + 1), as that text defines it: 3.25 and 9.75
        assertThat(summary.lowerQuartile()).isCloseTo(95.1065 + 0.25 * (95.1195 - 95.1065), within(1e-10));
        assertThat(summary.upperQuartile()).isCloseTo(95.1772 + 0.75 * (95.1937 - 95.1772), within(1e-10));
        assertThat(new org.apache.commons.math3.stat.descriptive.rank.Percentile().evaluate(gauge, 90))
                .isCloseTo(95.1981, within(1e-4));
    }

    /** Ranks as tables of the sign test give them, for example Conover 1999, and the exact coverage. */
    @ParameterizedTest
    @CsvSource({
        "6, 1, 6",
        "7, 1, 7",
        "8, 1, 8",
        "9, 2, 8",
        "10, 2, 9",
        "15, 4, 12",
        "20, 6, 15",
        "25, 8, 18",
        "30, 10, 21",
        "50, 18, 33",
        "100, 40, 61"
    })
    void intervalOfTheMedian(int n, int low, int high) {
        Summary summary = Summary.of(oneTo(n));
        assertThat(summary.interval()).isEqualTo(new Interval(low, high));
        assertThat(summary.median()).isEqualTo((n + 1) / 2.0);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "5"})
    void tooFewValuesGiveNoInterval(int n) {
        assertThat(Summary.of(oneTo(n)).interval()).isNull();
    }

    /** Of a skewed distribution with the median log 2; so many repetitions that chance is below one in a million. */
    @Test
    void theIntervalHoldsTheMedianAsOftenAsItSays() {
        Random random = new Random(7);
        int held = 0;
        for (int i = 0; i < 4000; i++) {
            double[] values = DoubleStream.generate(() -> -Math.log(1 - random.nextDouble()))
                    .limit(21)
                    .toArray();
            held += Interval.ofMedian(values, 0.95).holds(Math.log(2)) ? 1 : 0;
        }
        // the ranks 6 and 16 of 21 values cover 97.3 %
        assertThat(held / 4000.0).isBetween(0.955, 0.99);
    }

    @Test
    void aRatioIsBeyondNoiseWhereItsIntervalLeavesOutOne() {
        double[] fast = DoubleStream.iterate(1.00, x -> x + 0.001).limit(21).toArray();
        double[] slow = DoubleStream.iterate(2.00, x -> x + 0.001).limit(21).toArray();
        Ratio ratio = Ratio.of(slow, fast);
        assertThat(ratio.value()).isCloseTo(2.01 / 1.01, within(1e-9));
        // 97.5 % for each: ranks 5 and 17
        assertThat(ratio.interval().low()).isCloseTo(2.004 / 1.016, within(1e-9));
        assertThat(ratio.interval().high()).isCloseTo(2.016 / 1.004, within(1e-9));
        assertThat(ratio.verdict()).isEqualTo(Ratio.Verdict.FASTER);
        assertThat(ratio).hasToString("1.99 [1.97, 2.01]");

        assertThat(Ratio.of(fast, slow).verdict()).isEqualTo(Ratio.Verdict.SLOWER);
        assertThat(Ratio.of(fast, fast).verdict()).isEqualTo(Ratio.Verdict.LEVEL);
        assertThat(Ratio.of(new double[] {9, 9, 9}, new double[] {1, 1, 1}).verdict())
                .as("three values prove nothing")
                .isEqualTo(Ratio.Verdict.NONE);
        assertThat(Ratio.of(new double[] {1}, new double[] {1}).verdict()).isEqualTo(Ratio.Verdict.NONE);
    }
}
