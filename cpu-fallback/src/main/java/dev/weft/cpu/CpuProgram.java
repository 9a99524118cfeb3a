package dev.weft.cpu;

import dev.weft.DeviceException;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/** Runs the phases of all kernels, one after the other. */
final class CpuProgram implements Executable {
    private final Program program;
    private final MemoryMode mode;
    private final Binding binding;
    private final List<Binding.Instruction> instructions;
    private final Arena arena;
    private final Workers workers;
    private final Step step;
    private final Reals[] metricPlaces;
    private double[] metrics = {};
    private int stepsRun;
    private int traced;

    CpuProgram(
            Program program,
            MemoryMode mode,
            Binding binding,
            List<Binding.Instruction> instructions,
            Arena arena,
            Workers workers) {
        this.program = program;
        this.mode = mode;
        this.binding = binding;
        this.instructions = instructions;
        this.arena = arena;
        this.workers = workers;
        this.step = binding.step();
        this.metricPlaces = program.metrics().stream().map(binding::reals).toArray(Reals[]::new);
        binding.resolve(arena);
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public long arenaBytes() {
        return arena.bytes();
    }

    @Override
    public void run(StepRange steps) {
        begin(steps.count());
        for (int i = 0; i < steps.count(); i++) {
            step.set(steps, i, program.batch());
            for (int op = 0; op < instructions.size(); op++) {
                execute(op);
                checkMemory(op);
            }
            keepMetrics(i);
        }
    }

    @Override
    public void trace(StepRange steps, Observer observer) {
        if (steps.count() != 1) {
            throw new IllegalArgumentException("a trace takes one step, got " + steps.count());
        }
        begin(1);
        step.set(steps, 0, program.batch());
        for (int op = 0; op < instructions.size(); op++) {
            List<Op> executed = List.of(instructions.get(op).op());
            observer.before(executed);
            execute(op);
            traced = op;
            observer.after(executed);
            checkMemory(op);
        }
        keepMetrics(0);
    }

    @Override
    public OptionalDouble timeTraced(int times) {
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            execute(traced);
        }
        return OptionalDouble.of((System.nanoTime() - start) * 1e-9);
    }

    private void execute(int op) {
        for (Phase phase : instructions.get(op).phases()) {
            workers.run(phase);
        }
    }

    private void begin(int count) {
        step.nonFiniteStep = -1;
        stepsRun = count;
        if (metrics.length < count * metricPlaces.length) {
            metrics = new double[count * metricPlaces.length];
        }
        if (mode != MemoryMode.ARENA) {
            poisonAllButInputs();
        }
    }

    private void keepMetrics(int i) {
        for (int m = 0; m < metricPlaces.length; m++) {
            metrics[i * metricPlaces.length + m] = metricPlaces[m].a[metricPlaces[m].at];
        }
    }

    private void poisonAllButInputs() {
        for (DType type : DType.values()) {
            MemoryPlan plan = binding.plan(type);
            long from = 0;
            for (MemoryPlan.Block input : inputBlocks(type, plan)) {
                arena.poison(type, from, input.offset());
                from = input.offset() + input.size();
            }
            arena.poison(type, from, plan.size());
        }
    }

    private List<MemoryPlan.Block> inputBlocks(DType type, MemoryPlan plan) {
        return program.inputs().stream()
                .filter(input -> input.type() == type)
                .map(plan::block)
                .distinct()
                .sorted(Comparator.comparingLong(MemoryPlan.Block::offset))
                .toList();
    }

    /** After an op: are the guard bands whole; and what is read for the last time must not be read again. */
    private void checkMemory(int op) {
        if (mode == MemoryMode.ARENA) {
            return;
        }
        for (DType type : DType.values()) {
            MemoryPlan plan = binding.plan(type);
            long broken = arena.firstBrokenGuard(type, plan);
            if (broken >= 0) {
                throw new DeviceException("%s wrote outside its tensors, at element %d of the %s memory"
                        .formatted(Program.describe(program.ops().get(op)), broken, type));
            }
            if (mode == MemoryMode.POISONED_ARENA) {
                for (MemoryPlan.Block block : plan.blocks()) {
                    if (block.last() == op) {
                        arena.poison(type, block.offset(), block.offset() + block.size());
                    }
                }
            }
        }
    }

    @Override
    public void metrics(double[] into) {
        System.arraycopy(metrics, 0, into, 0, stepsRun * metricPlaces.length);
    }

    @Override
    public long nonFiniteStep() {
        return step.nonFiniteStep;
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        CpuMemory.write(tensor, values, array(tensor), at(tensor));
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        return CpuMemory.read(tensor, array(tensor), at(tensor));
    }

    private Object array(TensorRef tensor) {
        Object array = binding.persistent(tensor);
        return array != null ? array : arena.array(tensor.type());
    }

    private int at(TensorRef tensor) {
        return (int)
                (tensor.root().role().persistent()
                        ? tensor.offset()
                        : binding.plan(tensor.type()).block(tensor).offset());
    }

    @Override
    public void close() {}
}
