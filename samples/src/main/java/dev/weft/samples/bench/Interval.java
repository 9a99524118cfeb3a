package dev.weft.samples.bench;

import java.util.Arrays;
import org.apache.commons.math3.distribution.BinomialDistribution;

/** An interval of confidence. */
public record Interval(double low, double high) {

    /**
     * The interval between two of the values that holds the median of their distribution with at least the given
     * confidence. How many values lie below the median is binomially distributed with p = 1/2, whatever the distribution
     * is, so the ranks follow from that (Conover 1999, Practical Nonparametric Statistics, section 3.2).
     *
     * @return null where there are too few values
     */
    static Interval ofMedian(double[] values, double confidence) {
        int rank = lowerRank(values.length, confidence);
        if (rank == 0) {
            return null;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Interval(sorted[rank - 1], sorted[values.length - rank]);
    }

    /** The largest rank l, from 1, so that values l and n + 1 - l in order enclose the median; 0 if there is none. */
    static int lowerRank(int n, double confidence) {
        BinomialDistribution below = new BinomialDistribution(null, n, 0.5);
        int rank = 0;
        while (rank < n / 2 && 2 * below.cumulativeProbability(rank) <= 1 - confidence) {
            rank++;
        }
        return rank;
    }

    boolean holds(double value) {
        return low <= value && value <= high;
    }
}
