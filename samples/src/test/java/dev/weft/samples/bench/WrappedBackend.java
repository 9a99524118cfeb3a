package dev.weft.samples.bench;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A backend that executes other ops in the place of some, or says that it is emulated. */
record WrappedBackend(Backend good, boolean emulated, UnaryOperator<Op> replacement) implements Backend {
    @Override
    public String name() {
        return good.name();
    }

    @Override
    public String description() {
        return good.description();
    }

    @Override
    public double unitRoundoff() {
        return good.unitRoundoff();
    }

    @Override
    public Set<Class<? extends Op>> ops() {
        return good.ops();
    }

    @Override
    public Memory allocate(Collection<TensorRef> tensors) {
        return good.allocate(tensors);
    }

    @Override
    public List<Executable> bind(List<Program> programs, List<Memory> memories, MemoryMode mode) {
        return good.bind(programs.stream().map(this::replaced).toList(), memories, mode);
    }

    private Program replaced(Program p) {
        List<Op> ops = p.ops().stream().map(replacement).toList();
        return new Program(p.name(), p.batch(), ops, p.inputs(), p.outputs(), p.metrics(), p.sections());
    }

    @Override
    public void close() {
        good.close();
    }
}
