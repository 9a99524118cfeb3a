package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lets HotSpot see the operations of the Vector API before any kernel runs, in a fifth of a second. A kernel that it compiles
 * without knowing the class of each vector keeps vectors on the heap, and does so for as long as the virtual machine lives.
 * Two things that it has not seen make it ignorant:
 *
 * <ul>
 *   <li>The methods inside the API are called with different operations and types. Where one was compiled for a single kind,
 *       the next kind fails a class check. These failures are counted again for every operation of a kernel, and one with
 *       more than a hundred ({@code PerMethodTrapLimit}) is compiled without assumptions on classes.
 *   <li>In a kernel of more than 8,000 bytecodes, with all that is inlined ({@code DesiredMethodLimit}), the classes come from
 *       profiles. A loop over many taps is compiled in its first calls, when what follows it has hardly run; from then on it
 *       runs compiled and is never profiled.
 * </ul>
 */
final class VectorOperations {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;

    /** Rounds after which the profiles of all methods inside the API have several kinds. */
    private static final int MIXED_ROUNDS = 200;

    /** Calls after which HotSpot trusts a profile, with its fast compiler and without. */
    private static final int PROFILED_CALLS = 6_000;

    private VectorOperations() {}

    static void show() {
        float[] x = new float[SPECIES.length()];
        int[] n = new int[INTS.length()];
        for (int i = 0; i < MIXED_ROUNDS; i++) {
            useAll(x, n);
        }
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        for (int i = 0; i < PROFILED_CALLS; i++) {
            FloatVector.fromArray(SPECIES, x, 0).add(one).div(one).intoArray(x, 0);
        }
    }

    /** Every operation that the kernels use. */
    private static void useAll(float[] x, int[] n) {
        FloatVector a = FloatVector.fromArray(SPECIES, x, 0);
        FloatVector b = FloatVector.broadcast(SPECIES, 1);
        FloatVector c = b.fma(a, FloatVector.zero(SPECIES))
                .add(a)
                .sub(b)
                .mul(a)
                .div(b)
                .max(a)
                .min(b);
        FloatVector d = c.abs().neg().sqrt();
        VectorMask<Float> mask = d.compare(VectorOperators.LT, 0).andNot(c.compare(VectorOperators.EQ, a));
        d.blend(c, mask).intoArray(x, 0);
        IntVector i = IntVector.fromArray(INTS, n, 0);
        IntVector j = i.add(IntVector.broadcast(INTS, 1))
                .sub(i)
                .lanewise(VectorOperators.ASHR, 1)
                .lanewise(VectorOperators.LSHL, 1);
        j.blend(1, mask.cast(INTS)).intoArray(n, 0);
        a.blend(j.reinterpretAsFloats(), j.compare(VectorOperators.EQ, i).cast(SPECIES))
                .reinterpretAsInts();
    }
}
