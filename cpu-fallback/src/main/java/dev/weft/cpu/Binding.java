package dev.weft.cpu;

import dev.weft.backend.Memory;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
    private final Step step = new Step();
    private final Map<TensorRef, Object> places = new HashMap<>();
    private final Map<Reals, Reals> scratch = new HashMap<>();
    private final Map<DType, MemoryPlan.Builder> builders = new EnumMap<>(DType.class);
    private Map<DType, MemoryPlan> plans;
    private int op;

    Binding(List<Memory> memories, int threads, Primitives primitives) {
        this.memories = memories;
        this.threads = threads;
        this.primitives = primitives;
        for (DType type : DType.values()) {
            builders.put(type, new MemoryPlan.Builder());
        }
    }

    /** Makes all kernels and plans the memory. */
    List<Instruction> instructions(Program program, MemoryMode mode) {
        program.inputs().forEach(this::use);
        List<Instruction> instructions = new ArrayList<>();
        for (op = 0; op < program.ops().size(); op++) {
            Op next = program.ops().get(op);
            if (next instanceof Op.Reshape reshape && shares(reshape)) {
                builders.get(reshape.x().type()).alias(reshape.y(), reshape.x());
            }
            next.inputs().forEach(this::use);
            next.outputs().forEach(this::use);
            instructions.add(new Instruction(next, CpuBackend.OPS.make(next, this)));
        }
        program.outputs().forEach(this::use);
        program.metrics().forEach(this::use);
        plans = new EnumMap<>(DType.class);
        builders.forEach((type, builder) -> plans.put(type, builder.plan(mode, ALIGNMENT)));
        return instructions;
    }

    /** An op and its work. */
    record Instruction(Op op, Phase[] phases) {}

    /** Whether both sides of a reshape lie in the arena and so can be the same memory. */
    static boolean shares(Op.Reshape op) {
        return !op.x().root().role().persistent() && !op.y().root().role().persistent();
    }

    private void use(TensorRef tensor) {
        if (!tensor.root().role().persistent()) {
            builders.get(tensor.type()).use(tensor, tensor.elements(), op);
        }
    }

    MemoryPlan plan(DType type) {
        return plans.get(type);
    }

    /** Fills in the places of transient tensors and scratch memory. */
    void resolve(Arena arena) {
        places.forEach((tensor, place) -> {
            Object array = persistent(tensor);
            int at = array != null
                    ? (int) tensor.offset()
                    : (int) plans.get(tensor.type()).block(tensor).offset();
            set(place, array != null ? array : arena.array(tensor.type()), at);
        });
        scratch.keySet()
                .forEach(place -> set(place, arena.array(DType.REAL), (int)
                        plans.get(DType.REAL).block(place).offset()));
    }

    private static void set(Object place, Object array, int at) {
        if (place instanceof Reals reals) {
            reals.a = (float[]) array;
            reals.at = at;
        } else if (place instanceof Ints ints) {
            ints.a = (int[]) array;
            ints.at = at;
        } else {
            ((Bytes) place).a = (byte[]) array;
            ((Bytes) place).at = at;
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

    Reals reals(TensorRef tensor) {
        return (Reals) places.computeIfAbsent(tensor, t -> new Reals(t.elements()));
    }

    Ints ints(TensorRef tensor) {
        return (Ints) places.computeIfAbsent(tensor, t -> new Ints());
    }

    Bytes bytes(TensorRef tensor) {
        return (Bytes) places.computeIfAbsent(tensor, t -> new Bytes());
    }

    /** Memory for the current op alone. */
    Reals scratch(long elements) {
        // more than an array holds is refused when the arena is allocated, before anything runs
        Reals place = new Reals((int) Math.min(elements, Integer.MAX_VALUE));
        scratch.put(place, place);
        builders.get(DType.REAL).use(place, elements, op);
        return place;
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
            body.run(from, Math.min(CHUNK, n - from));
        });
    }

    /** Elements {@code from} to {@code from + count - 1}. */
    @FunctionalInterface
    interface Range {
        void run(int from, int count);
    }
}
