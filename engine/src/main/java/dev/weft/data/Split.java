package dev.weft.data;

import dev.weft.DataException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

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
        requireShare(testShare);
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
     * Splits a data set at random such that of each class about this share of the samples is for testing, and at least one
     * for training; in the same way for the same seed everywhere.
     *
     * @param testShare as in {@link #random}
     * @throws DataException if no class has two samples, the targets are values, or the share is not between 0 and 1
     */
    static Split stratified(Dataset data, double testShare, long seed) {
        requireShare(testShare);
        int[] order = Shuffle.order(data.size(), seed, 0);
        List<Integer> byClass = IntStream.of(order)
                .boxed()
                .sorted(Comparator.comparingInt(data::label))
                .toList();
        double share = Math.max(1, testShare * data.size()) / data.size();
        boolean[] tests = new boolean[data.size()];
        double due = 0;
        int label = -1;
        for (int row : byClass) {
            boolean firstOfClass = data.label(row) != label;
            label = data.label(row);
            due += share;
            if (due >= 0.5 && !firstOfClass) {
                tests[row] = true;
                due--;
            }
        }
        int[] test = IntStream.of(order).filter(row -> tests[row]).toArray();
        if (test.length == 0) {
            throw new DataException(
                    "a split into training and test samples needs a class with at least 2 samples, got %d samples of as many classes"
                            .formatted(data.size()));
        }
        return of(data.select(IntStream.of(order).filter(row -> !tests[row]).toArray()), data.select(test));
    }

    private static void requireShare(double testShare) {
        if (!(testShare > 0 && testShare < 1)) {
            throw new DataException("the share of the test samples must be between 0 and 1, got " + testShare);
        }
    }

    /**
     * The two and nothing else.
     *
     * @param train the samples to train with
     * @param test the samples to test with
     */
    record Pair(Dataset train, Dataset test) implements Split {}
}
