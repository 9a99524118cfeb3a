package dev.weft.cuda;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
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
        return Optional.of(Probe.RESULT);
    }

    /** Asked once: JCuda can be initialised only once in a process, and later attempts do not say what was wrong. */
    private static final class Probe {
        static final String RESULT = probe();
    }

    /** What stands in the way of training on the GPU. */
    private static String probe() {
        String os = System.getProperty("os.name");
        String architecture = System.getProperty("os.arch");
        if (!os.equals("Linux") || !architecture.equals("amd64")) {
            return "it needs Linux on x86-64, this is " + os + " on " + architecture;
        }
        try {
            int status = JCudaDriver.cuInit(0);
            int[] devices = {0};
            if (status == CUresult.CUDA_SUCCESS) {
                status = JCudaDriver.cuDeviceGetCount(devices);
            }
            if (status != CUresult.CUDA_SUCCESS) {
                return "the CUDA driver answered " + CUresult.stringFor(status);
            }
            return devices[0] == 0
                    ? "the CUDA driver found no device"
                    : device() + " is there, but this version of weft-cuda has no kernels yet";
        } catch (UnsatisfiedLinkError e) {
            return "there is no CUDA driver (libcuda.so.1); install NVIDIA's driver";
        }
    }

    /** The first device: {@code NVIDIA H200, compute capability 9.0}. */
    private static String device() {
        CUdevice device = new CUdevice();
        byte[] name = new byte[256];
        int[] major = {0};
        int[] minor = {0};
        JCudaDriver.cuDeviceGet(device, 0);
        JCudaDriver.cuDeviceGetName(name, name.length, device);
        JCudaDriver.cuDeviceGetAttribute(
                major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
        JCudaDriver.cuDeviceGetAttribute(
                minor, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
        String text = new String(name, StandardCharsets.UTF_8);
        return "%s, compute capability %d.%d,".formatted(text.substring(0, text.indexOf(0)), major[0], minor[0]);
    }

    @Override
    public Backend open(BackendOptions options) {
        throw new DeviceException("backend cuda is not usable: " + Probe.RESULT);
    }
}
