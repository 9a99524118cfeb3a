package dev.weft.cuda;

import dev.weft.DataException;
import dev.weft.backend.Kernels;
import dev.weft.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which candidates a backend takes.
 *
 * @param label for descriptions and records: {@code hand}, {@code tuned 0123456789abcdef}
 * @param candidates in the order in which they are asked
 * @param plan what goes before that order; none but for tuned kernels
 * @param tf32 whether library calls may round factors to TF32
 */
record KernelChoice(String label, List<Candidate> candidates, KernelPlan plan, boolean tf32) {

    KernelChoice {
        candidates = List.copyOf(candidates);
    }

    /** These candidates in this order. */
    static KernelChoice of(List<Candidate> candidates) {
        return new KernelChoice("hand", candidates, KernelPlan.NONE, false);
    }

    /** What a user has asked for. */
    static KernelChoice of(Kernels kernels) {
        String label = kernels.toString();
        return switch (kernels.source()) {
            case HAND -> new KernelChoice(label, Candidates.TABLE, KernelPlan.NONE, kernels.tf32());
            case CUBLAS -> new KernelChoice(label, preferring(Library.CUBLAS), KernelPlan.NONE, kernels.tf32());
            case CUDNN -> new KernelChoice(label, preferring(Library.CUDNN), KernelPlan.NONE, kernels.tf32());
            case TUNED -> tuned(KernelPlan.read(kernels.plan()));
        };
    }

    /** A library's candidates, and ours for what it does not do: fused forms only where they hold no op that it does. */
    private static List<Candidate> preferring(Library library) {
        List<Candidate> preferred = Candidates.LIBRARIES.stream()
                .filter(candidate -> candidate.library().equals(Optional.of(library)))
                .toList();
        Set<Class<? extends Op>> kinds = preferred.stream()
                .flatMap(candidate -> candidate.kind().stream())
                .collect(Collectors.toSet());
        return Stream.concat(
                        preferred.stream(),
                        Candidates.TABLE.stream()
                                .map(candidate -> candidate.kind().isPresent() ? candidate : without(kinds, candidate)))
                .toList();
    }

    private static Candidate without(Set<Class<? extends Op>> kinds, Candidate fused) {
        return Candidate.fused(
                fused.name(),
                (rest, binding) -> {
                    List<Op> ops = fused.match().apply(rest, binding);
                    return ops.stream().anyMatch(op -> kinds.contains(op.getClass())) ? List.of() : ops;
                },
                fused.bind());
    }

    /** The table, and those candidates of libraries that the plan names. */
    static KernelChoice tuned(KernelPlan plan) {
        Set<String> named = plan.candidates();
        List<Candidate> candidates = new ArrayList<>(Candidates.TABLE);
        Candidates.LIBRARIES.stream()
                .filter(candidate -> named.contains(candidate.name()))
                .forEach(candidates::add);
        Set<String> known = candidates.stream().map(Candidate::name).collect(Collectors.toSet());
        named.stream().filter(name -> !known.contains(name)).findFirst().ifPresent(name -> {
            throw new DataException("the kernel plan names " + name
                    + ", which this version does not have; make it anew with weft tune");
        });
        return new KernelChoice("tuned " + plan.digest(), candidates, plan, plan.tf32());
    }

    /** The libraries that have to be there. */
    Set<Library> libraries() {
        return candidates.stream()
                .flatMap(candidate -> candidate.library().stream())
                .collect(Collectors.toSet());
    }
}
