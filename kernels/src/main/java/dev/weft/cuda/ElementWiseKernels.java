package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** Launches of {@code activation.cu}, {@code add.cu}, {@code dropout.cu} and {@code fill.cu}. */
final class ElementWiseKernels {
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
        int n = op.dy().elements();
        int quads = quads(n, op.dy(), op.mask(), op.dx());
        return List.of(binding.elementWise(
                "dropout",
                "dropout_backward",
                threads(n, quads),
                n,
                quads,
                (float) op.scale(),
                op.dy(),
                op.mask(),
                op.dx()));
    }
}
