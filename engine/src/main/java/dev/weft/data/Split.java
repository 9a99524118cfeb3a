package dev.weft.data;

import dev.weft.DataException;
import java.util.Arrays;

/** Samples to train with, and others of the same kind to test with. */
public interface Split {
    /** The samples to train with. */
    Dataset train();

    /** The samples to test with. */
    Dataset test();

    /** A split into these two. */
    static Split of(Dataset train, Dataset test) {
        return new Pair(train, test);
    }

    /**
     * Splits a data set at random, in the same way for the same seed everywhere.
     *
     * @param testShare the part of the samples to test with, between 0 and 1; each side gets at least one sample
     * @throws DataException if there are fewer than two samples, or the share is not between 0 and 1
     */
    static Split random(Dataset data, double testShare, long seed) {
        if (!(testShare > 0 && testShare < 1)) {
            throw new DataException("the share of the test samples must be between 0 and 1, got " + testShare);
        }
        if (data.size() < 2) {
            throw new DataException("a split into training and test samples needs at least 2 samples, got 1");
        }
        // the epochs of a training, which count from 1, shuffle otherwise
        int[] order = Shuffle.order(data.size(), seed, 0);
        int test = (int) Math.max(1, Math.min(data.size() - 1, Math.round(testShare * data.size())));
        int train = data.size() - test;
        return of(
                data.select(Arrays.copyOfRange(order, 0, train)),
                data.select(Arrays.copyOfRange(order, train, data.size())));
    }

    /**
     * The two and nothing else.
     *
     * @param train the samples to train with
     * @param test the samples to test with
     */
    record Pair(Dataset train, Dataset test) implements Split {}
}
