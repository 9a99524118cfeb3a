package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** Launches of {@code activation.cu}, {@code add.cu}, {@code dropout.cu} and {@code fill.cu}. */
final class ElementWiseKernels {
    /** In place of the ordinal of an {@link Op.Nonlinearity}: none. */
    static final int NO_FUNCTION = -1;

    private ElementWiseKernels() {}

    /** How many groups of four of {@code n} elements kernels may access at once: all whole ones, or none. */
    static int quads(int n, TensorRef... tensors) {
        return Binding.aligned16(tensors) ? n / 4 : 0;
    }

    /** Threads that {@code n} elements need, the first {@code 4 quads} of which are handled by fours. */
    static int threads(int n, int quads) {
        return Math.max(quads, n - 4 * quads);
    }

    static List<Launch> fill(Op.Fill op, Binding binding) {
        int n = op.y().elements();
        int quads = quads(n, op.y());
        return List.of(binding.elementWise("fill", "fill", threads(n, quads), n, quads, (float) op.value(), op.y()));
    }

    static List<Launch> activation(Op.Activation op, Binding binding) {
        int n = op.x().elements();
        int quads = quads(n, op.x(), op.y());
        return List.of(binding.elementWise(
                "activation",
                "activation_forward",
                threads(n, quads),
                n,
                quads,
                op.function().ordinal(),
                op.x(),
                op.y()));
    }

    static List<Launch> activationBackward(Op.ActivationBackward op, Binding binding) {
        int n = op.y().elements();
        int quads = quads(n, op.y(), op.dy(), op.dx());
        return List.of(binding.elementWise(
                "activation",
                "activation_backward",
                threads(n, quads),
                n,
                quads,
                op.function().ordinal(),
                op.y(),
                op.dy(),
                op.dx()));
    }

    static List<Launch> add(Op.Add op, Binding binding) {
        int n = op.y().elements();
        int quads = quads(n, op.a(), op.b(), op.y());
        return List.of(binding.elementWise("add", "add", threads(n, quads), n, quads, op.a(), op.b(), op.y()));
    }

    static List<Launch> dropout(Op.Dropout op, Binding binding) {
        int n = op.x().elements();
        int quads = quads(n, op.x(), op.y(), op.mask());
        return List.of(binding.elementWise(
                "dropout",
                "dropout_forward",
                (n + 3L) / 4,
                n,
                quads,
                op.threshold(),
                op.seed(),
                op.stream(),
                (float) op.scale(),
                Binding.STATE,
                op.x(),
                op.y(),
                op.mask()));
    }

    static List<Launch> dropoutBackward(Op.DropoutBackward op, Binding binding) {
        int quads = quads(op.dy().elements(), op.dy(), op.mask(), op.dx());
        return dropoutBackward(op, quads, NO_FUNCTION, Binding.NULL, op.dx(), binding);
    }

    private static List<Launch> dropoutBackward(
            Op.DropoutBackward op, int quads, int function, Object y, TensorRef dx, Binding binding) {
        int n = op.dy().elements();
        return List.of(binding.elementWise(
                "dropout",
                "dropout_backward",
                threads(n, quads),
                n,
                quads,
                (float) op.scale(),
                function,
                y,
                op.dy(),
                op.mask(),
                dx));
    }

    /** The gradients of a dropout and of the activation before it. */
    static List<Op> matchDropoutActivationBackward(List<Op> rest, Binding binding) {
        Op.DropoutBackward dropout = Candidate.at(rest, 0, Op.DropoutBackward.class);
        return dropout == null ? List.of() : withActivationBackward(rest, dropout.dx(), binding);
    }

    static List<Launch> dropoutActivationBackward(List<Op> ops, Binding binding) {
        Op.DropoutBackward dropout = (Op.DropoutBackward) ops.get(0);
        Op.ActivationBackward activation = (Op.ActivationBackward) ops.get(1);
        int quads = quads(dropout.dy().elements(), activation.y(), dropout.dy(), dropout.mask(), activation.dx());
        return dropoutBackward(
                dropout, quads, activation.function().ordinal(), activation.y(), activation.dx(), binding);
    }

    /** The first op with the next, if that is the gradient of an activation and alone in reading {@code dx}. */
    static List<Op> withActivationBackward(List<Op> rest, TensorRef dx, Binding binding) {
        Op.ActivationBackward activation = Candidate.at(rest, 1, Op.ActivationBackward.class);
        boolean fits = activation != null
                && activation.dy().equals(dx)
                && !activation.y().equals(dx)
                && !binding.readOutside(dx, rest.subList(0, 2));
        return fits ? rest.subList(0, 2) : List.of();
    }
}
