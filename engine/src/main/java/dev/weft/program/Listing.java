package dev.weft.program;

import dev.weft.op.Op;
import java.util.List;

/**
 * A program as a backend executes it: kernel after kernel, each with the ops that it does at once, in three parts.
 *
 * @param kernels in the order of execution
 */
public record Listing(List<Kernel> kernels) {

    /**
     * Ops that a backend does at once; one op, unless the backend fuses.
     *
     * @param part of its first op
     * @param ops in their order
     */
    public record Kernel(Program.Part part, List<Op> ops) {}

    /** Copies the kernels. */
    public Listing {
        kernels = List.copyOf(kernels);
    }

    /**
     * Sorts executed ops into parts.
     *
     * @param executed the program's ops as a backend executes them; those that it does at once come together
     */
    public static Listing of(Program program, List<List<Op>> executed) {
        return new Listing(executed.stream()
                .map(together -> new Kernel(program.part(program.ops().indexOf(together.get(0))), together))
                .toList());
    }

    /** The kernels of one part. */
    public List<Kernel> kernels(Program.Part part) {
        return kernels.stream().filter(kernel -> kernel.part() == part).toList();
    }
}
