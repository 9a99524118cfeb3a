package dev.weft.cuda;

import dev.weft.DataException;
import dev.weft.DeviceException;
import dev.weft.backend.Kernels;
import dev.weft.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which candidates a backend takes.
 *
 * @param name one of {@link #NAMES}
 * @param candidates in the order in which they are asked
 * @param plan what goes before that order; none but for tuned kernels
 * @param tf32 whether library calls may round factors to TF32
 * @param nondeterministic whether candidates may be taken that give other bits in another run
 */
record KernelChoice(String name, List<Candidate> candidates, KernelPlan plan, boolean tf32, boolean nondeterministic) {
    private static final String HAND = "hand";
    private static final String CUBLAS = "cublas";
    private static final String CUDNN = "cudnn";

    /** The names that {@link Kernels#name} can have: our own kernels, a library's where it has the op, what a plan names. */
    static final List<String> NAMES = List.of(HAND, CUBLAS, CUDNN, Kernels.TUNED);

    KernelChoice {
        candidates = List.copyOf(candidates);
    }

    /** These candidates in this order. */
    static KernelChoice of(List<Candidate> candidates) {
        return new KernelChoice(HAND, candidates, KernelPlan.NONE, false, false);
    }

    /** What a user has asked for. */
    static KernelChoice of(Kernels kernels) {
        return switch (kernels.name()) {
            case Kernels.OWN_CHOICE, HAND -> hand(kernels);
            case CUBLAS -> preferring(Library.CUBLAS, kernels);
            case CUDNN -> preferring(Library.CUDNN, kernels);
            case Kernels.TUNED -> tuned(KernelPlan.read(kernels.plan()), kernels);
            default ->
                throw new DeviceException(
                        "there are no kernels '%s'; there are %s".formatted(kernels.name(), String.join(", ", NAMES)));
        };
    }

    private static KernelChoice hand(Kernels kernels) {
        return new KernelChoice(HAND, Candidates.TABLE, KernelPlan.NONE, kernels.tf32(), kernels.nondeterministic());
    }

    /** A library's candidates, and ours for what it does not do: fused forms only where they hold no op that it does. */
    private static KernelChoice preferring(Library library, Kernels kernels) {
        List<Candidate> preferred = hand(kernels).candidates(library);
        Set<Class<? extends Op>> kinds = preferred.stream()
                .flatMap(candidate -> candidate.kind().stream())
                .collect(Collectors.toSet());
        List<Candidate> candidates = new ArrayList<>(preferred);
        for (Candidate candidate : Candidates.TABLE) {
            candidates.add(candidate.kind().isPresent() ? candidate : without(kinds, candidate));
        }
        return new KernelChoice(
                kernels.name(), candidates, KernelPlan.NONE, kernels.tf32(), kernels.nondeterministic());
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

    /**
     * The table, and those candidates of libraries that the plan names.
     *
     * @param kernels what is allowed
     * @throws DataException if the plan names what this version does not have, or what is not allowed
     */
    static KernelChoice tuned(KernelPlan plan, Kernels kernels) {
        Set<String> named = plan.candidates();
        Set<String> unknown = new TreeSet<>(named);
        List<Candidate> candidates = new ArrayList<>(Candidates.TABLE);
        Candidates.LIBRARIES.stream()
                .filter(candidate -> named.contains(candidate.name()))
                .forEach(candidates::add);
        boolean nondeterministic = false;
        for (Candidate candidate : candidates) {
            unknown.remove(candidate.name());
            nondeterministic |= !candidate.deterministic();
        }
        if (!unknown.isEmpty()) {
            throw new DataException(
                    "the kernel plan names %s, which this version does not have; make it anew with weft tune"
                            .formatted(String.join(", ", unknown)));
        }
        allow(kernels.tf32() || !plan.tf32(), "was made with TF32", "--tf32");
        allow(kernels.nondeterministic() || !nondeterministic, "takes nondeterministic kernels", "--nondeterministic");
        return new KernelChoice(Kernels.TUNED, candidates, plan, plan.tf32(), nondeterministic);
    }

    private static void allow(boolean allowed, String what, String option) {
        if (!allowed) {
            throw new DataException(
                    "the kernel plan %s; allow that with %s, or make a plan without it".formatted(what, option));
        }
    }

    /** For descriptions and records: {@code hand}, {@code cudnn TF32}, {@code tuned 0123456789abcdef nondeterministic}. */
    String label() {
        return name
                + (plan.isEmpty() ? "" : " " + plan.digest())
                + (rounds() ? " TF32" : "")
                + (candidates.stream().allMatch(Candidate::deterministic) ? "" : " nondeterministic");
    }

    /** Whether factors of products may be rounded to TF32. */
    boolean rounds() {
        return tf32 && callsLibraries();
    }

    private boolean callsLibraries() {
        return !libraries().isEmpty();
    }

    /** The candidates of a library that are allowed. */
    List<Candidate> candidates(Library library) {
        return Candidates.LIBRARIES.stream()
                .filter(candidate -> candidate.library().equals(Optional.of(library)))
                .filter(candidate -> nondeterministic || candidate.deterministic())
                .toList();
    }

    /** The libraries that have to be there. */
    Set<Library> libraries() {
        return candidates.stream()
                .flatMap(candidate -> candidate.library().stream())
                .collect(Collectors.toSet());
    }
}
