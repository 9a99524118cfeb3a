package dev.weft.cuda;

import dev.weft.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernels of the jar, loaded when they are first asked for: one module of PTX for each family of ops. Where the
 * driver refuses PTX, machine code is loaded that the assembler inside JCuda makes of it.
 */
final class Modules {
    private static final Logger LOG = LoggerFactory.getLogger(Modules.class);
    private static final Set<Integer> PTX_REFUSED = Set.of(
            CUresult.CUDA_ERROR_INVALID_PTX,
            CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
            CUresult.CUDA_ERROR_JIT_COMPILER_NOT_FOUND,
            CUresult.CUDA_ERROR_JIT_COMPILATION_DISABLED,
            CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU);

    private final Device device;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<String, CUfunction> functions = new HashMap<>();

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
            loaded = load(module);
            modules.put(module, loaded);
        }
        CUfunction function = new CUfunction();
        device.check(
                JCudaDriver.cuModuleGetFunction(function, loaded, kernel),
                "cuModuleGetFunction %s of %s.ptx".formatted(kernel, module));
        functions.put(module + "/" + kernel, function);
        return function;
    }

    /** The kernels that were asked for so far, each {@code module/kernel}. */
    synchronized Set<String> kernels() {
        return Set.copyOf(functions.keySet());
    }

    private CUmodule load(String module) {
        byte[] ptx = ptx(module);
        CUmodule loaded = new CUmodule();
        int status = JCudaDriver.cuModuleLoadData(loaded, ptx);
        if (PTX_REFUSED.contains(status)) {
            LOG.info(
                    "the driver refuses {}.ptx with {}; assembling it for sm_{}",
                    module,
                    CUresult.stringFor(status),
                    device.computeCapability());
            status = JCudaDriver.cuModuleLoadData(loaded, PtxAssembler.assemble(ptx, device.computeCapability()));
        }
        device.check(status, "cuModuleLoadData " + module + ".ptx");
        device.own("module " + module, () -> JCudaDriver.cuModuleUnload(loaded));
        return loaded;
    }

    /** The text of a module with the zero byte at its end that the driver wants. */
    static byte[] ptx(String module) {
        try (InputStream in = Modules.class.getResourceAsStream(module + ".ptx")) {
            if (in == null) {
                throw new DeviceException(
                        "the kernels " + module + ".ptx are missing from the jar; run" + " scripts/build-kernels");
            }
            byte[] text = in.readAllBytes();
            return Arrays.copyOf(text, text.length + 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
