package dev.weft.cuda;

import dev.weft.DeviceException;
import java.util.Set;
import jcuda.driver.CUresult;

/** A driver call failed. */
final class CudaException extends DeviceException {
    private static final long serialVersionUID = 1;

    /** After these the context takes no more work, whoever uses it. */
    private static final Set<Integer> STICKY = Set.of(
            CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
            CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
            CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
            CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
            CUresult.CUDA_ERROR_ASSERT,
            CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
            CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
            CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
            CUresult.CUDA_ERROR_INVALID_PC,
            CUresult.CUDA_ERROR_LAUNCH_FAILED);

    private final int code;

    CudaException(String what, int code) {
        super("%s: %s (%d)%s"
                .formatted(
                        what,
                        CUresult.stringFor(code),
                        code,
                        STICKY.contains(code)
                                ? "; the CUDA context takes no more work, start a new process; with"
                                        + " -Dweft.cuda.synchronize=true the message names the kernel"
                                : ""));
        this.code = code;
    }

    int code() {
        return code;
    }

    boolean sticky() {
        return STICKY.contains(code);
    }
}
