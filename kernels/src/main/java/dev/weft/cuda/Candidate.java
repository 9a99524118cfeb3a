package dev.weft.cuda;

import dev.weft.op.Op;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;

/**
 * A way to execute an op, or several consecutive ops at once. The table of all of them is {@link Candidates}.
 *
 * @param name unique, for messages and tests
 * @param library whose calls it makes; empty where it launches kernels of our own
 * @param deterministic whether it gives the same bits in every run
 * @param kind the kind of op that it executes alone; empty where it executes several ops at once
 * @param match given the program from an op on, which no other candidate has taken: the ops, from the first on, that it
 *     executes at once; empty if it does not take them
 * @param bind the launches or library calls that execute the ops that {@code match} has taken
 */
record Candidate(
        String name,
        Optional<Library> library,
        boolean deterministic,
        Optional<Class<? extends Op>> kind,
        BiFunction<List<Op>, Binding, List<Op>> match,
        BiFunction<List<Op>, Binding, List<? extends Work>> bind) {

    /** A candidate for every op of one kind. */
    static <T extends Op> Candidate of(String name, Class<T> kind, BiFunction<T, Binding, List<? extends Work>> bind) {
        return of(name, kind, (op, binding) -> true, bind);
    }

    /** A candidate for those ops of one kind that it supports. */
    static <T extends Op> Candidate of(
            String name,
            Class<T> kind,
            BiPredicate<T, Binding> supports,
            BiFunction<T, Binding, List<? extends Work>> bind) {
        return single(name, Optional.empty(), kind, supports, bind);
    }

    /** A candidate that calls a library, for those ops of one kind that it supports. */
    static <T extends Op> Candidate library(
            Library library,
            String name,
            Class<T> kind,
            BiPredicate<T, Binding> supports,
            BiFunction<T, Binding, List<? extends Work>> bind) {
        return single(name, Optional.of(library), kind, supports, bind);
    }

    /** The same candidate, known to give other bits in another run. */
    Candidate nondeterministic() {
        return new Candidate(name, library, false, kind, match, bind);
    }

    private static <T extends Op> Candidate single(
            String name,
            Optional<Library> library,
            Class<T> kind,
            BiPredicate<T, Binding> supports,
            BiFunction<T, Binding, List<? extends Work>> bind) {
        return new Candidate(
                name,
                library,
                true,
                Optional.of(kind),
                (rest, binding) -> kind.isInstance(rest.get(0)) && supports.test(kind.cast(rest.get(0)), binding)
                        ? rest.subList(0, 1)
                        : List.of(),
                (ops, binding) -> bind.apply(kind.cast(ops.get(0)), binding));
    }

    /** A candidate for several consecutive ops. */
    static Candidate fused(
            String name,
            BiFunction<List<Op>, Binding, List<Op>> match,
            BiFunction<List<Op>, Binding, List<? extends Work>> bind) {
        return new Candidate(name, Optional.empty(), true, Optional.empty(), match, bind);
    }

    /** The op at a place of a list if it is of this kind, else null. */
    static <T extends Op> T at(List<Op> ops, int index, Class<T> kind) {
        return index < ops.size() && kind.isInstance(ops.get(index)) ? kind.cast(ops.get(index)) : null;
    }
}
