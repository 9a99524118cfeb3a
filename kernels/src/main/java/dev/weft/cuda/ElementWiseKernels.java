package dev.weft.cuda;

import dev.weft.op.Op;
import java.util.List;

/** Launches of {@code activation.cu}, {@code add.cu}, {@code dropout.cu} and {@code fill.cu}. */
final class ElementWiseKernels {
    private ElementWiseKernels() {}

    static List<Launch> fill(Op.Fill op, Binding binding) {
        int n = op.y().elements();
        return List.of(binding.elementWise("fill", "fill", n, n, (float) op.value(), op.y()));
    }

    static List<Launch> activation(Op.Activation op, Binding binding) {
        int n = op.x().elements();
        return List.of(binding.elementWise(
                "activation", "activation_forward", n, n, op.function().ordinal(), op.x(), op.y()));
    }

    static List<Launch> activationBackward(Op.ActivationBackward op, Binding binding) {
        int n = op.y().elements();
        return List.of(binding.elementWise(
                "activation", "activation_backward", n, n, op.function().ordinal(), op.y(), op.dy(), op.dx()));
    }
}
