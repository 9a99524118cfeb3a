package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CudaProviderTest {

    @Test
    void isFoundThroughServiceLoader() {
        assertThat(Backends.providers()).extracting(BackendProvider::name).contains("cuda");
    }

    @Test
    void saysThatThereIsNoDriverWhereThereIsNone() {
        Assumptions.assumeFalse(
                Files.exists(Path.of("/proc/driver/nvidia/version")),
                "SKIPPED: this machine has an NVIDIA driver, so its absence cannot be tested");
        assertThat(new CudaProvider().unusable())
                .hasValueSatisfying(
                        reason -> assertThat(reason).contains("no CUDA driver").contains("libcuda.so.1"));
    }

    @Test
    void openingItFailsWithTheReason() {
        assertThatThrownBy(() -> Backends.open("cuda"))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("backend cuda is not usable: ");
    }
}
