package dev.weft.backend;

import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A program bound to memory, with everything allocated and every kernel chosen. {@link #run} allocates nothing and looks
 * nothing up. For one thread at a time.
 */
public interface Executable extends AutoCloseable {

    /** The program that was bound. */
    Program program();

    /** The memory for transient tensors, shared by the executables that were bound together. */
    long arenaBytes();

    /**
     * Starts the steps; may return before they are done. {@link #metrics}, {@link #nonFiniteStep} and {@link #read} wait
     * for them.
     */
    void run(StepRange steps);

    /**
     * The metrics of the last run, step by step, each in the order of {@link Program#metrics}.
     *
     * @param into at least count x metrics long
     */
    void metrics(double[] into);

    /** The first step of the last run whose loss or gradient was not finite, or -1. From there on nothing was updated. */
    long nonFiniteStep();

    /** How the program is executed, in order: which ops at once, by which kernels. */
    default List<Stage> stages() {
        return program().ops().stream()
                .map(op -> new Stage(List.of(op), List.of()))
                .toList();
    }

    /**
     * Ops that are executed at once.
     *
     * @param launches what runs on the device; empty for a backend without kernels to launch
     */
    record Stage(List<Op> ops, List<KernelLaunch> launches) {}

    /**
     * A launch of a kernel on a GPU, or a call of a library.
     *
     * @param grid blocks, for example {@code 16x8}; empty for a library, which keeps what follows to itself
     * @param block threads of a block
     * @param registers of a thread
     * @param sharedBytes shared memory of a block
     */
    record KernelLaunch(String kernel, String grid, int block, int registers, int sharedBytes) {
        /** A call of a library. */
        public static KernelLaunch ofLibrary(String function) {
            return new KernelLaunch(function, "", 0, 0, 0);
        }

        /** Whether a library does it. */
        public boolean library() {
            return grid.isEmpty();
        }
    }

    /** Runs one step op by op, for finding faults. */
    void trace(StepRange step, Observer observer);

    /**
     * Runs one step {@linkplain #stages stage} by stage, for {@link #timeTraced}: with the kernels that {@link #run} executes,
     * also where {@link #trace} fuses less. No tensors are read or written meanwhile.
     */
    default void traceStages(StepRange step, Observer observer) {
        trace(step, observer);
    }

    /**
     * For {@link Observer#after}: executes the ops that were just traced again and again, by the same kernels on the same
     * operands, and measures the time by the device's own clock where it has one. That leaves out what the host does in
     * between.
     *
     * @param times how many executions
     * @return seconds for all of them together; empty if the backend cannot measure this
     */
    default OptionalDouble timeTraced(int times) {
        return OptionalDouble.empty();
    }

    /** Writes an input, or within {@link #trace} any tensor that is alive. */
    void write(TensorRef tensor, HostTensor values);

    /** Reads an output, a persistent tensor, or within {@link #trace} any tensor that is alive. */
    HostTensor read(TensorRef tensor);

    @Override
    void close();

    /** Looks on while a program is traced. Fused ops come together. */
    interface Observer {
        /** Called before the ops run; their inputs can be read. */
        default void before(List<Op> ops) {}

        /** Called after the ops have run; their outputs can be read. */
        default void after(List<Op> ops) {}
    }
}
