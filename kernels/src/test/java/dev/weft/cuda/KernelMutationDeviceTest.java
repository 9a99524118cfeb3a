package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.cuda.emulator.PtxMutants;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The mutants that no case saw once; {@code scripts/mutate-kernels} tries them all. */
@ExtendWith(TestDevice.class)
class KernelMutationDeviceTest {
    @TempDir
    private Path folder;

    /** The first barrier of each keeps the next image back until all have read the one before. */
    @Test
    void theBarrierBetweenTheImagesOfAFilterGradientIsNeeded() throws IOException, InterruptedException {
        assumeFalse(TestDevice.GPU, "SKIPPED: mutants are for the emulated driver");
        List<String> kernels = Stream.of("3x3_4", "5x5_6", "5x5_8", "7x7_4")
                .map("conv2d_filter_gradient_"::concat)
                .toList();
        String mutants = kernels.stream()
                .map(kernel -> PtxMutants.of(ShippedPtx.ptx("conv2d"), kernel)
                        .barriers()
                        .get(0)
                        .what())
                .map(Pattern::quote)
                .collect(Collectors.joining("|"));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        folder + File.pathSeparator + classPath,
                        KernelMutation.class.getName(),
                        folder.toString(),
                        "0",
                        String.join("|", kernels),
                        mutants)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("4 mutants, 0 survivors");
    }
}
