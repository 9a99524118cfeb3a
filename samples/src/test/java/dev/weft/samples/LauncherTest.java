package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code scripts/weft}, as far as it goes without a build. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final Path SCRIPT =
            Path.of("../scripts/weft").toAbsolutePath().normalize();

    @TempDir
    Path folder;

    @Test
    void refusesAJavaHomeThatIsNoJdk() throws Exception {
        assertThat(weft(SCRIPT, folder)).isEqualTo("1 weft: JAVA_HOME is " + folder + ", which is no JDK 17 or newer");
    }

    @Test
    void refusesAnOldJdkAndWorksThroughALink() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        for (String program : new String[] {"java", "javac"}) {
            Path file =
                    Files.writeString(bin.resolve(program), "#!/bin/sh\necho 'openjdk version \"1.8.0_292\"' >&2\n");
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        Path link = Files.createSymbolicLink(folder.resolve("weft-link"), SCRIPT);

        assertThat(weft(link, folder)).isEqualTo("1 weft: JAVA_HOME is " + folder + ", which is no JDK 17 or newer");
        Files.delete(link);
    }

    /** Exit code and output. */
    private String weft(Path script, Path javaHome) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(script.toString(), "--version")
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", javaHome.toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return process.exitValue() + " " + output.strip();
    }
}
