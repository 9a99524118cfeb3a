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

    /** A sum is the addend and the result, as the instruction has it. All are returned, or the compiler would leave them out. */
    private static float[] multiplyAdd(int iterations) {
        FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
        FloatVector small = FloatVector.broadcast(SPECIES, 1e-3f);
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
            s0 = half.fma(small, s0);
            s1 = half.fma(small, s1);
            s2 = half.fma(small, s2);
            s3 = half.fma(small, s3);
            s4 = half.fma(small, s4);
            s5 = half.fma(small, s5);
            s6 = half.fma(small, s6);
            s7 = half.fma(small, s7);
            s8 = half.fma(small, s8);
            s9 = half.fma(small, s9);
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
