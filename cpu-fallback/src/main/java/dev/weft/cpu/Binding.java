package dev.weft.cpu;

import dev.weft.backend.Memory;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the kernels of a program. Kernels ask it for the places of their tensors and for scratch memory; when all are
 * made, memory is planned and the places are filled in.
 */
final class Binding {
    /** Elements of a part of element-wise work; fixed, so that the cut does not depend on the number of threads. */
    private static final int CHUNK = 16_384;

    /** Blocks begin at multiples of so many elements: 64 bytes of float, a cache line. */
    private static final int ALIGNMENT = 16;

    private final List<Memory> memories;
    private final int threads;
    private final Primitives primitives;
    private final Form form;
    private final Step step;
    private final Layouts layouts;
    private final Map<Place, Object> places = new HashMap<>();
    private final List<Reals> scratch = new ArrayList<>();
    private final float[][][] blockArrays;
    private final Map<DType, MemoryPlan.Builder> builders = new EnumMap<>(DType.class);
    private final List<Instruction> instructions = new ArrayList<>();
    private final List<BoundStage> stages = new ArrayList<>();
    private Map<DType, MemoryPlan> plans;
    private final Set<Layouts.Key> converted = new HashSet<>();
    private BoundStage current;

    /**
     * How a program is executed.
     *
     * @param fused whether ops are fused and take their places in stages; else they run one by one in the program's order
     * @param opByOp whether all tiles go through an op before the next one begins; else a task of tiles goes through all ops
     *     of a stage, with frames for as many tasks as there are threads
     */
    record Form(boolean fused, boolean opByOp, MemoryMode mode) {}

    /** A tensor's memory, and whether a kernel sees it as an {@link Operand}. */
    private record Place(Layouts.Key memory, boolean operand) {}

    /**
     * Ops that are executed together, and their work.
     *
     * @param ops none for the conversion of a tensor from rows to tiles or back
     */
    record Instruction(List<Op> ops, Kernel kernel) {}

    Binding(List<Memory> memories, int threads, Primitives primitives, Step step, Program program, Form form) {
        this.memories = memories;
        this.threads = threads;
        this.blockArrays = new float[threads][0][];
        this.primitives = primitives;
        this.step = step;
        this.form = form;
        for (DType type : DType.values()) {
            builders.put(type, new MemoryPlan.Builder());
        }
        List<Stage> all = form.fused ? Stage.of(program) : Stage.each(program);
        List<List<Group>> groups = new ArrayList<>();
        for (Stage stage : all) {
            groups.add(
                    form.fused
                            ? Fusion.groups(stage, program)
                            : stage.ops().stream()
                                    .map(op -> Group.single(op, stage.tiled()))
                                    .toList());
        }
        layouts = new Layouts(program, all, groups);
        program.inputs().forEach(input -> useByHost(input, 0));
        for (int i = 0; i < all.size(); i++) {
            bind(all.get(i), groups.get(i));
        }
        int last = instructions.size();
        program.outputs().forEach(output -> useByHost(output, last));
        program.metricValues().forEach(metric -> useByHost(metric, last));
        plans = new EnumMap<>(DType.class);
        builders.forEach((type, builder) -> plans.put(type, builder.plan(form.mode, ALIGNMENT)));
    }

    private void bind(Stage stage, List<Group> groups) {
        current = new BoundStage(stage, primitives.lanes(), threads, form, instructions.size());
        stages.add(current);
        for (Group group : groups) {
            for (TensorRef x : group.operands()) {
                if (group.inTiles(x) && layouts.arrivesInRows(x) && converted.add(layouts.key(x, true))) {
                    add(List.of(), Conversions.toTiles(x, this), List.of(x), List.of(x));
                }
            }
            Kernel kernel = Fusion.kernel(group, this);
            List<TensorRef> tiles =
                    group.operands().stream().filter(group::inTiles).toList();
            List<TensorRef> rows =
                    group.operands().stream().filter(x -> !group.inTiles(x)).toList();
            add(group.ops(), kernel, tiles, rows);
            for (TensorRef y : tiles) {
                if (group.writes(y) && layouts.neededInRows(y)) {
                    add(List.of(), Conversions.toRows(y, this), List.of(y), List.of(y));
                }
            }
        }
        current.end(instructions.size() - 1, builders, ALIGNMENT);
    }

    private void add(List<Op> ops, Kernel kernel, List<TensorRef> tiles, List<TensorRef> rows) {
        int number = instructions.size();
        instructions.add(new Instruction(ops, kernel));
        // a place even for what no kernel asks for, so that a trace can see it
        tiles.forEach(this::tiles);
        tiles.forEach(x -> use(layouts.key(x, true), number));
        rows.forEach(x -> use(layouts.key(x, false), number));
    }

    private void use(Layouts.Key key, int number) {
        if (!key.persistent()) {
            long size = layouts.size(key, primitives.lanes());
            if (layouts.inFrame(key)) {
                current.useInFrame(key, size, number);
            } else {
                current.use(key.tensor().type(), key, size, number);
            }
        }
    }

    private void useByHost(TensorRef tensor, int number) {
        Layouts.Key key = layouts.home(tensor);
        if (!key.persistent()) {
            builders.get(tensor.type()).use(key, layouts.size(key, primitives.lanes()), number);
        }
    }

    List<Instruction> instructions() {
        return instructions;
    }

    List<BoundStage> stages() {
        return stages;
    }

    Layouts layouts() {
        return layouts;
    }

    MemoryPlan plan(DType type) {
        return plans.get(type);
    }

    /** Fills in the places of transient tensors and scratch memory. */
    void resolve(Arena arena) {
        stages.forEach(stage -> stage.resolve(arena, plans));
        places.forEach((place, object) -> {
            Layouts.Key key = place.memory;
            TensorRef tensor = key.tensor();
            if (layouts.inFrame(key)) {
                stages.get(layouts.stage(key)).placeInFrame((Operand) object, key, arena);
                return;
            }
            Object array = persistent(tensor);
            int at = array != null
                    ? (int) tensor.offset()
                    : arena.at(tensor.type(), plans.get(tensor.type()).block(key));
            set(object, array != null ? array : arena.array(tensor.type()), at);
        });
        for (Reals place : scratch) {
            set(
                    place,
                    arena.array(DType.REAL),
                    arena.at(DType.REAL, plans.get(DType.REAL).block(place)));
        }
    }

    private static void set(Object place, Object array, int at) {
        if (place instanceof Reals reals) {
            reals.a = (float[]) array;
            reals.at = at;
        } else if (place instanceof Ints ints) {
            ints.a = (int[]) array;
            ints.at = at;
        } else if (place instanceof Bytes bytes) {
            bytes.a = (byte[]) array;
            bytes.at = at;
        } else {
            ((Operand) place).placeWhole(array, at);
        }
    }

    /** The array of a persistent tensor, or null for a transient one. */
    Object persistent(TensorRef tensor) {
        if (!tensor.root().role().persistent()) {
            return null;
        }
        for (Memory memory : memories) {
            Object array = ((CpuMemory) memory).array(tensor.root());
            if (array != null) {
                return array;
            }
        }
        throw new IllegalArgumentException("no memory was given for " + tensor);
    }

    /** A tensor row by row. */
    Reals reals(TensorRef tensor) {
        return (Reals) places.computeIfAbsent(inRows(tensor, false), place -> new Reals(tensor.elements()));
    }

    Ints ints(TensorRef tensor) {
        return (Ints) places.computeIfAbsent(inRows(tensor, false), place -> new Ints());
    }

    Bytes bytes(TensorRef tensor) {
        return (Bytes) places.computeIfAbsent(inRows(tensor, false), place -> new Bytes());
    }

    private Place inRows(TensorRef tensor, boolean operand) {
        return new Place(layouts.key(tensor, false), operand);
    }

    /** A tensor as an op has it: in tiles, or row by row. */
    Operand operand(Op op, TensorRef tensor) {
        return tiled() && Tiling.inTiles(op, tensor) ? tiles(tensor) : rows(tensor);
    }

    /** A tensor in tiles. */
    Operand tiles(TensorRef tensor) {
        long tile = layouts.sample(tensor) * primitives.lanes();
        return (Operand) places.computeIfAbsent(new Place(layouts.key(tensor, true), true), k -> new Operand(tile));
    }

    /** A tensor row by row, for kernels that take it in either way. */
    Operand rows(TensorRef tensor) {
        return (Operand) places.computeIfAbsent(inRows(tensor, true), place -> new Operand(0));
    }

    /** Memory for the current op alone, or for all that follow it in its stage. */
    Reals scratch(long elements) {
        // more than an array holds is refused when the arena is allocated, before anything runs
        Reals place = new Reals((int) Math.min(elements, Integer.MAX_VALUE));
        scratch.add(place);
        current.use(DType.REAL, place, elements, instructions.size());
        return place;
    }

    /** Memory for one run of a tiled kernel on one thread. */
    ThreadScratch threadScratch(long elements) {
        return current.threadScratch(elements);
    }

    /**
     * Arrays for a block of elements each, for each thread so many at least; all kernels use the same, one after the other. For
     * loops that HotSpot's compiler makes vectors of.
     */
    float[][][] blockArrays(int count) {
        for (int thread = 0; thread < threads; thread++) {
            float[][] present = blockArrays[thread];
            if (present.length < count) {
                blockArrays[thread] = Arrays.copyOf(present, count);
                for (int i = present.length; i < count; i++) {
                    blockArrays[thread][i] = new float[Blocks.LENGTH];
                }
            }
        }
        return blockArrays;
    }

    /** Whether the stage that is being bound takes the batch in tiles. */
    boolean tiled() {
        return current.tiled();
    }

    /** How the tiled stage that is being bound cuts its batch. */
    Tiling tiling() {
        return current.tiling();
    }

    /** The state of the step that is running. */
    Step step() {
        return step;
    }

    int threads() {
        return threads;
    }

    Primitives primitives() {
        return primitives;
    }

    /** Work on each of {@code n} elements. */
    static Phase elementWise(int n, Range body) {
        return new Phase((n + CHUNK - 1) / CHUNK, (part, thread) -> {
            int from = part * CHUNK;
            body.run(from, Math.min(CHUNK, n - from), thread);
        });
    }

    /** Elements {@code from} to {@code from + count - 1}. */
    @FunctionalInterface
    interface Range {
        void run(int from, int count, int thread);
    }
}
