package dev.weft.cuda;

import dev.weft.cuda.MatMulKernels.Tile;
import dev.weft.op.Op;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The table of candidates. For each op of a program the first that takes it executes it. */
final class Candidates {
    private static final MatMulKernels MATMUL = new MatMulKernels(Tile.values());

    /** Fused forms first, then single ops, the preferred form of each first. */
    static final List<Candidate> TABLE = List.of(
            Candidate.fused("linear_forward", MatMulKernels::linearForwardOps, MATMUL::linearForward),
            Candidate.fused("linear_backward", MATMUL::linearBackwardOps, MATMUL::linearBackward),
            Candidate.of("matmul", Op.MatMul.class, MATMUL::product),
            Candidate.of("matmul_small", Op.MatMul.class, new MatMulKernels(Tile.SMALL)::product),
            Candidate.of("matmul_medium", Op.MatMul.class, new MatMulKernels(Tile.MEDIUM)::product),
            Candidate.of("matmul_large", Op.MatMul.class, new MatMulKernels(Tile.LARGE)::product),
            Candidate.of("add_bias", Op.AddBias.class, BiasKernels::addBias),
            Candidate.of("bias_gradient", Op.BiasGradient.class, BiasKernels::biasGradient),
            Candidate.of("fill", Op.Fill.class, ElementWiseKernels::fill),
            Candidate.of("activation_forward", Op.Activation.class, ElementWiseKernels::activation),
            Candidate.of("activation_backward", Op.ActivationBackward.class, ElementWiseKernels::activationBackward));

    private Candidates() {}

    /** The kinds of op that have a candidate of their own. */
    static Set<Class<? extends Op>> kinds() {
        Set<Class<? extends Op>> kinds = new LinkedHashSet<>();
        TABLE.forEach(candidate -> candidate.kind().ifPresent(kinds::add));
        return kinds;
    }
}
