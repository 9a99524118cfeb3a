package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Finding;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Provides the backend {@code cuda}, where there is a CUDA driver and a device that its kernels run on. */
public final class CudaProvider implements BackendProvider {
    /** Compute capability that the shipped kernels are made for, times ten; newer devices run them as well. */
    private static final int FLOOR = 75;

    /** The device to use, {@code -Dweft.cuda.device=1} for the second one. */
    private static final int ORDINAL = Integer.getInteger("weft.cuda.device", 0);

    private static final String NO_DRIVER = "there is no CUDA driver (libcuda.so.1); install NVIDIA's driver";

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
        return Probe.RESULT;
    }

    /** Asked once: JCuda can be initialised only once in a process, and later attempts do not say what was wrong. */
    private static final class Probe {
        static final Optional<String> RESULT = Optional.ofNullable(probe());
    }

    /** What stands in the way of training on the GPU. */
    private static String probe() {
        String os = System.getProperty("os.name");
        String architecture = System.getProperty("os.arch");
        if (!os.equals("Linux") || !architecture.equals("amd64")) {
            return "it needs Linux on x86-64, this is " + os + " on " + architecture;
        }
        if (!DriverFile.isPresent(System.getenv("LD_LIBRARY_PATH"), Path.of("/"))) {
            return NO_DRIVER;
        }
        try {
            JCudaNatives.loadDriver();
            int status = JCudaDriver.cuInit(0);
            int[] devices = {0};
            if (status == CUresult.CUDA_SUCCESS) {
                status = JCudaDriver.cuDeviceGetCount(devices);
            }
            if (status != CUresult.CUDA_SUCCESS) {
                return "the CUDA driver answered " + CUresult.stringFor(status);
            }
            return devices[0] == 0 ? "the CUDA driver found no device" : tooOld();
        } catch (UnsatisfiedLinkError e) {
            return NO_DRIVER;
        } catch (DeviceException e) {
            return e.getMessage();
        }
    }

    private static String tooOld() {
        CUdevice device = new CUdevice();
        int[] major = {0};
        int[] minor = {0};
        int status = JCudaDriver.cuDeviceGet(device, ORDINAL);
        if (status != CUresult.CUDA_SUCCESS) {
            return "there is no CUDA device %d: %s".formatted(ORDINAL, CUresult.stringFor(status));
        }
        JCudaDriver.cuDeviceGetAttribute(
                major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
        JCudaDriver.cuDeviceGetAttribute(
                minor, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
        return major[0] * 10 + minor[0] >= FLOOR
                ? null
                : "CUDA device %d has compute capability %d.%d, the kernels need %d.%d"
                        .formatted(ORDINAL, major[0], minor[0], FLOOR / 10, FLOOR % 10);
    }

    @Override
    public List<String> kernels() {
        return KernelChoice.NAMES;
    }

    @Override
    public List<Finding> diagnose() {
        return Diagnosis.ofMachine(this::unusable, CudaProvider::describeDevice).findings();
    }

    private static String describeDevice() {
        Device device = new Device(ORDINAL);
        try {
            return device.description();
        } finally {
            device.close();
        }
    }

    @Override
    public Backend open(BackendOptions options) {
        Probe.RESULT.ifPresent(reason -> {
            throw new DeviceException("backend cuda is not usable: " + reason);
        });
        return new CudaBackend(ORDINAL, KernelChoice.of(options.kernels()), CudaBackend.Options.DEFAULT);
    }
}
