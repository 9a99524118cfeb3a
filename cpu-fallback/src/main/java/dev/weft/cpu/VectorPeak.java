package dev.weft.cpu;

import dev.weft.backend.Backend.PeakRates;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the processor is capable of: fused multiply-adds on registers, and copying arrays that are larger than its caches,
 * on all threads of a backend at once. The best of several rounds counts, since whatever disturbs makes it slower.
 */
final class VectorPeak {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    /** Independent sums: two units with a latency of four or five cycles need ten of them. */
    private static final int SUMS = 10;

    private static final int ITERATIONS = 2_000_000;

    /** Of a thread; two such arrays are larger than its share of any last-level cache. */
    private static final int COPIED_FLOATS = 1 << 24;

    private static final int ROUNDS = 12;

    private VectorPeak() {}

    static PeakRates measure(Workers workers) {
        int threads = workers.threads();
        float[][] results = new float[threads][];
        Phase multiply = new Phase(threads, (part, thread) -> results[part] = multiplyAdd(ITERATIONS));
        double flops = 2.0 * SUMS * SPECIES.length() * ITERATIONS * threads / bestSeconds(workers, multiply);

        float[][] from = new float[threads][COPIED_FLOATS];
        float[][] to = new float[threads][COPIED_FLOATS];
        Phase copy = new Phase(threads, (part, thread) -> copy(from[part], to[part]));
        double bytes = 2.0 * Float.BYTES * COPIED_FLOATS * threads / bestSeconds(workers, copy);
        return new PeakRates(
                flops,
                bytes,
                "fused multiply-adds of %d-bit vectors in registers, copy of %d MiB; %d thread%s"
                        .formatted(
                                SPECIES.vectorBitSize(),
                                (long) threads * COPIED_FLOATS * Float.BYTES >> 20,
                                threads,
                                threads == 1 ? "" : "s"));
    }

    private static double bestSeconds(Workers workers, Phase phase) {
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            workers.run(phase);
            best = Math.min(best, (System.nanoTime() - start) * 1e-9);
        }
        return best;
    }

    /** The sums are returned, so that the compiler cannot leave them out. They converge to 2. */
    private static float[] multiplyAdd(int iterations) {
        FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        // all different, or the compiler would keep one of them
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0.add(1);
        FloatVector s2 = s0.add(2);
        FloatVector s3 = s0.add(3);
        FloatVector s4 = s0.add(4);
        FloatVector s5 = s0.add(5);
        FloatVector s6 = s0.add(6);
        FloatVector s7 = s0.add(7);
        FloatVector s8 = s0.add(8);
        FloatVector s9 = s0.add(9);
        for (int i = 0; i < iterations; i++) {
            s0 = half.fma(s0, one);
            s1 = half.fma(s1, one);
            s2 = half.fma(s2, one);
            s3 = half.fma(s3, one);
            s4 = half.fma(s4, one);
            s5 = half.fma(s5, one);
            s6 = half.fma(s6, one);
            s7 = half.fma(s7, one);
            s8 = half.fma(s8, one);
            s9 = half.fma(s9, one);
        }
        FloatVector sum = FloatVector.zero(SPECIES)
                .add(s0)
                .add(s1)
                .add(s2)
                .add(s3)
                .add(s4)
                .add(s5)
                .add(s6)
                .add(s7)
                .add(s8)
                .add(s9);
        float[] result = new float[SPECIES.length()];
        sum.intoArray(result, 0);
        return result;
    }

    private static void copy(float[] from, float[] to) {
        System.arraycopy(from, 0, to, 0, from.length);
    }
}
