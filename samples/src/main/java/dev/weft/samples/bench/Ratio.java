package dev.weft.samples.bench;

import java.util.Locale;

/**
 * How many times as fast one side is as another: the ratio of the medians of their times, with an interval of 95 %
 * confidence. It is made of an interval of 97.5 % for each median, so that both hold at once with at least 95 %.
 *
 * @param interval null where there are too few values
 */
public record Ratio(double value, Interval interval) {
    private static final double EACH = 1 - (1 - Summary.CONFIDENCE) / 2;

    /**
     * The ratio of times.
     *
     * @param base times of the side to compare with
     * @param other times of the side whose speed is told
     */
    static Ratio of(double[] base, double[] other) {
        double value = Summary.of(base).median() / Summary.of(other).median();
        Interval baseTimes = Interval.ofMedian(base, EACH);
        Interval otherTimes = Interval.ofMedian(other, EACH);
        return new Ratio(
                value,
                baseTimes == null || otherTimes == null
                        ? null
                        : new Interval(baseTimes.low() / otherTimes.high(), baseTimes.high() / otherTimes.low()));
    }

    /** What a ratio says. */
    enum Verdict {
        FASTER,
        SLOWER,
        /** The interval holds 1: the difference may be noise. */
        LEVEL,
        /** Nothing: there are too few values for an interval, or the machine was busy. */
        NONE
    }

    /** What it says of times that were measured on an idle machine. */
    Verdict verdict() {
        if (interval == null) {
            return Verdict.NONE;
        }
        return interval.holds(1) ? Verdict.LEVEL : value > 1 ? Verdict.FASTER : Verdict.SLOWER;
    }

    /** For example {@code 1.83 [1.79, 1.88]}. */
    @Override
    public String toString() {
        return interval == null
                ? String.format(Locale.ROOT, "%.3g", value)
                : String.format(Locale.ROOT, "%.3g [%.3g, %.3g]", value, interval.low(), interval.high());
    }
}
