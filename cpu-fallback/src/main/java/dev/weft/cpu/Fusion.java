package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which ops of a stage are executed together. */
final class Fusion {
    private Fusion() {}

    static List<List<Op>> groups(Stage stage, Program program) {
        return stage.ops().stream().map(List::of).toList();
    }

    /** What is written and read within a group and needs no memory. */
    static Set<TensorRef> inner(List<Op> ops) {
        Set<TensorRef> inner = new HashSet<>();
        return inner;
    }

    static Kernel kernel(List<Op> ops, Binding binding) {
        return CpuBackend.OPS.make(ops.get(0), binding);
    }
}
