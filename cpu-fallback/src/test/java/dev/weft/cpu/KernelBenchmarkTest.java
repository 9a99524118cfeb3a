package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.weft.backend.Kernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That the benchmark of the kernels runs; how fast they are is no matter of a test. */
class KernelBenchmarkTest {
    @ParameterizedTest
    @MethodSource("dev.weft.cpu.KernelCase#all")
    void everyCaseRuns(KernelCase kernel) {
        KernelBenchmark benchmark = new KernelBenchmark();
        benchmark.kernel = kernel.name();
        benchmark.threads = 1;
        benchmark.kernels = Kernels.OWN_CHOICE;
        assertThatCode(() -> {
                    benchmark.bind();
                    benchmark.run();
                    benchmark.close();
                })
                .doesNotThrowAnyException();
    }
}
