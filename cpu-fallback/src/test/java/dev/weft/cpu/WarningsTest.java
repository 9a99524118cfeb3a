package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user hears of warnings, with a provider for SLF4J and without. */
class WarningsTest {
    private static final String SCALAR =
            "the CPU backend runs on scalar loops, since java was started without --add-modules jdk.incubator.vector";
    private static final String DIVERGES = "the training diverges: the loss in the second half of epoch 1 is ";

    @TempDir
    Path folder;

    private List<String> errorsOf(String classPath) throws IOException, InterruptedException {
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        WithoutLogging.class.getName())
                .redirectError(err.toFile())
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(err)).isZero();
        assertThat(out.lines()).hasSize(2).allMatch(line -> line.startsWith("caught " + DIVERGES));
        return Files.readAllLines(err);
    }

    @Test
    void withoutAProviderEachIsHeardOnceOnTheStandardError() throws Exception {
        String bare = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("slf4j-simple"))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> heard = errorsOf(bare).stream()
                .filter(line -> line.startsWith("weft: "))
                .toList();
        assertThat(heard).hasSize(2);
        assertThat(heard.get(0)).isEqualTo("weft: " + SCALAR);
        assertThat(heard.get(1)).startsWith("weft: " + DIVERGES);
    }

    @Test
    void withAProviderTheyAreLogged() throws Exception {
        List<String> errors = errorsOf(System.getProperty("java.class.path"));
        assertThat(errors).noneMatch(line -> line.startsWith("weft: "));
        assertThat(errors.stream().filter(line -> line.contains("WARN") && line.endsWith(SCALAR)))
                .hasSize(2);
        assertThat(errors.stream().filter(line -> line.contains("WARN") && line.contains(DIVERGES)))
                .hasSize(2);
    }
}
