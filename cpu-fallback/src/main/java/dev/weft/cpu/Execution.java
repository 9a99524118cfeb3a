package dev.weft.cpu;

import dev.weft.DeviceException;
import dev.weft.backend.Executable;
import dev.weft.backend.Executable.Observer;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A bound program with its memory: runs single steps, and reads and writes its tensors. */
final class Execution {
    private static final Observer NOBODY = new Observer() {};

    private final Program program;
    private final Binding binding;
    private final Binding.Form form;
    private final Arena arena;
    private final Workers workers;
    private final Reals[] metricPlaces;
    private final List<Phase> phases = new ArrayList<>();
    /** The instruction that is traced, or -1. */
    private int current = -1;

    Execution(Program program, Binding binding, Binding.Form form, Arena arena, Workers workers) {
        this.program = program;
        this.binding = binding;
        this.form = form;
        this.arena = arena;
        this.workers = workers;
        this.metricPlaces = program.metricValues().stream().map(binding::reals).toArray(Reals[]::new);
        binding.resolve(arena);
        binding.stages().forEach(this::addPhases);
    }

    /** The phases of a stage, for execution task by task. */
    private void addPhases(BoundStage stage) {
        List<Kernel> tiled = new ArrayList<>();
        for (int i = stage.first(); i <= stage.last(); i++) {
            Kernel kernel = binding.instructions().get(i).kernel();
            phases.addAll(List.of(kernel.before()));
            if (kernel.tiles() != null) {
                tiled.add(kernel);
            }
        }
        if (!tiled.isEmpty()) {
            Kernel.Body[] bodies = tiled.stream().map(Kernel::tiles).toArray(Kernel.Body[]::new);
            Task[] tasks = stage.tasks();
            phases.add(new Phase(tasks.length, (part, thread) -> {
                for (Kernel.Body body : bodies) {
                    body.run(tasks[part], thread, thread);
                }
            }));
        }
        tiled.forEach(kernel -> phases.addAll(List.of(kernel.after())));
    }

    /** What is executed together, in order. */
    List<Executable.Stage> stages() {
        return binding.instructions().stream()
                .filter(instruction -> !instruction.ops().isEmpty())
                .map(instruction -> new Executable.Stage(instruction.ops(), List.of()))
                .toList();
    }

    void begin() {
        if (form.mode() != MemoryMode.ARENA) {
            poisonAllButInputs();
        }
    }

    void runStep() {
        if (form.opByOp()) {
            traceStep(NOBODY);
        } else {
            for (int i = 0; i < phases.size(); i++) {
                workers.run(phases.get(i));
            }
        }
    }

    /** Runs a step op by op, fused ops together. */
    void traceStep(Observer observer) {
        for (BoundStage stage : binding.stages()) {
            for (current = stage.first(); current <= stage.last(); current++) {
                Binding.Instruction instruction = binding.instructions().get(current);
                if (!instruction.ops().isEmpty()) {
                    observer.before(instruction.ops());
                }
                run(stage, instruction.kernel());
                if (!instruction.ops().isEmpty()) {
                    observer.after(instruction.ops());
                }
                checkMemory(stage, instruction.ops());
            }
        }
        current = -1;
    }

    private void run(BoundStage stage, Kernel kernel) {
        for (Phase phase : kernel.before()) {
            workers.run(phase);
        }
        if (kernel.tiles() != null) {
            Task[] tasks = stage.tasks();
            workers.run(new Phase(tasks.length, (part, thread) -> kernel.tiles().run(tasks[part], part, thread)));
        }
        for (Phase phase : kernel.after()) {
            workers.run(phase);
        }
    }

    /** Runs the instruction that is being traced again, and says how many seconds that took. */
    double timeTraced(int times) {
        BoundStage stage = binding.stages().stream()
                .filter(next -> next.first() <= current && current <= next.last())
                .findFirst()
                .orElseThrow();
        Kernel kernel = binding.instructions().get(current).kernel();
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            run(stage, kernel);
        }
        return (System.nanoTime() - start) * 1e-9;
    }

    double metric(int number) {
        return metricPlaces[number].a[metricPlaces[number].at];
    }

    int metrics() {
        return metricPlaces.length;
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
                .map(input -> plan.block(binding.layouts().home(input)))
                .distinct()
                .sorted(Comparator.comparingLong(MemoryPlan.Block::offset))
                .toList();
    }

    /** After an op: are the guard bands whole; and what is read for the last time must not be read again. */
    private void checkMemory(BoundStage stage, List<Op> ops) {
        if (form.mode() == MemoryMode.ARENA) {
            return;
        }
        for (DType type : DType.values()) {
            checkBlocks(type, binding.plan(type), 0, ops);
            for (int frame = 0; stage.tiled() && frame < stage.frames(); frame++) {
                MemoryPlan plan = stage.framePlan(type);
                if (plan.size() > 0) {
                    checkBlocks(type, plan, stage.frameAt(type, frame), ops);
                }
            }
        }
    }

    private void checkBlocks(DType type, MemoryPlan plan, long from, List<Op> ops) {
        long broken = arena.firstBrokenGuard(type, plan, from);
        if (broken >= 0) {
            throw new DeviceException("%s wrote outside its tensors, at element %d of the %s memory"
                    .formatted(ops.isEmpty() ? "a conversion" : Program.describe(ops.get(0)), broken, type));
        }
        if (form.mode() == MemoryMode.POISONED_ARENA) {
            for (MemoryPlan.Block block : plan.blocks()) {
                if (block.last() == current) {
                    arena.poison(type, from + block.offset(), from + block.offset() + block.size());
                }
            }
        }
    }

    /** Writes a tensor to its memory; while tracing, in all layouts that are alive. */
    void write(TensorRef tensor, HostTensor values) {
        Layouts layouts = binding.layouts();
        for (Layouts.Key key : current < 0 ? List.of(layouts.home(tensor)) : layouts.all(tensor)) {
            if (!key.tiles()) {
                if (key.persistent() || alive(binding.plan(tensor.type()).block(key))) {
                    CpuMemory.write(tensor, values, array(key), at(key, tensor));
                    clearPadding(key, tensor);
                }
            } else if (alive(blockOfTiles(key))) {
                CpuMemory.checkFits(tensor, values);
                Conversions.write(tensor, values, binding.tiles(tensor), tasks(key), tiling(tensor));
            }
        }
    }

    /** Where rows are tiles as well, the lanes past the last row hold zeros. */
    private void clearPadding(Layouts.Key key, TensorRef tensor) {
        int end = at(key, tensor)
                + (int) binding.layouts().size(key, binding.primitives().lanes());
        for (int i = at(key, tensor) + tensor.elements(); i < end; i++) {
            java.lang.reflect.Array.setByte(array(key), i, (byte) 0);
        }
    }

    HostTensor read(TensorRef tensor) {
        Layouts.Key key = binding.layouts().home(tensor);
        return key.tiles()
                ? Conversions.read(tensor, binding.tiles(tensor), tasks(key), tiling(tensor))
                : CpuMemory.read(tensor, array(key), at(key, tensor));
    }

    private boolean alive(MemoryPlan.Block block) {
        return current < 0 || (block.first() <= current && current <= block.last());
    }

    private MemoryPlan.Block blockOfTiles(Layouts.Key key) {
        Layouts layouts = binding.layouts();
        DType type = key.tensor().type();
        return layouts.inFrame(key)
                ? binding.stages().get(layouts.stage(key)).framePlan(type).block(key)
                : binding.plan(type).block(key);
    }

    /** The tasks whose frames hold the tensor, or one of all tiles. */
    private Task[] tasks(Layouts.Key key) {
        Layouts layouts = binding.layouts();
        Tiling tiling = tiling(key.tensor());
        return layouts.inFrame(key)
                ? binding.stages().get(layouts.stage(key)).tasks()
                : new Task[] {new Task(0, tiling.tiles(), 0, tiling.slots())};
    }

    private Tiling tiling(TensorRef tensor) {
        return new Tiling(tensor.shape().get(0), binding.primitives().lanes());
    }

    private Object array(Layouts.Key key) {
        Object array = binding.persistent(key.tensor());
        return array != null ? array : arena.array(key.tensor().type());
    }

    private int at(Layouts.Key key, TensorRef tensor) {
        DType type = tensor.type();
        return key.persistent()
                ? (int) tensor.offset()
                : arena.at(type, binding.plan(type).block(key));
    }
}
