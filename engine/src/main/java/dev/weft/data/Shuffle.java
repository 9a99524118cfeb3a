package dev.weft.data;

import dev.weft.random.Philox;

/** The order in which an epoch visits the samples. */
public final class Shuffle {
    private Shuffle() {}

    /**
     * A random permutation of {@code 0 .. size - 1} (Fisher and Yates), the same for the same seed and epoch everywhere.
     */
    public static int[] order(int size, long seed, int epoch) {
        Philox.Sequence random = Philox.sequence(seed, "shuffle", epoch);
        int[] order = identity(size);
        for (int i = size - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }

    /** {@code 0 .. size - 1} as they are. */
    public static int[] identity(int size) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            order[i] = i;
        }
        return order;
    }
}
