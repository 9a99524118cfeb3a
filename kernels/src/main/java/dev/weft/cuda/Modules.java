package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.Warnings;
import dev.weft.data.DataFetcher;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kernels, loaded when they are first asked for: those of the jar, one module of PTX for each family of ops, and those that are
 * written for an expression, each a module of its own. Where the
 * driver refuses PTX, machine code is loaded that the assembler inside JCuda makes of it; the first time says so.
 */
final class Modules {
    private static final Logger LOG = LoggerFactory.getLogger(Modules.class);
    private static final Set<Integer> PTX_REFUSED = Set.of(
            CUresult.CUDA_ERROR_INVALID_PTX,
            CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
            CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND,
            CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED,
            CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU);

    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private final Device device;
    private final MachineCode machineCode =
            new MachineCode(DataFetcher.defaultCache().resolve("kernels"));
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<String, CUfunction> functions = new HashMap<>();
    private final Map<String, CUfunction> written = new HashMap<>();

    Modules(Device device) {
        this.device = device;
    }

    /**
     * A kernel.
     *
     * @param module the stem of its source file: {@code max_pool2d}
     */
    synchronized CUfunction function(String module, String kernel) {
        CUfunction known = functions.get(module + "/" + kernel);
        if (known != null) {
            return known;
        }
        CUmodule loaded = modules.get(module);
        if (loaded == null) {
            loaded = load(module + ".ptx", ptx(module));
            modules.put(module, loaded);
        }
        CUfunction function = function(loaded, kernel, module + ".ptx");
        functions.put(module + "/" + kernel, function);
        return function;
    }

    /** The kernel of a text that {@link PtxWriter} has written. Equal texts are loaded once. */
    synchronized CUfunction written(String kernel, String text) {
        CUfunction known = written.get(text);
        if (known == null) {
            String what = "the kernel " + kernel;
            known = function(load(what, terminated(text.getBytes(StandardCharsets.US_ASCII))), kernel, what);
            written.put(text, known);
        }
        return known;
    }

    private CUfunction function(CUmodule loaded, String kernel, String what) {
        CUfunction function = new CUfunction();
        device.check(
                JCudaDriver.cuModuleGetFunction(function, loaded, kernel),
                "cuModuleGetFunction %s of %s".formatted(kernel, what));
        return function;
    }

    /** The kernels of the jar that were asked for so far, each {@code module/kernel}. */
    synchronized Set<String> kernels() {
        return Set.copyOf(functions.keySet());
    }

    private CUmodule load(String what, byte[] ptx) {
        CUmodule loaded = new CUmodule();
        int status = JCudaDriver.cuModuleLoadData(loaded, ptx);
        if (PTX_REFUSED.contains(status)) {
            status = JCudaDriver.cuModuleLoadData(loaded, machineCode(what, ptx, status));
        }
        device.check(status, "cuModuleLoadData " + what);
        device.own("module " + what, () -> JCudaDriver.cuModuleUnload(loaded));
        return loaded;
    }

    private byte[] machineCode(String what, byte[] ptx, int refusal) {
        int computeCapability = device.computeCapability();
        String refused = "the driver refuses %s with %s".formatted(what, CUresult.stringFor(refusal));
        try {
            byte[] code = machineCode.of(ptx, computeCapability);
            if (WARNED.compareAndSet(false, true)) {
                Warnings.warn(
                        LOG,
                        ("%s; machine code for sm_%d by the assembler inside JCuda takes its place, and is kept in %s."
                                        + " A newer NVIDIA driver needs none of this")
                                .formatted(refused, computeCapability, machineCode.folder()));
            }
            return code;
        } catch (DeviceException e) {
            throw new DeviceException(
                    "%s, and the assembler inside JCuda makes no code for sm_%d of it: %s; install a newer NVIDIA driver"
                            .formatted(refused, computeCapability, e.getMessage()),
                    e);
        }
    }

    /** The text of a module with the zero byte at its end that the driver wants. */
    static byte[] ptx(String module) {
        try (InputStream in = Modules.class.getResourceAsStream(module + ".ptx")) {
            if (in == null) {
                throw new DeviceException(
                        "the kernels " + module + ".ptx are missing from the jar; run" + " scripts/build-kernels");
            }
            return terminated(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] terminated(byte[] text) {
        return Arrays.copyOf(text, text.length + 1);
    }
}
