package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgo;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgo;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgo;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;

/**
 * Convolution and its gradients with cuDNN. Each algorithm is a candidate of its own, so that what is taken is written in
 * the table or in a plan and no heuristic decides.
 */
final class CuDnnConvolution {
    /** The preferred algorithm of each direction first, last those that cuDNN documents as non-deterministic. */
    static final List<Candidate> CANDIDATES = List.of(
            forward("implicit_precomp_gemm", cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM),
            forward("implicit_gemm", cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM),
            forward("winograd", cudnnConvolutionFwdAlgo.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD),
            inputGradient("algo_1", cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1),
            inputGradient("winograd", cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD),
            filterGradient("algo_1", cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1),
            inputGradient("algo_0", cudnnConvolutionBwdDataAlgo.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0)
                    .nondeterministic(),
            filterGradient("algo_0", cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0)
                    .nondeterministic(),
            filterGradient("algo_3", cudnnConvolutionBwdFilterAlgo.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3)
                    .nondeterministic());

    private CuDnnConvolution() {}

    /** The three tensors of a convolution, whichever of them is computed. */
    private record Operands(Op op, TensorRef x, TensorRef w, Window2d window, TensorRef y) {}

    /** The descriptors of a convolution. */
    private record Descriptors(
            cudnnTensorDescriptor x,
            cudnnFilterDescriptor w,
            cudnnConvolutionDescriptor window,
            cudnnTensorDescriptor y) {
        static Descriptors of(Operands o, CuDnn cudnn, Owned owned) {
            return new Descriptors(
                    cudnn.images(o.x.shape(), owned),
                    cudnn.filter(o.w.shape(), owned),
                    cudnn.convolution(o.window, owned),
                    cudnn.images(o.y.shape(), owned));
        }
    }

    /** How much workspace an algorithm needs; the status tells if it can do this convolution. */
    private interface WorkspaceSize {
        int get(cudnnHandle handle, Descriptors d, long[] bytes);
    }

    /** The call itself, with the addresses of x, w, y and the workspace. */
    private interface Convolve {
        int call(cudnnHandle handle, Descriptors d, Pointer[] at, long workspaceBytes);
    }

    private static Candidate forward(String name, int algorithm) {
        return candidate(
                "cudnn_conv2d_" + name,
                Op.Conv2d.class,
                op -> new Operands(op, op.x(), op.w(), op.window(), op.y()),
                "cudnnConvolutionForward " + name,
                (handle, d, bytes) -> JCudnn.cudnnGetConvolutionForwardWorkspaceSize(
                        handle, d.x, d.w, d.window, d.y, algorithm, bytes),
                (handle, d, at, bytes) -> JCudnn.cudnnConvolutionForward(
                        handle,
                        CuDnn.ONE,
                        d.x,
                        at[0],
                        d.w,
                        at[1],
                        d.window,
                        algorithm,
                        at[3],
                        bytes,
                        CuDnn.ZERO,
                        d.y,
                        at[2]));
    }

    private static Candidate inputGradient(String name, int algorithm) {
        return candidate(
                "cudnn_conv2d_input_gradient_" + name,
                Op.Conv2dInputGradient.class,
                op -> new Operands(op, op.dx(), op.w(), op.window(), op.dy()),
                "cudnnConvolutionBackwardData " + name,
                (handle, d, bytes) -> JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
                        handle, d.w, d.y, d.window, d.x, algorithm, bytes),
                (handle, d, at, bytes) -> JCudnn.cudnnConvolutionBackwardData(
                        handle,
                        CuDnn.ONE,
                        d.w,
                        at[1],
                        d.y,
                        at[2],
                        d.window,
                        algorithm,
                        at[3],
                        bytes,
                        CuDnn.ZERO,
                        d.x,
                        at[0]));
    }

    private static Candidate filterGradient(String name, int algorithm) {
        return candidate(
                "cudnn_conv2d_filter_gradient_" + name,
                Op.Conv2dFilterGradient.class,
                op -> new Operands(op, op.x(), op.dw(), op.window(), op.dy()),
                "cudnnConvolutionBackwardFilter " + name,
                (handle, d, bytes) -> JCudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
                        handle, d.x, d.y, d.window, d.w, algorithm, bytes),
                (handle, d, at, bytes) -> JCudnn.cudnnConvolutionBackwardFilter(
                        handle,
                        CuDnn.ONE,
                        d.x,
                        at[0],
                        d.y,
                        at[2],
                        d.window,
                        algorithm,
                        at[3],
                        bytes,
                        CuDnn.ZERO,
                        d.w,
                        at[1]));
    }

    private static <T extends Op> Candidate candidate(
            String name,
            Class<T> kind,
            Function<T, Operands> operands,
            String kernel,
            WorkspaceSize workspaceSize,
            Convolve convolve) {
        return Candidate.library(
                Library.CUDNN,
                name,
                kind,
                (op, binding) ->
                        supports(operands.apply(op), binding.libraries().cudnn(), workspaceSize),
                (op, binding) -> bind(operands.apply(op), binding, kernel, workspaceSize, convolve));
    }

    private static boolean supports(Operands operands, CuDnn cudnn, WorkspaceSize workspaceSize) {
        Owned temporary = new Owned();
        try {
            return workspaceSize.get(cudnn.handle(), Descriptors.of(operands, cudnn, temporary), new long[1]) == 0;
        } finally {
            temporary.close();
        }
    }

    private static List<LibraryCall> bind(
            Operands o, Binding binding, String kernel, WorkspaceSize workspaceSize, Convolve convolve) {
        CuDnn cudnn = binding.libraries().cudnn();
        Supplier<String> what = () -> Program.describe(o.op) + " by " + kernel;
        Descriptors d = Descriptors.of(o, cudnn, binding.owned());
        long[] bytes = {0};
        CuDnn.check(workspaceSize.get(cudnn.handle(), d, bytes), what);
        Object workspace = bytes[0] == 0 ? Binding.NULL : binding.scratch(bytes[0]);
        return List.of(cudnn.call(
                cudnn.tf32() ? kernel + " TF32" : kernel,
                what,
                (handle, at) -> convolve.call(handle, d, at, bytes[0]),
                o.x,
                o.w,
                o.y,
                workspace));
    }
}
