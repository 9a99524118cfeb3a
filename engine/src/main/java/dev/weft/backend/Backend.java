package dev.weft.backend;

import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Executes programs. Owns its device or threads; what it made must be closed before it. */
public interface Backend extends AutoCloseable {

    /** The name that it is asked for by: {@code cpu}. */
    String name();

    /** One line for people: device or threads, vector width. */
    String description();

    /**
     * Which kernels it takes, for records: {@code hand}, or {@code tuned} with the digest of the plan. Empty where there is
     * no choice.
     */
    default String kernels() {
        return "";
    }

    /** Half the distance from 1 to the next number of its REAL: 2^-24 for float, 2^-53 for double. */
    double unitRoundoff();

    /** The ops that it has kernels for; all of them, or the conformance suite fails. */
    Set<Class<? extends Op>> ops();

    /**
     * Allocates persistent tensors, all zero.
     *
     * @throws dev.weft.OutOfDeviceMemoryException if they do not fit
     */
    Memory allocate(Collection<TensorRef> tensors);

    /**
     * Makes programs executable. They share one arena for their transient tensors, so only one of them runs at a time;
     * it is freed when the last of them is closed.
     *
     * @param memories hold all persistent tensors that the programs name
     * @throws dev.weft.OutOfDeviceMemoryException if the arena does not fit
     */
    List<Executable> bind(List<Program> programs, List<Memory> memories, MemoryMode mode);

    @Override
    void close();
}
