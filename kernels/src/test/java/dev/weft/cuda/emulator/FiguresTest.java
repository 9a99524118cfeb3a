package dev.weft.cuda.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the emulator costs. The bounds here are loose (test machines are shared); the figures are in the README. */
@ExtendWith(EmulatedDriver.class)
class FiguresTest {
    @Test
    void tiledProductWithAllChecksOnOneCore() {
        for (String kernel : new String[] {"gemm_vectorised", "gemm_tiled"}) {
            Emulator.configure("workers=1");
            try (Gpu gpu = new Gpu()) {
                int n = 128, tile = kernel.equals("gemm_tiled") ? 16 : 64;
                float[] v = new float[n * n];
                java.util.Arrays.fill(v, 0.5f);
                CUdeviceptr a = gpu.upload(v), b = gpu.upload(v), c = gpu.allocate(4 * n * n);
                Gpu.Kernel k = gpu.kernel(Emulator.corpus("gemm.ptx"), kernel);
                int[] grid = {n / tile, n / tile, 1},
                        block = tile == 16 ? new int[] {16, 16, 1} : new int[] {256, 1, 1};
                double best = Double.MAX_VALUE;
                for (int i = 0; i < 30; i++) {
                    long start = System.nanoTime();
                    gpu.run(k, grid, block, 0, n, n, n, a, b, c);
                    best = Math.min(best, (System.nanoTime() - start) / 1e6);
                }
                System.out.printf("%s 128x128x128, all checks, one core: %.1f ms%n", kernel, best);
                assertThat(gpu.floats(c, 1)[0]).isEqualTo(32f);
                assertThat(best).isLessThan(kernel.equals("gemm_vectorised") ? 60 : 300);
            }
        }
    }
}
