package dev.weft.cuda;

import dev.weft.DeviceException;
import java.nio.charset.StandardCharsets;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/** NVIDIA's PTX assembler, which JCuda's native library contains; it needs neither CUDA nor a GPU. */
final class PtxAssembler {
    private PtxAssembler() {}

    /**
     * Machine code for one architecture.
     *
     * @param ptx text with a zero byte at its end
     * @throws DeviceException with the assembler's messages
     */
    static byte[] assemble(byte[] ptx, int computeCapability) {
        return run(ptx, "--gpu-name=sm_" + computeCapability).machineCode();
    }

    /** What the assembler made, and its messages. */
    record Output(byte[] machineCode, String messages) {}

    /** Runs the assembler with ptxas' options. */
    static Output run(byte[] ptx, String... options) {
        JCudaNatives.loadAssembler();
        nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
        check(JNvPTXCompiler.nvPTXCompilerCreate(handle, ptx.length, ptx), "nvPTXCompilerCreate");
        try {
            int status = JNvPTXCompiler.nvPTXCompilerCompile(handle, options.length, options);
            long[] size = {0};
            if (status != 0) {
                check(JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size), "nvPTXCompilerGetErrorLogSize");
                byte[] log = new byte[(int) size[0] + 1];
                check(JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, log), "nvPTXCompilerGetErrorLog");
                throw new DeviceException("the PTX assembler refuses a kernel (%d): %s".formatted(status, text(log)));
            }
            check(JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(handle, size), "nvPTXCompilerGetInfoLogSize");
            byte[] log = new byte[(int) size[0] + 1];
            check(JNvPTXCompiler.nvPTXCompilerGetInfoLog(handle, log), "nvPTXCompilerGetInfoLog");
            check(
                    JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(handle, size),
                    "nvPTXCompilerGetCompiledProgramSize");
            byte[] code = new byte[(int) size[0]];
            check(JNvPTXCompiler.nvPTXCompilerGetCompiledProgram(handle, code), "nvPTXCompilerGetCompiledProgram");
            return new Output(code, text(log));
        } finally {
            JNvPTXCompiler.nvPTXCompilerDestroy(handle);
        }
    }

    private static String text(byte[] log) {
        return new String(log, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private static void check(int status, String call) {
        if (status != 0) {
            throw new DeviceException("%s of the PTX assembler failed with %d".formatted(call, status));
        }
    }
}
