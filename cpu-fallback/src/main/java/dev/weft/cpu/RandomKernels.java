package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.random.Philox;

/** Tensors of random numbers. These are counted along the logical layout, so the whole batch is made row by row. */
final class RandomKernels {
    /** Elements of a part of the work: a multiple of 4, the elements that share a block of random words. */
    private static final int PART = 1024;

    private RandomKernels() {}

    /** What becomes of the random words of a part. */
    @FunctionalInterface
    private interface Body {
        /**
         * @param from the first element
         * @param n elements
         * @param thread number of the executing thread, for scratch memory
         */
        void run(int[] words, int from, int n, int thread);
    }

    /**
     * @param wordsEach random words of an element
     */
    private static Kernel forEachPart(int elements, long seed, int stream, int wordsEach, Binding binding, Body body) {
        Step step = binding.step();
        int[][] words = new int[binding.threads()][PART * wordsEach];
        return Kernel.whole(new Phase((elements + PART - 1) / PART, (part, thread) -> {
            int from = part * PART;
            int n = Math.min(elements - from, PART);
            int[] own = words[thread];
            int block = from / 4 * wordsEach;
            for (int i = 0; i < n * wordsEach; i += 4) {
                Philox.words(seed, stream, step.number, block++, own, i);
            }
            body.run(own, from, n, thread);
        }));
    }

    static Kernel uniform(Op.RandomUniform op, Binding binding) {
        Reals y = binding.reals(op.y());
        float low = (float) op.low();
        float range = (float) (op.high() - op.low());
        return forEachPart(op.y().elements(), op.seed(), op.stream(), 1, binding, (words, from, n, thread) -> {
            int at = y.at + from;
            for (int i = 0; i < n; i++) {
                y.a[at + i] = low + range * ((words[i] >>> 8) * 0x1p-24f);
            }
        });
    }

    static Kernel normal(Op.RandomNormal op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals y = binding.reals(op.y());
        float mean = (float) op.mean();
        float deviation = (float) op.deviation();
        float[][] quarters = new float[binding.threads()][PART];
        return forEachPart(op.y().elements(), op.seed(), op.stream(), 2, binding, (words, from, n, thread) -> {
            int at = y.at + from;
            float[] own = quarters[thread];
            for (int i = 0; i < n; i++) {
                // as signed numbers: words from 2^31 on are those of numbers u from 1/2 on, and become u - 1
                y.a[at + i] = (words[2 * i] + 0.5f) * 0x1p-32f;
                own[i] = (distanceFromHalf(words[2 * i + 1]) - (1 << 30) + 0.5f) * 0x1p-30f;
            }
            primitives.normal(y.a, at, own, mean, deviation, n);
        });
    }

    /** How far word + 1/2 is from 2^31, less 1/2. */
    private static int distanceFromHalf(int word) {
        int signed = word ^ Integer.MIN_VALUE;
        return signed ^ (signed >> 31);
    }

    static Kernel bernoulli(Op.Bernoulli op, Binding binding) {
        Reals p = binding.reals(op.p());
        Reals y = binding.reals(op.y());
        return forEachPart(op.y().elements(), op.seed(), op.stream(), 1, binding, (words, from, n, thread) -> {
            for (int i = 0; i < n; i++) {
                float probability = p.a[p.at + from + i];
                // of doubles, which hold both sides exactly, the difference has the right sign; no branch, which the
                // processor
                // could only guess
                double difference = Integer.toUnsignedLong(words[i]) - probability * 0x1p32;
                long below = Double.doubleToRawLongBits(difference) >>> 63;
                y.a[y.at + from + i] = Float.isNaN(probability) ? Float.NaN : below;
            }
        });
    }
}
