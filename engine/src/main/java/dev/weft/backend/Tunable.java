package dev.weft.backend;

import dev.weft.program.Program;
import java.nio.file.Path;
import java.util.List;

/** A backend that can find out which of its kernels are the fastest here. */
public interface Tunable {

    /**
     * Times every kernel for every op of programs, at their shapes and on this device, and writes what is fastest to a file
     * for {@link Kernels#tuned}.
     *
     * @param memories hold all persistent tensors that the programs name; what is in them is lost
     * @return what was measured, in the order of the programs
     * @throws dev.weft.DataException if the file cannot be written
     */
    List<Timing> tune(List<Program> programs, List<Memory> memories, Path plan);

    /**
     * The time of one candidate for some consecutive ops.
     *
     * @param ops with geometry and shapes
     * @param candidate its name
     * @param microseconds on the device
     * @param taken whether the plan takes it
     */
    record Timing(String ops, String candidate, double microseconds, boolean taken) {}
}
