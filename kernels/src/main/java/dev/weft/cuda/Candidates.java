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
