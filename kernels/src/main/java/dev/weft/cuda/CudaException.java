package dev.weft.cuda;

import dev.weft.DeviceException;
import java.util.Set;
import jcuda.driver.CUresult;

/** A driver call failed. */
final class CudaException extends DeviceException {
    private static final long serialVersionUID = 1;

    /** CUDA_ERROR_CONTAINED, which is newer than JCuda. */
    private static final int CONTAINED = 226;

    /**
     * After these the context is given up, whoever uses it. Of most of them NVIDIA's documentation says that they leave the
     * process in an inconsistent state, and that it must be started anew. After the first four it says nothing of the kind,
     * but nobody can vouch for what lies in the device's memory then: two are uncorrectable errors, and 999 is an "unknown
     * internal error".
     */
    private static final Set<Integer> STICKY = Set.of(
            CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
            CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
            CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
            CUresult.CUDA_ERROR_UNKNOWN,
            CONTAINED,
            CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
            CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
            CUresult.CUDA_ERROR_ASSERT,
            CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
            CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
            CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
            CUresult.CUDA_ERROR_INVALID_PC,
            CUresult.CUDA_ERROR_LAUNCH_FAILED,
            CUresult.CUDA_ERROR_MPS_CLIENT_TERMINATED,
            CUresult.CUDA_ERROR_EXTERNAL_DEVICE);

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
