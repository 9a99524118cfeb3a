package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import java.util.List;

/** Launches of {@code reduce.cu}. */
final class ReduceKernels {
    private static final int BLOCK = 256;

    /** Neighbouring columns of a group: 128 bytes. */
    private static final int COLUMNS = 32;

    /** Neighbouring threads of a group at least: they read 32 bytes. */
    private static final int GROUP = 8;

    /** Terms in a row from which on more lanes share them. */
    private static final int TERMS_OF_LANE = 16;

    /** Terms in a row from which on slots share them, where there are fewer blocks than {@link #BLOCKS}. */
    private static final int SHORTEST_SUM = 32;

    /** The most terms in a row. */
    private static final int LONGEST_SUM = 2048;

    /** Blocks that fill every device. */
    private static final int BLOCKS = 1024;

    private ReduceKernels() {}

    /**
     * How {@code x[A,R,B]} is shared out, which depends on the shape alone.
     *
     * @param logColumns threads side by side in a group, and
     * @param logLanes threads that share the terms, both as logarithms
     * @param part terms of a slot
     */
    record Plan(int a, int r, int b, int logColumns, int logLanes, int part) {
        static Plan of(int a, int r, int b) {
            Plan whole = whole(a, r, b);
            int terms = ceilDiv(r, 1 << whole.logLanes);
            int free = Math.min(ceilDiv(BLOCKS, whole.blocks()), ceilDiv(terms, SHORTEST_SUM));
            int slots = Math.max(free, ceilDiv(terms, LONGEST_SUM));
            return new Plan(a, r, b, whole.logColumns, whole.logLanes, ceilDiv(r, slots));
        }

        /** With one slot. */
        static Plan whole(int a, int r, int b) {
            int logColumns = log(Math.min(b, COLUMNS));
            int lanes = Math.min(r, Math.max(GROUP >> logColumns, ceilDiv(r, TERMS_OF_LANE)));
            return new Plan(a, r, b, logColumns, Math.min(log(lanes), log(BLOCK) - logColumns), r);
        }

        /** Blocks of a slot. */
        int blocks() {
            long groups = (long) a * ceilDiv(b, 1 << logColumns);
            int together = BLOCK >> logColumns + logLanes;
            return (int) ((groups + together - 1) / together);
        }

        int slots() {
            return ceilDiv(r, part);
        }
    }

    static List<Launch> reduce(Op.Reduce op, Binding binding) {
        Shape shape = op.x().shape();
        int r = shape.elements(op.from(), op.to());
        Plan plan = Plan.of(shape.elements(0, op.from()), r, shape.elements(op.to(), shape.rank()));
        int row = op.reducesBatch() ? r / shape.get(0) : 0;
        int mean = op.reduction() != Op.Reduction.MEAN ? 0 : op.reducesBatch() ? row : r;
        Object state = op.reducesBatch() ? Binding.STATE : Binding.NULL;
        if (plan.slots() == 1) {
            return List.of(launch(op, plan, state, row, mean, op.x(), op.y(), binding));
        }
        Plan combining = Plan.whole(plan.a, plan.slots(), plan.b);
        Object slots = binding.scratch(4L * plan.a * plan.slots() * plan.b);
        return List.of(
                launch(op, plan, state, row, 0, op.x(), slots, binding),
                launch(op, combining, state, 0, mean, slots, op.y(), binding));
    }

    private static Launch launch(
            Op.Reduce op, Plan plan, Object state, int row, int mean, Object x, Object y, Binding binding) {
        String kernel = op.reduction() == Op.Reduction.MAX ? "reduce_max" : "reduce_sum";
        Grid grid = Grid.of(plan.blocks(), plan.slots());
        return binding.launch(
                "reduce",
                kernel,
                grid,
                BLOCK,
                plan.a,
                plan.r,
                plan.b,
                plan.part,
                plan.logColumns,
                plan.logLanes,
                state,
                row,
                mean,
                x,
                y);
    }

    /** The logarithm of the smallest power of 2 that is not less. */
    private static int log(int n) {
        return 32 - Integer.numberOfLeadingZeros(n - 1);
    }

    private static int ceilDiv(int a, int b) {
        return (int) (((long) a + b - 1) / b);
    }
}
