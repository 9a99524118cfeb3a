package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KernelCaseTest {
    /** An op without a benchmark would be slow unseen. */
    @Test
    void everyOpOfTheBackendHasABenchmark() {
        assertThat(KernelCase.all().stream()
                        .flatMap(kernel -> kernel.program().ops().stream())
                        .map(Object::getClass)
                        .collect(Collectors.toSet()))
                .isEqualTo(CpuBackend.OPS.kinds());
    }
}
