package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.program.Program;
import java.util.List;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS: its handle, and matrix products with it.
 *
 * <p>cuBLAS holds matrices by columns, Weft by rows. The same memory, read by columns, is the transposed matrix: {@code
 * a[M,K]} becomes {@code a'} of K rows and M columns, one row of {@code a} after the other, so its leading dimension is
 * what a row of {@code a} has in memory. For {@code c = op(a) op(b)} we therefore ask for {@code c' = op(b)' op(a)'}: the
 * factors change places, an operand that {@code op} transposes is transposed for cuBLAS as well, and nothing is copied.
 */
final class CuBlas {
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private final Device device;
    private final boolean tf32;
    private final cublasHandle handle = new cublasHandle();
    private final int version;

    /** Makes a handle in the current context. */
    CuBlas(Device device, boolean tf32) {
        this.device = device;
        this.tf32 = tf32;
        check(JCublas2.cublasCreate(handle), () -> "cublasCreate");
        device.own("cuBLAS handle", () -> {
            check(JCublas2.cublasDestroy(handle), () -> "cublasDestroy");
            return 0;
        });
        check(
                JCublas2.cublasSetMathMode(
                        handle, tf32 ? cublasMath.CUBLAS_TF32_TENSOR_OP_MATH : cublasMath.CUBLAS_DEFAULT_MATH),
                () -> "cublasSetMathMode");
        int[] answer = {0};
        check(JCublas2.cublasGetVersion(handle, answer), () -> "cublasGetVersion");
        version = answer[0];
    }

    private static void check(int status, Supplier<String> what) {
        if (status != 0) {
            throw new LibraryException(what.get(), JCublas2.cublasGetStatusName(status), status);
        }
    }

    String version() {
        return "%d.%d.%d".formatted(version / 10_000, version / 100 % 100, version % 100);
    }

    /**
     * What cuBLAS's documentation recommends, but for small products no more than 64 partial sums of each element take: with
     * less, cuBLAS takes kernels that need less.
     */
    private long workspaceBytes(Op.MatMul op) {
        long recommended = device.computeCapability() >= 90 ? 32L << 20 : 4L << 20;
        return Math.min(recommended, 64 * Binding.bytes(op.c()) + (64 << 10));
    }

    /** {@code c = op(a) op(b)}. */
    static List<LibraryCall> matMul(Op.MatMul op, Binding binding) {
        return binding.libraries().cublas().multiply(op, binding);
    }

    private List<LibraryCall> multiply(Op.MatMul op, Binding binding) {
        long workspaceBytes = workspaceBytes(op);
        Supplier<String> what = () -> Program.describe(op) + " by cublasSgemm";
        LibraryCall.Call call = (stream, at) -> {
            synchronized (handle) {
                // in this order: setting the stream takes the workspace away
                check(JCublas2.cublasSetStream(handle, new cudaStream_t(stream.handle())), what);
                check(JCublas2.cublasSetWorkspace(handle, at[3], workspaceBytes), what);
                check(
                        JCublas2.cublasSgemm(
                                handle,
                                operation(op.transposeB()),
                                operation(op.transposeA()),
                                op.columns(),
                                op.rows(),
                                op.inner(),
                                ONE,
                                at[1],
                                op.b().shape().last(),
                                at[0],
                                op.a().shape().last(),
                                ZERO,
                                at[2],
                                op.columns()),
                        what);
            }
        };
        return List.of(new LibraryCall(
                tf32 ? "cublasSgemm TF32" : "cublasSgemm",
                call,
                op.a(),
                op.b(),
                op.c(),
                binding.scratch(workspaceBytes)));
    }

    private static int operation(boolean transpose) {
        return transpose ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }
}
