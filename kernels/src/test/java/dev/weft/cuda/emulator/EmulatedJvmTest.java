package dev.weft.cuda.emulator;

import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.cuda.CudaProvider;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code scripts/emulate}, by way of {@link EmulatedJvm}: the unchanged JCuda finds the emulated device. */
@ExtendWith(EmulatedDriver.class)
class EmulatedJvmTest {
    /** Knows nothing of the emulator. */
    static final class DeviceName {
        public static void main(String[] arguments) {
            setExceptionsEnabled(true);
            cuInit(0);
            CUdevice device = new CUdevice();
            cuDeviceGet(device, 0);
            byte[] name = new byte[100];
            cuDeviceGetName(name, name.length, device);
            long[] bytes = new long[1];
            cuDeviceTotalMem(bytes, device);
            System.out.println("device: " + new String(name).trim() + ", " + (bytes[0] >> 20) + " MiB");
        }
    }

    static final class Provider {
        public static void main(String[] arguments) {
            try (Backend backend = new CudaProvider().open(BackendOptions.defaults())) {
                System.out.println(backend.description());
            }
        }
    }

    static final class Leaks {
        public static void main(String[] arguments) {
            Gpu gpu = new Gpu();
            Gpu.check(cuMemAlloc(new CUdeviceptr(), 12345));
            System.out.println("live context " + gpu.context);
        }
    }

    @Test
    void theDeviceShowsUnderScriptsEmulate() {
        EmulatedJvm.Result result = EmulatedJvm.run("", DeviceName.class);
        assertThat(result.output()).contains("device: Weft emulated device, 4096 MiB");
        assertThat(result.status()).isZero();
    }

    /** What {@code weft info} prints. */
    @Test
    void theProviderNamesTheDevice() {
        assertThat(EmulatedJvm.run("cc=8.6", Provider.class).output())
                .contains("Weft emulated device, compute capability 8.6,");
    }

    @Test
    void theEnvironmentConfiguresTheDevice() {
        assertThat(EmulatedJvm.run("name=Tiny;memory=64M", DeviceName.class).output())
                .contains("device: Tiny, 64 MiB");
    }

    @Test
    void leaksAreReportedAtExit() {
        EmulatedJvm.Result result = EmulatedJvm.run("", Leaks.class);
        assertThat(result.output())
                .contains("leaks at exit", "device allocation #1 of 12345 bytes", "retained primary context");
    }
}
