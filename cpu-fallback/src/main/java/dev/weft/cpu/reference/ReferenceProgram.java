package dev.weft.cpu.reference;

import dev.weft.backend.Memory;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the ops one after the other; every transient tensor has memory of its own. */
final class ReferenceProgram implements ReferenceExecutable {
    private final Program program;
    private final boolean poison;
    private final Tensors tensors = new Tensors();
    private final Map<TensorRef, Cells> transients = new LinkedHashMap<>();
    private final List<Runnable> kernels = new ArrayList<>();
    private double[] metrics = {};

    ReferenceProgram(Program program, List<Memory> memories, MemoryMode mode) {
        this.program = program;
        this.poison = mode != MemoryMode.ARENA;
        for (Memory memory : memories) {
            ((ReferenceMemory) memory).roots().forEach(tensors::add);
        }
        program.inputs().forEach(this::allocate);
        for (Op op : program.ops()) {
            op.outputs().stream().filter(y -> !y.root().role().persistent()).forEach(this::allocate);
            kernels.add(ReferenceBackend.OPS.make(op, tensors));
        }
    }

    private void allocate(TensorRef tensor) {
        Cells cells = Cells.of(tensor);
        transients.put(tensor, cells);
        tensors.add(tensor, cells);
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public long arenaBytes() {
        return transients.values().stream()
                .mapToLong(c -> c.length() * 2L * Double.BYTES)
                .sum();
    }

    @Override
    public void run(StepRange steps) {
        begin(steps);
        for (int i = 0; i < steps.count(); i++) {
            tensors.step(i);
            kernels.forEach(Runnable::run);
            keepMetrics(i);
        }
    }

    @Override
    public void trace(StepRange step, Observer observer) {
        if (step.count() != 1) {
            throw new IllegalArgumentException("a trace takes one step, got " + step.count());
        }
        begin(step);
        for (int i = 0; i < kernels.size(); i++) {
            List<Op> op = List.of(program.ops().get(i));
            observer.before(op);
            kernels.get(i).run();
            observer.after(op);
        }
        keepMetrics(0);
    }

    private void begin(StepRange steps) {
        steps.checkFits(program);
        tensors.begin(steps, program.batch());
        metrics = new double[steps.count() * program.metrics().size()];
        if (poison) {
            transients.forEach((tensor, cells) -> {
                if (!program.inputs().contains(tensor)) {
                    cells.poison();
                }
            });
        }
    }

    private void keepMetrics(int step) {
        int count = program.metrics().size();
        for (int i = 0; i < count; i++) {
            metrics[step * count + i] =
                    tensors.cells(program.metrics().get(i).value()).get(0);
        }
    }

    @Override
    public void metrics(double[] into) {
        System.arraycopy(metrics, 0, into, 0, metrics.length);
    }

    @Override
    public long nonFiniteStep() {
        return tensors.nonFiniteStep();
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        ReferenceMemory.checkSame(tensor, values);
        tensors.cells(tensor).write(values);
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        return tensors.cells(tensor).read();
    }

    @Override
    public HostTensor magnitudes(TensorRef tensor) {
        return tensors.cells(tensor).readMagnitudes();
    }

    @Override
    public void close() {
        transients.clear();
    }
}
