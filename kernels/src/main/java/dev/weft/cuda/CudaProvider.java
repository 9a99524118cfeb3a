package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import java.util.Optional;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Provides the backend {@code cuda}. For now it finds out whether there is a CUDA driver and a device. */
public final class CudaProvider implements BackendProvider {
    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public int rank() {
        return 100;
    }

    @Override
    public Optional<String> unusable() {
        return Optional.of(Probe.RESULT.orElse("this version of weft-cuda has no kernels yet"));
    }

    /** Asked once: JCuda can be initialised only once in a process, and later attempts do not say what was wrong. */
    private static final class Probe {
        static final Optional<String> RESULT = probe();
    }

    /** What stands in the way of using the driver, or empty. */
    private static Optional<String> probe() {
        String os = System.getProperty("os.name");
        String architecture = System.getProperty("os.arch");
        if (!os.equals("Linux") || !architecture.equals("amd64")) {
            return Optional.of("it needs Linux on x86-64, this is " + os + " on " + architecture);
        }
        try {
            int status = JCudaDriver.cuInit(0);
            if (status != CUresult.CUDA_SUCCESS) {
                return Optional.of("the CUDA driver answered " + CUresult.stringFor(status));
            }
            int[] devices = {0};
            status = JCudaDriver.cuDeviceGetCount(devices);
            if (status != CUresult.CUDA_SUCCESS) {
                return Optional.of("the CUDA driver answered " + CUresult.stringFor(status));
            }
            return devices[0] > 0 ? Optional.empty() : Optional.of("the CUDA driver found no device");
        } catch (UnsatisfiedLinkError e) {
            return Optional.of("there is no CUDA driver (libcuda.so.1); install NVIDIA's driver");
        }
    }

    @Override
    public Backend open(BackendOptions options) {
        throw new DeviceException("backend cuda is not usable: " + unusable().orElseThrow());
    }
}
