package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Makes the Vector API look up every operation that the kernels use, once, before any kernel runs.
 *
 * <p>The API looks an operation up when it is first used, by a call whose target differs from one group of operations to the
 * next. Where HotSpot has compiled that look-up before it has seen all targets, each further one fails a class check. It
 * counts these failures again for every operation of a kernel, and a kernel with more than a hundred ({@code
 * PerMethodTrapLimit}) is compiled without assumptions on classes: its vectors go to the heap, for as long as the virtual
 * machine lives. One in six did that to the matrix products.
 */
final class VectorOperations {
    private VectorOperations() {}

    static void lookUp() {
        FloatVector x = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, 1);
        x.add(x).sub(x).mul(x).div(x).max(x).min(x).fma(x, x).abs().neg().sqrt();
        IntVector i = IntVector.broadcast(IntVector.SPECIES_PREFERRED, 1);
        i.add(i).sub(i).lanewise(VectorOperators.ASHR, 1).lanewise(VectorOperators.LSHL, 1);
    }
}
