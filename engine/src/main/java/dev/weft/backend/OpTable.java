package dev.weft.backend;

import dev.weft.op.Op;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * One entry for each kind of op: how a backend makes a kernel of it.
 *
 * @param <C> what kernels are made from, besides the op
 * @param <K> the kernels
 */
public final class OpTable<C, K> {
    private final Map<Class<? extends Op>, BiFunction<Op, C, K>> entries = new LinkedHashMap<>();

    /** Adds the entry for one kind of op. */
    public <T extends Op> OpTable<C, K> on(Class<T> kind, BiFunction<T, C, K> entry) {
        if (entries.put(kind, (op, context) -> entry.apply(kind.cast(op), context)) != null) {
            throw new IllegalStateException("two entries for " + kind.getSimpleName());
        }
        return this;
    }

    /** Makes the kernel of an op. */
    public K make(Op op, C context) {
        BiFunction<Op, C, K> entry = entries.get(op.getClass());
        if (entry == null) {
            throw new IllegalStateException("no kernel for op " + op.name());
        }
        return entry.apply(op, context);
    }

    /** The kinds of op that have an entry. */
    public Set<Class<? extends Op>> kinds() {
        return entries.keySet();
    }

    /** Every kind of op that there is: the records that {@link Op} permits. */
    public static Set<Class<? extends Op>> allKinds() {
        Set<Class<? extends Op>> kinds = new LinkedHashSet<>();
        Deque<Class<?>> pending = new ArrayDeque<>();
        pending.add(Op.class);
        while (!pending.isEmpty()) {
            Class<?> next = pending.pop();
            if (next.isRecord()) {
                kinds.add(next.asSubclass(Op.class));
            } else {
                pending.addAll(java.util.List.of(next.getPermittedSubclasses()));
            }
        }
        return kinds;
    }
}
