package dev.weft.random;

import java.nio.charset.StandardCharsets;

/**
 * Philox 4x32-10, a counter-based random number generator: 128 random bits as a function of a 128-bit counter and a
 * 64-bit key (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi 10.1145/2063384.2063405). There is
 * no state, so any element can be computed anywhere, in any order, with the same result.
 *
 * <p>Weft's use of the counter: word 0 is the element index divided by 4 (the element takes output word {@code index mod
 * 4}), word 1 the stream, words 2 and 3 the step. The key is the seed.
 */
public final class Philox {
    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * One block: ten rounds on the counter {@code out[at .. at + 3]} with the key, in place.
     *
     * @param out from {@code at} on the counter, replaced by the random words
     */
    public static void block(int[] out, int at, int key0, int key1) {
        int c0 = out[at];
        int c1 = out[at + 1];
        int c2 = out[at + 2];
        int c3 = out[at + 3];
        for (int round = 0; round < 10; round++) {
            long product0 = Integer.toUnsignedLong(MULTIPLIER_0) * Integer.toUnsignedLong(c0);
            long product1 = Integer.toUnsignedLong(MULTIPLIER_1) * Integer.toUnsignedLong(c2);
            c0 = (int) (product1 >>> 32) ^ c1 ^ key0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ key1;
            c3 = (int) product0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        out[at] = c0;
        out[at + 1] = c1;
        out[at + 2] = c2;
        out[at + 3] = c3;
    }

    /**
     * The random words of elements {@code 4 blockIndex} to {@code 4 blockIndex + 3}.
     *
     * @param out receives four words
     */
    public static void words(long seed, int stream, long step, int blockIndex, int[] out) {
        words(seed, stream, step, blockIndex, out, 0);
    }

    /** The same, written to {@code out[at .. at + 3]}. */
    public static void words(long seed, int stream, long step, int blockIndex, int[] out, int at) {
        out[at] = blockIndex;
        out[at + 1] = stream;
        out[at + 2] = (int) step;
        out[at + 3] = (int) (step >>> 32);
        block(out, at, (int) seed, (int) (seed >>> 32));
    }

    /** The stable number of a named stream: the 32-bit FNV-1a hash of the name. */
    public static int stream(String name) {
        int hash = 0x811C9DC5;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x01000193;
        }
        return hash;
    }

    /** A sequence of random numbers from one stream at one step: elements 0, 1, 2 ... in order. */
    public static Sequence sequence(long seed, String stream, long step) {
        return new Sequence(seed, stream(stream), step);
    }

    /** Random numbers in order; for one thread. */
    public static final class Sequence {
        private final long seed;
        private final int stream;
        private final long step;
        private final int[] words = new int[4];
        private int blocks;
        private int used = 4;

        private Sequence(long seed, int stream, long step) {
            this.seed = seed;
            this.stream = stream;
            this.step = step;
        }

        /** The next 32 random bits. */
        public int nextInt() {
            if (used == 4) {
                words(seed, stream, step, blocks++, words);
                used = 0;
            }
            return words[used++];
        }

        /** Uniform in {@code 0 .. bound - 1}, without bias (Lemire 2019, arXiv 1805.10941). */
        public int nextInt(int bound) {
            long product = Integer.toUnsignedLong(nextInt()) * bound;
            long low = product & 0xFFFFFFFFL;
            if (low < bound) {
                long threshold = (0x1_0000_0000L - bound) % bound;
                while (low < threshold) {
                    product = Integer.toUnsignedLong(nextInt()) * bound;
                    low = product & 0xFFFFFFFFL;
                }
            }
            return (int) (product >>> 32);
        }

        /** Uniform in the open interval (0, 1), in steps of 2^-32. */
        public double nextUniform() {
            return (Integer.toUnsignedLong(nextInt()) + 0.5) * 0x1p-32;
        }

        /** Standard normal, by the transform of Box and Muller (1958). */
        public double nextNormal() {
            double radius = StrictMath.sqrt(-2 * StrictMath.log(nextUniform()));
            return radius * StrictMath.cos(2 * Math.PI * nextUniform());
        }
    }
}
