package dev.weft.cuda;

import dev.weft.op.Op;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The table of candidates. For each op of a program the first that takes it executes it. */
final class Candidates {
    /** Fused forms first, then single ops, the preferred form of each first. */
    static final List<Candidate> TABLE = List.of(
            Candidate.of("fill", Op.Fill.class, ElementWiseKernels::fill),
            Candidate.of("conv2d_general", Op.Conv2d.class, Conv2dKernels::forwardGeneral),
            Candidate.of(
                    "conv2d_input_gradient_general", Op.Conv2dInputGradient.class, Conv2dKernels::inputGradientGeneral),
            Candidate.of(
                    "conv2d_filter_gradient_general",
                    Op.Conv2dFilterGradient.class,
                    Conv2dKernels::filterGradientGeneral),
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
