package dev.weft.cuda;

import dev.weft.op.Window2d;
import dev.weft.tensor.Shape;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnNanPropagation;
import jcuda.jcudnn.cudnnPoolingDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;
import jcuda.runtime.cudaStream_t;

/**
 * cuDNN: its handle and its descriptors. Layouts agree with ours: NCHW by rows, filters KCRS, cross-correlation.
 *
 * <p>JCudnn's status constants are those of cuDNN 8; cuDNN 9 numbers anew, so a status gets its name from the library.
 */
final class CuDnn {
    static final Pointer ONE = Pointer.to(new float[] {1});
    static final Pointer ZERO = Pointer.to(new float[] {0});

    private final Device device;
    private final boolean tf32;
    private final cudnnHandle handle = new cudnnHandle();

    /** Makes a handle in the current context. */
    CuDnn(Device device, boolean tf32) {
        this.device = device;
        this.tf32 = tf32;
        check(JCudnn.cudnnCreate(handle), () -> "cudnnCreate");
        device.own("cuDNN handle", () -> {
            check(JCudnn.cudnnDestroy(handle), () -> "cudnnDestroy");
            return 0;
        });
    }

    static void check(int status, Supplier<String> what) {
        if (status != 0) {
            throw new LibraryException(what.get(), JCudnn.cudnnGetErrorString(status), status);
        }
    }

    /** For example 9.5.1. */
    String version() {
        long version = JCudnn.cudnnGetVersion();
        return "%d.%d.%d".formatted(version / 10_000, version / 100 % 100, version % 100);
    }

    boolean tf32() {
        return tf32;
    }

    cudnnHandle handle() {
        return handle;
    }

    /** A call on the handle, for one thread at a time. */
    interface Function {
        int call(cudnnHandle handle, Pointer[] addresses);
    }

    /** A library call that directs the handle to the stream first. */
    LibraryCall call(String kernel, Supplier<String> what, Function function, Object... arguments) {
        LibraryCall.Call call = (stream, addresses) -> {
            synchronized (handle) {
                check(JCudnn.cudnnSetStream(handle, new cudaStream_t(stream.handle())), what);
                check(function.call(handle, addresses), what);
            }
        };
        return new LibraryCall(kernel, call, arguments);
    }

    // ---------------------------------------------------------------- descriptors, which the caller's Owned gives back

    private static void created(int status, String what, IntSupplier destroy, Device device, Owned owned) {
        check(status, () -> "making a " + what);
        owned.add(device.own(what, () -> {
            check(destroy.getAsInt(), () -> "freeing a " + what);
            return 0;
        }));
    }

    cudnnTensorDescriptor tensor(int n, int c, int h, int w, Owned owned) {
        cudnnTensorDescriptor made = new cudnnTensorDescriptor();
        created(
                JCudnn.cudnnCreateTensorDescriptor(made),
                "tensor descriptor",
                () -> JCudnn.cudnnDestroyTensorDescriptor(made),
                device,
                owned);
        check(
                JCudnn.cudnnSetTensor4dDescriptor(
                        made, cudnnTensorFormat.CUDNN_TENSOR_NCHW, cudnnDataType.CUDNN_DATA_FLOAT, n, c, h, w),
                () -> "tensor descriptor [%d,%d,%d,%d]".formatted(n, c, h, w));
        return made;
    }

    /** Of a batch of images. */
    cudnnTensorDescriptor images(Shape shape, Owned owned) {
        return tensor(shape.get(0), shape.get(1), shape.get(2), shape.get(3), owned);
    }

    cudnnFilterDescriptor filter(Shape shape, Owned owned) {
        cudnnFilterDescriptor made = new cudnnFilterDescriptor();
        created(
                JCudnn.cudnnCreateFilterDescriptor(made),
                "filter descriptor",
                () -> JCudnn.cudnnDestroyFilterDescriptor(made),
                device,
                owned);
        check(
                JCudnn.cudnnSetFilter4dDescriptor(
                        made,
                        cudnnDataType.CUDNN_DATA_FLOAT,
                        cudnnTensorFormat.CUDNN_TENSOR_NCHW,
                        shape.get(0),
                        shape.get(1),
                        shape.get(2),
                        shape.get(3)),
                () -> "filter descriptor " + shape);
        return made;
    }

    /** With fp32 arithmetic, unless TF32 was asked for: cuDNN's default would take TF32 where there are tensor cores. */
    cudnnConvolutionDescriptor convolution(Window2d window, Owned owned) {
        cudnnConvolutionDescriptor made = new cudnnConvolutionDescriptor();
        created(
                JCudnn.cudnnCreateConvolutionDescriptor(made),
                "convolution descriptor",
                () -> JCudnn.cudnnDestroyConvolutionDescriptor(made),
                device,
                owned);
        check(
                JCudnn.cudnnSetConvolution2dDescriptor(
                        made,
                        window.padHeight(),
                        window.padWidth(),
                        window.strideHeight(),
                        window.strideWidth(),
                        1,
                        1,
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        cudnnDataType.CUDNN_DATA_FLOAT),
                () -> "convolution descriptor " + window);
        check(
                JCudnn.cudnnSetConvolutionMathType(
                        made, tf32 ? cudnnMathType.CUDNN_TENSOR_OP_MATH : cudnnMathType.CUDNN_FMA_MATH),
                () -> "convolution descriptor " + window);
        return made;
    }

    /** A constant of {@link jcuda.jcudnn.cudnnPoolingMode}, with NaN for NaN. */
    cudnnPoolingDescriptor pooling(int mode, Window2d window, Owned owned) {
        cudnnPoolingDescriptor made = new cudnnPoolingDescriptor();
        created(
                JCudnn.cudnnCreatePoolingDescriptor(made),
                "pooling descriptor",
                () -> JCudnn.cudnnDestroyPoolingDescriptor(made),
                device,
                owned);
        check(
                JCudnn.cudnnSetPooling2dDescriptor(
                        made,
                        mode,
                        cudnnNanPropagation.CUDNN_PROPAGATE_NAN,
                        window.height(),
                        window.width(),
                        window.padHeight(),
                        window.padWidth(),
                        window.strideHeight(),
                        window.strideWidth()),
                () -> "pooling descriptor " + window);
        return made;
    }

    /** A constant of {@link jcuda.jcudnn.cudnnActivationMode}, with NaN for NaN. */
    cudnnActivationDescriptor activation(int mode, Owned owned) {
        cudnnActivationDescriptor made = new cudnnActivationDescriptor();
        created(
                JCudnn.cudnnCreateActivationDescriptor(made),
                "activation descriptor",
                () -> JCudnn.cudnnDestroyActivationDescriptor(made),
                device,
                owned);
        check(
                JCudnn.cudnnSetActivationDescriptor(made, mode, cudnnNanPropagation.CUDNN_PROPAGATE_NAN, 0),
                () -> "activation descriptor");
        return made;
    }
}
