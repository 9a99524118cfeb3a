package dev.weft.data;

import dev.weft.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Sequences grouped by length, so that short ones are not padded to the length of the longest.
 *
 * @param all from the shortest to the longest
 * @param padding the part of all steps of all buckets that is padding, from 0 to below 1
 * @param saved the part of the steps of one data set, padded to the longest sequence, that the buckets do without: below 0 where
 *     rounding to whole steps costs more than grouping gains
 */
public record Buckets(List<Bucket> all, double padding, double saved) {

    /**
     * Sequences of similar length.
     *
     * @param steps the length to which all are padded, T
     * @param rows the numbers of the sequences, ascending
     * @param data their data set, as {@link Sequences#columns(int)} makes it
     */
    public record Bucket(int steps, int[] rows, Columns data) {}

    /** Takes a copy of the list. */
    public Buckets {
        all = List.copyOf(all);
    }

    /**
     * Groups sequences by the quantiles of their lengths: with n buckets, the first holds the shortest n-th part. Equal lengths are
     * never parted, so there may be fewer buckets. Within one, the sequences keep their order.
     *
     * @param most the most buckets, at least 1
     * @param multiple every bucket's T is rounded up to a multiple of this, at least 1
     * @throws DataException if a bound is below 1
     */
    public static Buckets of(Sequences sequences, int most, int multiple) {
        if (most < 1 || multiple < 1) {
            throw new DataException(
                    "buckets need a number and a multiple of at least 1, got %d and %d".formatted(most, multiple));
        }
        int[] lengths = sequences.lengths();
        int[] sorted = lengths.clone();
        Arrays.sort(sorted);
        TreeMap<Integer, List<Integer>> rows = new TreeMap<>();
        int count = Math.min(most, sorted.length);
        for (int i = 1; i <= count; i++) {
            int last = (int) (((long) i * sorted.length + count - 1) / count) - 1;
            rows.put(roundedUp(sorted[last], multiple), new ArrayList<>());
        }
        for (int i = 0; i < lengths.length; i++) {
            rows.ceilingEntry(lengths[i]).getValue().add(i);
        }
        List<Bucket> all = new ArrayList<>();
        double steps = 0;
        for (var bucket : rows.entrySet()) {
            int[] own = bucket.getValue().stream().mapToInt(Integer::intValue).toArray();
            all.add(new Bucket(bucket.getKey(), own, sequences.select(own).columns(bucket.getKey())));
            steps += (double) own.length * bucket.getKey();
        }
        double filled = IntStream.of(lengths).asLongStream().sum();
        double padded = (double) lengths.length * sorted[sorted.length - 1];
        return new Buckets(all, 1 - filled / steps, 1 - steps / padded);
    }

    private static int roundedUp(int length, int multiple) {
        long up = ((long) length + multiple - 1) / multiple * multiple;
        if (up > Integer.MAX_VALUE) {
            throw new DataException(
                    "a length of %,d has no multiple of %,d that an int holds".formatted(length, multiple));
        }
        return (int) up;
    }
}
