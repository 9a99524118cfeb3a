package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Launches of {@code max_pool2d.cu} and {@code avg_pool2d.cu}. */
final class Pool2dKernels {
    private Pool2dKernels() {}

    /** Whether windows of 2x2 tile the image {@code x}, without a rest. */
    private static boolean tiles2x2(TensorRef x, Window2d window) {
        return window.equals(Window2d.square(2, 2, 0))
                && x.shape().get(2) % 2 == 0
                && x.shape().get(3) % 2 == 0;
    }

    /** The arguments that all kernels for any window begin with. */
    private static List<Object> geometry(int n, TensorRef x, Window2d window, TensorRef y) {
        return List.of(
                n,
                x.shape().get(2),
                x.shape().get(3),
                y.shape().get(2),
                y.shape().get(3),
                window.height(),
                window.width(),
                window.strideHeight(),
                window.strideWidth(),
                window.padHeight(),
                window.padWidth());
    }

    private static List<Launch> launch(
            Binding binding, String module, String kernel, List<Object> geometry, Object... operands) {
        List<Object> arguments = new ArrayList<>(geometry);
        arguments.addAll(List.of(operands));
        return List.of(binding.elementWise(module, kernel, (int) geometry.get(0), arguments.toArray()));
    }

    static boolean maxTiles(Op.MaxPool2d op, Binding binding) {
        return tiles2x2(op.x(), op.window()) && Binding.aligned16(op.x());
    }

    static List<Launch> max2x2(Op.MaxPool2d op, Binding binding) {
        int n = op.y().elements();
        int height = op.y().shape().get(2);
        int width = op.y().shape().get(3);
        return List.of(binding.elementWise(
                "max_pool2d", "max_pool2d_forward_2x2", n, n, height, width, op.x(), op.y(), op.argmax()));
    }

    static List<Launch> max(Op.MaxPool2d op, Binding binding) {
        List<Object> geometry = geometry(op.y().elements(), op.x(), op.window(), op.y());
        return launch(binding, "max_pool2d", "max_pool2d_forward", geometry, op.x(), op.y(), op.argmax());
    }

    static boolean maxBackwardTiles(Op.MaxPool2dBackward op, Binding binding) {
        return tiles2x2(op.dx(), op.window()) && Binding.aligned16(op.dx());
    }

    static List<Launch> maxBackward2x2(Op.MaxPool2dBackward op, Binding binding) {
        return maxBackward2x2(op, ElementWiseKernels.NO_FUNCTION, Binding.NULL, op.dx(), binding);
    }

    private static List<Launch> maxBackward2x2(
            Op.MaxPool2dBackward op, int function, Object y, TensorRef dx, Binding binding) {
        int n = op.dy().elements();
        int height = op.dy().shape().get(2);
        int width = op.dy().shape().get(3);
        return List.of(binding.elementWise(
                "max_pool2d", "max_pool2d_backward_2x2", n, n, height, width, function, y, op.dy(), op.argmax(), dx));
    }

    static List<Launch> maxBackward(Op.MaxPool2dBackward op, Binding binding) {
        return maxBackward(op, ElementWiseKernels.NO_FUNCTION, Binding.NULL, op.dx(), binding);
    }

    private static List<Launch> maxBackward(
            Op.MaxPool2dBackward op, int function, Object y, TensorRef dx, Binding binding) {
        List<Object> geometry = geometry(op.dx().elements(), op.dx(), op.window(), op.dy());
        return launch(binding, "max_pool2d", "max_pool2d_backward", geometry, function, y, op.dy(), op.argmax(), dx);
    }

    /** The gradients of a pooling and of the activation before it. */
    static List<Op> matchMaxActivationBackward(List<Op> rest, Binding binding) {
        Op.MaxPool2dBackward pool = Candidate.at(rest, 0, Op.MaxPool2dBackward.class);
        return pool == null ? List.of() : ElementWiseKernels.withActivationBackward(rest, pool.dx(), binding);
    }

    static List<Op> matchMaxActivationBackward2x2(List<Op> rest, Binding binding) {
        List<Op> ops = matchMaxActivationBackward(rest, binding);
        return !ops.isEmpty() && maxBackwardTiles((Op.MaxPool2dBackward) ops.get(0), binding) ? ops : List.of();
    }

    static List<Launch> maxActivationBackward(List<Op> ops, Binding binding) {
        Op.ActivationBackward activation = (Op.ActivationBackward) ops.get(1);
        return maxBackward(
                (Op.MaxPool2dBackward) ops.get(0),
                activation.function().ordinal(),
                activation.y(),
                activation.dx(),
                binding);
    }

    static List<Launch> maxActivationBackward2x2(List<Op> ops, Binding binding) {
        Op.ActivationBackward activation = (Op.ActivationBackward) ops.get(1);
        return maxBackward2x2(
                (Op.MaxPool2dBackward) ops.get(0),
                activation.function().ordinal(),
                activation.y(),
                activation.dx(),
                binding);
    }

    static List<Launch> average(Op.AvgPool2d op, Binding binding) {
        List<Object> geometry = geometry(op.y().elements(), op.x(), op.window(), op.y());
        return launch(binding, "avg_pool2d", "avg_pool2d_forward", geometry, op.x(), op.y());
    }

    static List<Launch> averageBackward(Op.AvgPool2dBackward op, Binding binding) {
        List<Object> geometry = geometry(op.dx().elements(), op.dx(), op.window(), op.dy());
        return launch(binding, "avg_pool2d", "avg_pool2d_backward", geometry, op.dy(), op.dx());
    }
}
