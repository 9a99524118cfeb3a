package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.program.Program;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Optional;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnActivationMode;
import jcuda.jcudnn.cudnnPoolingDescriptor;
import jcuda.jcudnn.cudnnPoolingMode;
import jcuda.jcudnn.cudnnSoftmaxAlgorithm;
import jcuda.jcudnn.cudnnSoftmaxMode;
import jcuda.jcudnn.cudnnTensorDescriptor;

/**
 * Pooling, activations and softmax with cuDNN, as far as its calls compute what our ops are defined to compute. The gradients
 * of average pooling, sigmoid and tanh want inputs of the forward pass that our ops do not keep.
 */
final class CuDnnCalls {
    private CuDnnCalls() {}

    static boolean averages(Op.AvgPool2d op, Binding binding) {
        return pads(op.window());
    }

    /** cuDNN wants padding that is smaller than the window. */
    private static boolean pads(Window2d window) {
        return window.padHeight() < window.height() && window.padWidth() < window.width();
    }

    /** Padding counts as zeros. */
    static List<LibraryCall> average(Op.AvgPool2d op, Binding binding) {
        return pool(
                op, cudnnPoolingMode.CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING, op.window(), op.x(), op.y(), binding);
    }

    /** cuDNN does not tell which element won, so this is for forward passes alone. */
    static boolean maximaAlone(Op.MaxPool2d op, Binding binding) {
        return pads(op.window()) && !binding.readOutside(op.argmax(), List.of(op));
    }

    static List<LibraryCall> max(Op.MaxPool2d op, Binding binding) {
        return pool(op, cudnnPoolingMode.CUDNN_POOLING_MAX, op.window(), op.x(), op.y(), binding);
    }

    private static List<LibraryCall> pool(Op op, int mode, Window2d window, TensorRef x, TensorRef y, Binding binding) {
        CuDnn cudnn = binding.libraries().cudnn();
        cudnnPoolingDescriptor pooling = cudnn.pooling(mode, window, binding.owned());
        cudnnTensorDescriptor xShape = cudnn.images(x.shape(), binding.owned());
        cudnnTensorDescriptor yShape = cudnn.images(y.shape(), binding.owned());
        return call(
                cudnn,
                op,
                "cudnnPoolingForward",
                (handle, at) -> JCudnn.cudnnPoolingForward(
                        handle, pooling, CuDnn.ONE, xShape, at[0], CuDnn.ZERO, yShape, at[1]),
                x,
                y);
    }

    /**
     * The op of the forward pass, in whose input cuDNN looks for the elements that are equal to its output. It must have been
     * executed alone: then its input is in memory, and both are the same bits also while the program is traced and what
     * ops read is overwritten.
     */
    private static Optional<Op.MaxPool2d> forward(Op.MaxPool2dBackward op, Binding binding) {
        return binding.writer(op.argmax()).map(Op.MaxPool2d.class::cast).filter(pool -> !binding.fused(pool));
    }

    static boolean followsForward(Op.MaxPool2dBackward op, Binding binding) {
        return pads(op.window()) && forward(op, binding).isPresent();
    }

    /** Which of equal elements gets the gradient is cuDNN's affair, and its order of summation where windows overlap. */
    static List<LibraryCall> maxBackward(Op.MaxPool2dBackward op, Binding binding) {
        CuDnn cudnn = binding.libraries().cudnn();
        Op.MaxPool2d forward = forward(op, binding).orElseThrow();
        cudnnPoolingDescriptor pooling =
                cudnn.pooling(cudnnPoolingMode.CUDNN_POOLING_MAX, op.window(), binding.owned());
        cudnnTensorDescriptor xShape = cudnn.images(op.dx().shape(), binding.owned());
        cudnnTensorDescriptor yShape = cudnn.images(op.dy().shape(), binding.owned());
        return call(
                cudnn,
                op,
                "cudnnPoolingBackward",
                (handle, at) -> JCudnn.cudnnPoolingBackward(
                        handle,
                        pooling,
                        CuDnn.ONE,
                        yShape,
                        at[0],
                        yShape,
                        at[1],
                        xShape,
                        at[2],
                        CuDnn.ZERO,
                        xShape,
                        at[3]),
                forward.y(),
                op.dy(),
                forward.x(),
                op.dx(),
                // not for the call: what an op reads is alive while it runs, so that who traces it can write that
                op.argmax());
    }

    static List<LibraryCall> activation(Op.Activation op, Binding binding) {
        CuDnn cudnn = binding.libraries().cudnn();
        int mode = switch (op.function()) {
            case RELU -> cudnnActivationMode.CUDNN_ACTIVATION_RELU;
            case SIGMOID -> cudnnActivationMode.CUDNN_ACTIVATION_SIGMOID;
            case TANH -> cudnnActivationMode.CUDNN_ACTIVATION_TANH;
        };
        cudnnActivationDescriptor function = cudnn.activation(mode, binding.owned());
        cudnnTensorDescriptor shape = flat(op.x(), cudnn, binding);
        return call(
                cudnn,
                op,
                "cudnnActivationForward",
                (handle, at) -> JCudnn.cudnnActivationForward(
                        handle, function, CuDnn.ONE, shape, at[0], CuDnn.ZERO, shape, at[1]),
                op.x(),
                op.y());
    }

    static boolean isRelu(Op.ActivationBackward op, Binding binding) {
        return op.function() == Op.Nonlinearity.RELU;
    }

    /** cuDNN takes the sign from x, which has that of y: the call is that for {@code x = y}, whose ReLU is y again. */
    static List<LibraryCall> reluBackward(Op.ActivationBackward op, Binding binding) {
        CuDnn cudnn = binding.libraries().cudnn();
        cudnnActivationDescriptor function =
                cudnn.activation(cudnnActivationMode.CUDNN_ACTIVATION_RELU, binding.owned());
        cudnnTensorDescriptor shape = flat(op.y(), cudnn, binding);
        return call(
                cudnn,
                op,
                "cudnnActivationBackward",
                (handle, at) -> JCudnn.cudnnActivationBackward(
                        handle,
                        function,
                        CuDnn.ONE,
                        shape,
                        at[0],
                        shape,
                        at[1],
                        shape,
                        at[0],
                        CuDnn.ZERO,
                        shape,
                        at[2]),
                op.y(),
                op.dy(),
                op.dx());
    }

    static List<LibraryCall> softmax(Op.Softmax op, Binding binding) {
        CuDnn cudnn = binding.libraries().cudnn();
        cudnnTensorDescriptor rows = rows(op.x(), cudnn, binding);
        return call(
                cudnn,
                op,
                "cudnnSoftmaxForward",
                (handle, at) -> JCudnn.cudnnSoftmaxForward(
                        handle,
                        cudnnSoftmaxAlgorithm.CUDNN_SOFTMAX_ACCURATE,
                        cudnnSoftmaxMode.CUDNN_SOFTMAX_MODE_INSTANCE,
                        CuDnn.ONE,
                        rows,
                        at[0],
                        CuDnn.ZERO,
                        rows,
                        at[1]),
                op.x(),
                op.y());
    }

    static List<LibraryCall> softmaxBackward(Op.SoftmaxBackward op, Binding binding) {
        CuDnn cudnn = binding.libraries().cudnn();
        cudnnTensorDescriptor rows = rows(op.y(), cudnn, binding);
        return call(
                cudnn,
                op,
                "cudnnSoftmaxBackward",
                (handle, at) -> JCudnn.cudnnSoftmaxBackward(
                        handle,
                        cudnnSoftmaxAlgorithm.CUDNN_SOFTMAX_ACCURATE,
                        cudnnSoftmaxMode.CUDNN_SOFTMAX_MODE_INSTANCE,
                        CuDnn.ONE,
                        rows,
                        at[0],
                        rows,
                        at[1],
                        CuDnn.ZERO,
                        rows,
                        at[2]),
                op.y(),
                op.dy(),
                op.dx());
    }

    private static List<LibraryCall> call(
            CuDnn cudnn, Op op, String kernel, CuDnn.Function function, TensorRef... operands) {
        return List.of(cudnn.call(kernel, () -> Program.describe(op) + " by " + kernel, function, (Object[]) operands));
    }

    /** All elements in a line, for what is done element by element. */
    private static cudnnTensorDescriptor flat(TensorRef tensor, CuDnn cudnn, Binding binding) {
        return cudnn.tensor(1, 1, 1, tensor.elements(), binding.owned());
    }

    /** A sample for each row along the last axis. */
    private static cudnnTensorDescriptor rows(TensorRef tensor, CuDnn cudnn, Binding binding) {
        Shape shape = tensor.shape();
        int columns = shape.get(shape.rank() - 1);
        return cudnn.tensor(tensor.elements() / columns, columns, 1, 1, binding.owned());
    }
}
