package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.MemoryPlan;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import jcuda.driver.CUfunction;

/**
 * Chooses the candidates for a program and collects their launches and library calls. Candidates name tensors and scratch
 * memory in these; when all are made, memory is planned from what they name, and addresses take the places of names.
 */
final class Binding {
    /** Blocks begin at multiples of so many bytes, so that 16-byte loads are aligned and no two share a cache line. */
    static final long ALIGNMENT = 256;

    /** Argument for the address of the {@code StepState}. */
    static final Object STATE = new Object() {
        @Override
        public String toString() {
            return "step state";
        }
    };

    /** Argument for a null pointer. */
    static final Object NULL = new Object() {
        @Override
        public String toString() {
            return "null";
        }
    };

    private final Device device;
    private final Modules modules;
    private final Libraries libraries;
    private final Owned owned = new Owned();
    private final Predicate<TensorRef> streamed;
    private final int chunkSteps;
    private final MemoryPlan.Builder builder = new MemoryPlan.Builder();
    private final Map<TensorRef, Integer> readers = new HashMap<>();
    private final Map<TensorRef, Op> writers = new HashMap<>();
    private final Set<Op> fused = new HashSet<>();
    private int group;

    /**
     * A binding for one program.
     *
     * @param streamed which data sets stay in host memory
     * @param chunkSteps how many steps' rows of such data sets are copied together
     */
    Binding(Device device, Modules modules, Libraries libraries, Predicate<TensorRef> streamed, int chunkSteps) {
        this.device = device;
        this.modules = modules;
        this.libraries = libraries;
        this.streamed = streamed;
        this.chunkSteps = chunkSteps;
    }

    /** Ops that are executed at once, by which candidate and work. */
    record Group(Candidate candidate, List<Op> ops, List<? extends Work> work) {}

    /** Scratch memory for the ops of one group. */
    record Scratch(int group, int number, long bytes) {}

    /**
     * Argument for the address of an optimizer's table of rates: for each step its learning rate and corrections.
     *
     * @param optimizer its number in the program
     */
    record Rates(int optimizer) {}

    /** The device-side copy of the rows of this step and the next ones, of a data set that stays in host memory. */
    record Window(TensorRef data) {}

    /**
     * What {@link #plan} has found out.
     *
     * @param owned what library calls need as long as the program lives
     */
    record Planned(List<Group> groups, MemoryPlan plan, int chunkSteps, Owned owned) {}

    /** Chooses a candidate for every op and plans the memory. */
    Planned plan(Program program, KernelChoice kernels, MemoryMode mode) {
        try {
            return planAll(program, kernels, mode);
        } catch (RuntimeException e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    private Planned planAll(Program program, KernelChoice kernels, MemoryMode mode) {
        lookAt(program);
        program.inputs().forEach(this::use);
        List<Group> groups = new ArrayList<>();
        List<Op> rest = program.ops();
        while (!rest.isEmpty()) {
            group = groups.size();
            Group next = choose(rest, kernels);
            for (Work work : next.work) {
                for (Object argument : work.arguments()) {
                    if (argument instanceof TensorRef tensor) {
                        use(tensor);
                    } else if (argument instanceof Scratch scratch) {
                        builder.use(scratch, scratch.bytes, group);
                    }
                }
            }
            groups.add(next);
            if (next.ops.size() > 1) {
                fused.addAll(next.ops);
            }
            rest = rest.subList(next.ops.size(), rest.size());
        }
        group = groups.size();
        program.outputs().forEach(this::use);
        program.metricValues().forEach(this::use);
        return new Planned(groups, builder.plan(mode, ALIGNMENT), chunkSteps, owned);
    }

    /** What the plan names, else the first candidate that takes the op. */
    private Group choose(List<Op> rest, KernelChoice kernels) {
        Candidate taken = null;
        List<Op> takenOps = List.of();
        for (Candidate candidate : kernels.candidates()) {
            List<Op> ops = candidate.match().apply(rest, this);
            boolean planned = !ops.isEmpty() && kernels.plan().names(candidate, ops);
            if (planned || taken == null && !ops.isEmpty()) {
                taken = candidate;
                takenOps = ops;
            }
            if (planned || taken != null && kernels.plan().isEmpty()) {
                break;
            }
        }
        if (taken != null) {
            return new Group(taken, takenOps, taken.bind().apply(takenOps, this));
        }
        throw new IllegalStateException("no candidate for " + Program.describe(rest.get(0)));
    }

    /** Finds out who writes and who reads what. */
    void lookAt(Program program) {
        for (Op op : program.ops()) {
            op.inputs().forEach(x -> readers.merge(x, 1, Integer::sum));
            op.outputs().forEach(y -> writers.put(y, op));
        }
        program.outputs().forEach(y -> readers.merge(y, 1, Integer::sum));
        program.metricValues().forEach(y -> readers.merge(y, 1, Integer::sum));
    }

    private void use(TensorRef tensor) {
        if (!tensor.root().role().persistent()) {
            builder.use(tensor, bytes(tensor), group);
        }
    }

    static long bytes(TensorRef tensor) {
        return tensor.shape().elements() * width(tensor.type());
    }

    static int width(DType type) {
        return type == DType.U8 ? 1 : 4;
    }

    // ---------------------------------------------------------------- for candidates

    Device device() {
        return device;
    }

    /** Handles of cuBLAS and cuDNN. */
    Libraries libraries() {
        return libraries;
    }

    /** Takes what library calls need as long as the program lives. */
    Owned owned() {
        return owned;
    }

    /**
     * A launch of a kernel without dynamic shared memory.
     *
     * @param module the stem of the kernel's source file
     * @param arguments see {@link Launch}
     */
    Launch launch(String module, String kernel, Grid grid, int block, Object... arguments) {
        return new Launch(kernel, modules.function(module, kernel), grid, block, 0, arguments);
    }

    /** A launch of a kernel with {@code sharedBytes} of dynamic shared memory. */
    Launch launchShared(String module, String kernel, Grid grid, int block, int sharedBytes, Object... arguments) {
        return new Launch(kernel, modules.function(module, kernel), grid, block, sharedBytes, arguments);
    }

    /** A launch of a kernel that handles {@code elements} with a loop over the grid, 256 threads a block. */
    Launch elementWise(String module, String kernel, long elements, Object... arguments) {
        return elementWise(kernel, modules.function(module, kernel), elements, arguments);
    }

    /** The same for a kernel that {@link PtxWriter} has written. */
    Launch written(String kernel, String text, long elements, Object... arguments) {
        return elementWise(kernel, modules.written(kernel, text), elements, arguments);
    }

    /** The same with a grid of its own and {@code sharedBytes} of dynamic shared memory. */
    Launch written(String kernel, String text, Grid grid, int block, int sharedBytes, Object... arguments) {
        return new Launch(kernel, modules.written(kernel, text), grid, block, sharedBytes, arguments);
    }

    private Launch elementWise(String kernel, CUfunction function, long elements, Object... arguments) {
        int block = 256;
        long blocks = Math.min((elements + block - 1) / block, 32L * device.multiprocessors());
        return new Launch(kernel, function, Grid.of((int) Math.max(1, blocks)), block, 0, arguments);
    }

    private int scratchNumber;

    /** Memory for the current group alone; its content is undefined before. */
    Scratch scratch(long bytes) {
        return new Scratch(group, scratchNumber++, bytes);
    }

    /** Makes {@code y} the same memory as {@code x}. */
    void alias(TensorRef y, TensorRef x) {
        builder.alias(y, x);
    }

    /** Whether anything but these ops reads a tensor, so that it has to be written. */
    boolean readOutside(TensorRef tensor, List<Op> ops) {
        if (tensor.root().role().persistent()) {
            return true;
        }
        long inside = ops.stream()
                .flatMap(op -> op.inputs().stream())
                .filter(tensor::equals)
                .count();
        return readers.getOrDefault(tensor, 0) > inside;
    }

    /** The op that writes a tensor; none for what is there before the program. */
    Optional<Op> writer(TensorRef tensor) {
        return Optional.ofNullable(writers.get(tensor));
    }

    /** Whether an op before the current one is executed at once with others. */
    boolean fused(Op op) {
        return fused.contains(op);
    }

    /** The tensor where it has to be written, else {@link #NULL}. */
    Object ifReadOutside(TensorRef tensor, List<Op> ops) {
        return readOutside(tensor, ops) ? tensor : NULL;
    }

    /** Whether all these begin at multiples of 16 bytes, as 16-byte loads and stores need. */
    static boolean aligned16(TensorRef... tensors) {
        for (TensorRef tensor : tensors) {
            if (tensor.offset() * width(tensor.type()) % 16 != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether a data set stays in host memory, so that {@link Window} takes its place. */
    boolean streamed(TensorRef data) {
        return streamed.test(data);
    }

    /** How many steps fit into a {@link Window}: row n of step i of a run lies at {@code (i mod slots) batch + n}. */
    int slots() {
        return Streaming.slots(chunkSteps);
    }
}
