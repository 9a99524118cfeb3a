package dev.weft.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreshTrainingTest {
    private static final String PROPERTY = "weft.trainingOptions";
    private static final Path OPTIONS = Path.of("..", "scripts", "training.options");

    @AfterEach
    void clear() {
        System.clearProperty(PROPERTY);
    }

    @Test
    void theOptionsForTrainingReachItsVirtualMachine(@TempDir Path folder) throws IOException {
        Path options = Files.writeString(folder.resolve("options"), "-XX:NoSuchOptionOfTraining");
        System.setProperty(PROPERTY, options.toString());
        try (Backend backend = Backends.open("cpu", new BackendOptions(1))) {
            Side side = new Side("cpu", "cpu", Kernels.ownChoice(), 1, backend);
            FreshTraining.Task task = new FreshTraining.Task("mlp", 500, 1, 2, 1);
            assertThatThrownBy(() -> FreshTraining.run(side, task))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("NoSuchOptionOfTraining");
        }
    }

    @Test
    void everyVirtualMachineTakesTheOptionsForTraining() throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(java, "@" + OPTIONS, "-XX:+PrintFlagsFinal", "-version")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output)
                .doesNotContain("CompileCommand: An error")
                .containsPattern("TieredCompilation\\s+= false")
                .containsPattern("Tier4BackEdgeThreshold\\s+= 4000000");
    }
}
