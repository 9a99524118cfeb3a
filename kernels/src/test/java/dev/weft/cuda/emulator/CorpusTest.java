package dev.weft.cuda.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every kernel of the corpus gives the values that plain Java code gives. */
@ExtendWith(EmulatedDriver.class)
class CorpusTest {
    @Test
    void saxpy() {
        try (Gpu gpu = new Gpu()) {
            Gpu.Kernel k = gpu.kernel(Emulator.corpus("elementwise.ptx"), "saxpy");
            CUdeviceptr x = gpu.upload(1f, 2f, 3f), y = gpu.upload(10f, 20f, 30f);
            gpu.run(k, 1, 32, 3, 2f, x, y);
            assertThat(gpu.floats(y, 3)).containsExactly(12f, 24f, 36f);
        }
        assertThat(Emulator.leaks()).isEmpty();
    }
}
