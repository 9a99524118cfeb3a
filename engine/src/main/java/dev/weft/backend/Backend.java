package dev.weft.backend;

import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Executes programs. Owns its device or threads; what it made must be closed before it. */
public interface Backend extends AutoCloseable {

    /** The name that it is asked for by: {@code cpu}. */
    String name();

    /** One line for people: device or threads, vector width. */
    String description();

    /**
     * Which of its kernels it takes, for records: their name, for tuned ones the digest of the plan, and {@code TF32} and
     * {@code nondeterministic} where libraries are allowed that. Empty where there is no choice.
     */
    default String kernels() {
        return "";
    }

    /** Whether the device is only emulated, so that what is measured on it says nothing about speed. */
    default boolean emulated() {
        return false;
    }

    /**
     * Measures what the device is capable of, to compare kernels with; takes a second or so. Empty if the backend has no
     * way to find out.
     */
    default Optional<PeakRates> measurePeakRates() {
        return Optional.empty();
    }

    /**
     * What a device was seen to reach with code that does nothing else.
     *
     * @param flopsPerSecond multiplications and additions of float, a fused pair counted as two
     * @param bytesPerSecond bytes read and written by copying memory that no cache holds
     * @param how by what code, for people
     */
    record PeakRates(double flopsPerSecond, double bytesPerSecond, String how) {}

    /** Half the distance from 1 to the next number of its REAL: 2^-24 for float, 2^-53 for double. */
    double unitRoundoff();

    /**
     * Whether ops that take each row alone give it the same bits in a batch of any size. Else the size of the batch may decide
     * how a kernel, or a library, cuts its sums.
     */
    default boolean batchInvariant() {
        return false;
    }

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
