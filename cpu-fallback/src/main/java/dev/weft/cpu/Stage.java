package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Ops that run together: either ops of the whole batch, one after the other, or tiled ops, which take one task of tiles
 * after the other through all of them.
 *
 * @param rows of the batch; 0 where the stage is not tiled
 */
record Stage(int rows, List<Op> ops) {
    /** The state that {@link Op.CheckFinite} writes and the updates read. */
    private static final TensorRef LATCH =
            TensorRef.persistent("latch", dev.weft.tensor.DType.REAL, dev.weft.tensor.Shape.of(1), Role.STATE);

    boolean tiled() {
        return rows > 0;
    }

    /** An op that has its place: whole ops have an even level, tiled ones an odd. */
    private record Placed(Op op, int level, int rows) {
        /** The lowest level at which another op can use what this one wrote or read. */
        int next(boolean tiled, boolean inTiles) {
            if (level % 2 == 0) {
                return tiled ? level + 1 : level;
            }
            if (!tiled) {
                return level + 1;
            }
            return inTiles && !Tiling.reduces(op) ? level : level + 2;
        }
    }

    /**
     * Sorts a program's ops into as few stages as their operands allow. Within a stage they keep their order.
     */
    static List<Stage> of(Program program) {
        Placement placement = new Placement(program);
        Map<TensorRef, Placed> writers = new HashMap<>();
        Map<TensorRef, List<Access>> persistent = new HashMap<>();
        List<Placed> placed = new ArrayList<>();
        for (Op op : program.ops()) {
            boolean tiled = placement.tiled(op);
            int level = tiled ? 1 : 0;
            for (TensorRef x : op.inputs()) {
                Placed writer = writers.get(x);
                if (writer != null) {
                    level = Math.max(level, writer.next(tiled, Tiling.inTiles(op, x)));
                }
            }
            List<Access> accesses = accesses(op);
            for (Access access : accesses) {
                for (Access earlier : persistent.getOrDefault(access.tensor.root(), List.of())) {
                    if (access.conflicts(earlier)) {
                        level = Math.max(level, earlier.by.next(tiled, false));
                    }
                }
            }
            Placed next = new Placed(op, level, tiled ? Tiling.rows(op) : 0);
            placed.add(next);
            op.outputs().forEach(y -> writers.put(y, next));
            for (Access access : accesses) {
                persistent
                        .computeIfAbsent(access.tensor.root(), root -> new ArrayList<>())
                        .add(access.by(next));
            }
        }
        placed.sort(Comparator.comparingInt(Placed::level).thenComparingInt(Placed::rows));
        List<Stage> stages = new ArrayList<>();
        for (int from = 0; from < placed.size(); ) {
            Placed first = placed.get(from);
            int end = from;
            List<Op> ops = new ArrayList<>();
            while (end < placed.size() && placed.get(end).level == first.level && placed.get(end).rows == first.rows) {
                ops.add(placed.get(end++).op);
            }
            stages.add(new Stage(first.rows, ops));
            from = end;
        }
        return stages;
    }

    /** Every op as a stage of its own, in the program's order. */
    static List<Stage> each(Program program) {
        Placement placement = new Placement(program);
        return program.ops().stream()
                .map(op -> new Stage(placement.tiled(op) ? Tiling.rows(op) : 0, List.of(op)))
                .toList();
    }

    /** Reading or writing of a tensor that outlives the step. */
    private record Access(TensorRef tensor, boolean write, Placed by) {
        /** Whether the order of the two matters. */
        boolean conflicts(Access earlier) {
            return (write || earlier.write)
                    && tensor.offset()
                            < earlier.tensor.offset() + earlier.tensor.shape().elements()
                    && earlier.tensor.offset()
                            < tensor.offset() + tensor.shape().elements();
        }

        Access by(Placed op) {
            return new Access(tensor, write, op);
        }
    }

    private static List<Access> accesses(Op op) {
        List<Access> accesses = new ArrayList<>();
        op.inputs().stream()
                .filter(x -> x.root().role().persistent() && x.root().role() != Role.DATA)
                .forEach(x -> accesses.add(new Access(x, false, null)));
        op.outputs().stream()
                .filter(y -> y.root().role().persistent())
                .forEach(y -> accesses.add(new Access(y, true, null)));
        if (op instanceof Op.CheckFinite) {
            accesses.add(new Access(LATCH, true, null));
        } else if (op instanceof Op.Update) {
            accesses.add(new Access(LATCH, false, null));
        }
        return accesses;
    }
}
