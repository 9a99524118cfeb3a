package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** In which layouts the tensors of a program are needed, row by row or in tiles, and by which stages. */
final class Layouts {
    private final Map<TensorRef, TensorRef> reshaped = new HashMap<>();
    private final Map<TensorRef, Uses> uses = new HashMap<>();

    /** A tensor's memory in one of the two layouts. */
    record Key(TensorRef tensor, boolean tiles) {
        boolean persistent() {
            return tensor.root().role().persistent();
        }
    }

    private static final class Uses {
        private final Set<Integer> tiledStages = new TreeSet<>();
        private boolean rows;
        private boolean byHost;
        private boolean writtenInTiles;
        private boolean input;
    }

    /**
     * @param groups for each stage, the ops that are executed together
     */
    Layouts(Program program, List<Stage> stages, List<List<Group>> groups) {
        for (Op op : program.ops()) {
            if (op instanceof Op.Reshape reshape && shares(reshape)) {
                reshaped.put(reshape.y(), canonical(reshape.x()));
            }
        }
        for (int stage = 0; stage < stages.size(); stage++) {
            for (Group group : groups.get(stage)) {
                for (TensorRef x : group.operands()) {
                    if (group.inTiles(x)) {
                        uses(x).tiledStages.add(stage);
                    } else {
                        uses(x).rows = true;
                    }
                }
            }
        }
        for (List<TensorRef> tensors : List.of(program.inputs(), program.outputs(), program.metricValues())) {
            tensors.forEach(x -> uses(x).byHost = true);
        }
        for (Stage stage : stages) {
            for (Op op : stage.ops()) {
                boolean writes = stage.tiled() && !(op instanceof Op.Reshape reshape && shares(reshape));
                op.outputs().stream()
                        .filter(y -> writes && Tiling.inTiles(op, y))
                        .forEach(y -> uses(y).writtenInTiles = true);
            }
        }
        for (TensorRef input : program.inputs()) {
            uses(input).input = true;
            uses(input).writtenInTiles =
                    !uses(input).rows && !uses(input).tiledStages.isEmpty();
        }
    }

    /** Whether both sides of a reshape can be the same memory, in rows as well as in tiles. */
    static boolean shares(Op.Reshape op) {
        return !op.x().root().role().persistent()
                && !op.y().root().role().persistent()
                && op.x().batched() == op.y().batched()
                && op.x().shape().rank() > 0
                && op.y().shape().rank() > 0
                && op.x().shape().get(0) == op.y().shape().get(0);
    }

    private TensorRef canonical(TensorRef tensor) {
        return reshaped.getOrDefault(tensor, tensor);
    }

    private Uses uses(TensorRef tensor) {
        return uses.computeIfAbsent(canonical(tensor), key -> new Uses());
    }

    /** Elements of a sample. */
    long sample(TensorRef tensor) {
        return tensor.shape().elements() / tensor.shape().get(0);
    }

    /** The memory of a tensor. */
    Key key(TensorRef tensor, boolean tiles) {
        return new Key(canonical(tensor), tiles && !same(tensor));
    }

    /**
     * Whether rows and tiles are the same memory: one element for each row lies in the same way in both. Whoever writes it
     * must fill the lanes past the last row, as tiled ops and the host do.
     */
    private boolean same(TensorRef tensor) {
        Uses all = uses(tensor);
        return !tensor.root().role().persistent()
                && tensor.shape().rank() > 0
                && tensor.shape().elements() == tensor.shape().get(0)
                && (all.writtenInTiles || all.input);
    }

    /** The memory that a tensor is written to, by an op or the host. */
    Key home(TensorRef tensor) {
        return key(tensor, uses(tensor).writtenInTiles);
    }

    /** Whether a tensor that tiled ops read is written row by row. */
    boolean arrivesInRows(TensorRef x) {
        return !home(x).tiles() && key(x, true).tiles();
    }

    boolean neededInRows(TensorRef y) {
        return uses(y).rows && home(y).tiles();
    }

    /** Whether the memory is needed by one stage only, task by task. */
    boolean inFrame(Key key) {
        Uses all = uses.get(key.tensor);
        return key.tiles
                && all.tiledStages.size() == 1
                && !(all.byHost && home(key.tensor).equals(key));
    }

    /** The stage that has the memory in its frames. */
    int stage(Key key) {
        return uses.get(key.tensor).tiledStages.iterator().next();
    }

    /** Elements of the memory. */
    long size(Key key, int lanes) {
        TensorRef tensor = key.tensor;
        if (!key.tiles && !same(tensor)) {
            return tensor.shape().elements();
        }
        return (long) new Tiling(tensor.shape().get(0), lanes).tiles() * lanes * sample(tensor);
    }

    /** The layouts that a tensor has memory for, the one that it is written to first. */
    List<Key> all(TensorRef tensor) {
        Uses all = uses(tensor);
        Set<Key> keys = new LinkedHashSet<>();
        keys.add(home(tensor));
        if (all.rows) {
            keys.add(key(tensor, false));
        }
        if (!all.tiledStages.isEmpty()) {
            keys.add(key(tensor, true));
        }
        return new ArrayList<>(keys);
    }
}
