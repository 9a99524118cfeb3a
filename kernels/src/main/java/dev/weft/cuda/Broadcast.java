package dev.weft.cuda;

import dev.weft.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Where the elements of a tensor find theirs in an operand that lacks some of its axes.
 *
 * @param runs of neighbouring axes that the operand has, or lacks, the innermost first; none where there is one element
 */
record Broadcast(List<Run> runs) {

    /** Axes as one: how long they are together, and whether they are the operand's own. */
    record Run(int length, boolean own) {}

    /** An operand that has these axes of a tensor, in ascending order. */
    static Broadcast of(Shape shape, List<Integer> axes) {
        List<Run> runs = new ArrayList<>();
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            int length = shape.get(axis);
            boolean own = axes.contains(axis);
            int last = runs.size() - 1;
            if (last >= 0 && runs.get(last).own == own) {
                runs.set(last, new Run(runs.get(last).length * length, own));
            } else if (length > 1) {
                runs.add(new Run(length, own));
            }
        }
        return new Broadcast(Collections.unmodifiableList(runs));
    }

    /** Whether the operand is as large as the tensor. */
    boolean whole() {
        return runs.stream().allMatch(Run::own);
    }

    /** Whether the operand is one number. */
    boolean single() {
        return !runs.isEmpty() && runs.stream().noneMatch(Run::own);
    }

    /** What an index is computed from: the {@link #divisor} of each run but the outermost; none where there is no need. */
    List<Integer> divisors() {
        return (whole() || single() ? List.<Run>of() : runs.subList(0, runs.size() - 1))
                .stream().flatMap(run -> divisor(run.length).stream()).toList();
    }

    /**
     * A divisor d with m and s, by which {@code floor(n / d) = floor(n m / 2^32) >> s} for all n below 2^31 (Granlund and
     * Montgomery, 1994): with {@code s + 1} bits in {@code d - 1}, m is {@code 2^(32 + s) / d}, rounded up.
     *
     * @param d at least 2
     */
    static List<Integer> divisor(int d) {
        int s = 31 - Integer.numberOfLeadingZeros(d - 1);
        long m = ((1L << 32 + s) + d - 1) / d;
        return List.of(d, (int) m, s);
    }
}
