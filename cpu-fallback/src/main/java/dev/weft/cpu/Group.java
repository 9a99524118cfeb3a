package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Ops that are executed together.
 *
 * @param operands what they have in memory: all that they read and write, but for what only passes between them
 * @param pool the pooling whose backward op is fused with a ReLU's, else null; its value is one of the operands then
 * @param tiled whether the batch is taken in tiles
 */
record Group(List<Op> ops, List<TensorRef> operands, Op.MaxPool2d pool, boolean tiled) {

    static Group single(Op op, boolean tiled) {
        Set<TensorRef> operands = new LinkedHashSet<>(op.inputs());
        operands.addAll(op.outputs());
        return new Group(List.of(op), List.copyOf(operands), null, tiled);
    }

    /** Ops of which each but the first reads what the one before it writes, and nobody else does. */
    static Group chain(List<Op> ops, boolean tiled) {
        Set<TensorRef> operands = new LinkedHashSet<>();
        ops.forEach(op -> operands.addAll(op.inputs()));
        ops.forEach(op -> operands.addAll(op.outputs()));
        ops.subList(0, ops.size() - 1).forEach(op -> operands.removeAll(op.outputs()));
        return new Group(List.copyOf(ops), List.copyOf(operands), null, tiled);
    }

    /** The backward ops of a max-pooling and of the ReLU before it. */
    static Group poolBackward(Op.MaxPool2dBackward backward, Op.ActivationBackward relu, Op.MaxPool2d pool) {
        return new Group(
                List.of(backward, relu), List.of(backward.dy(), backward.argmax(), pool.y(), relu.dx()), pool, true);
    }

    Op first() {
        return ops.get(0);
    }

    /** The op of a kind, or null. */
    <T extends Op> T find(Class<T> kind) {
        return ops.stream().filter(kind::isInstance).map(kind::cast).findFirst().orElse(null);
    }

    boolean writes(TensorRef tensor) {
        return ops.stream().anyMatch(op -> op.outputs().contains(tensor));
    }

    /** Whether an operand is held in tiles. */
    boolean inTiles(TensorRef x) {
        List<Op> users = new ArrayList<>(ops);
        if (pool != null) {
            users.add(pool);
        }
        return tiled
                && users.stream()
                        .filter(op -> op.inputs().contains(x) || op.outputs().contains(x))
                        .allMatch(op -> Tiling.inTiles(op, x));
    }
}
