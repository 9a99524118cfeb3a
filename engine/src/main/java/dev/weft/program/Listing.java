package dev.weft.program;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * A program as a backend executes it: kernel after kernel, each with the ops that it does at once, in three parts.
 *
 * @param kernels in the order of execution
 */
public record Listing(List<Kernel> kernels) {

    /** The part of a training step that an op belongs to. */
    public enum Part {
        /** The batch, the layers and the loss. */
        FORWARD,
        /** The gradients. */
        BACKWARD,
        /** The check for non-finite values and the change of the parameters. */
        UPDATE
    }

    /**
     * Ops that a backend does at once; one op, unless the backend fuses.
     *
     * @param part of its first op
     * @param ops in their order
     */
    public record Kernel(Part part, List<Op> ops) {}

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
        List<Op> ops = program.ops();
        int backward = backwardFrom(program);
        int update = backward;
        while (update < ops.size() && !(ops.get(update) instanceof Op.CheckFinite)) {
            update++;
        }
        List<Kernel> kernels = new ArrayList<>();
        for (List<Op> together : executed) {
            int at = ops.indexOf(together.get(0));
            kernels.add(new Kernel(at < backward ? Part.FORWARD : at < update ? Part.BACKWARD : Part.UPDATE, together));
        }
        return new Listing(kernels);
    }

    /** The backward ops begin where the gradient of the loss, the first metric, is written. */
    private static int backwardFrom(Program program) {
        List<Op> ops = program.ops();
        if (program.metrics().isEmpty()) {
            return ops.size();
        }
        String gradient = "d(" + program.metrics().get(0).name() + ")";
        int at = 0;
        while (at < ops.size()
                && ops.get(at).outputs().stream().map(TensorRef::name).noneMatch(gradient::equals)) {
            at++;
        }
        return at;
    }

    /** The kernels of one part. */
    public List<Kernel> kernels(Part part) {
        return kernels.stream().filter(kernel -> kernel.part() == part).toList();
    }
}
