package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

    /** A JVM that speaks on the standard error, behind a launcher that has nothing to build. */
    @Test
    void onATerminalTheWarningOfTheIncubatorModuleIsLeftOutAndNothingElse() throws Exception {
        Path script = Files.createDirectories(folder.resolve("scripts")).resolve("weft");
        Files.copy(SCRIPT, script, StandardCopyOption.COPY_ATTRIBUTES);
        Files.createDirectories(folder.resolve("samples/target"));
        Files.createFile(folder.resolve("samples/target/weft-built"));
        Path bin = Files.createDirectories(folder.resolve("jdk/bin"));
        for (String program : new String[] {"java", "javac"}) {
            Path file = Files.writeString(bin.resolve(program), """
                    #!/bin/sh
                    if [ "$1" = -version ]; then
                        echo 'openjdk version "17.0.15"' >&2
                        exit
                    fi
                    echo first >&2
                    echo 'WARNING: Using incubator modules: jdk.incubator.vector' >&2
                    printf 'no line' >&2
                    case "$*" in
                        *-Dweft.stderr=/dev/fd/3*) sleep 2; printf ' weft' > /dev/fd/3;;
                    esac
                    exit 3
                    """);
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        Path jdk = folder.resolve("jdk");
        assertThat(run(jdk, script.toString(), "--version"))
                .isEqualTo("3 first\nWARNING: Using incubator modules: jdk.incubator.vector\nno line");
        String onTerminal;
        try {
            onTerminal = run(jdk, "script", "-qec", "TERM=xterm " + script, "/dev/null");
        } catch (IOException e) {
            abort("there is no program 'script' to make a terminal with");
            return;
        }
        assertThat(onTerminal.replace("\r\n", "\n")).isEqualTo("3 first\nno line weft");
    }

    /** Java takes the letters of file names, and of the current folder, from the locale. */
    @Test
    void javaRunsInAUtf8LocaleWhereTheUsersIsNone() throws Exception {
        Path root = fakeRoot("weft");
        ProcessBuilder builder = new ProcessBuilder(root.resolve("scripts/weft").toString(), "--version");
        builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());
        builder.environment().put("LC_ALL", "C");
        assertThat(run(builder)).isEqualTo("0 locale C.UTF-8");
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("LANG", "POSIX");
        assertThat(run(builder)).isEqualTo("0 locale C.UTF-8");
    }

    @Test
    void aColonInThePathIsRefused() throws Exception {
        Path root = fakeRoot("a:b");
        assertThat(weft(root.resolve("scripts/weft"), root.resolve("jdk")))
                .isEqualTo("1 weft: the folder " + root.toRealPath()
                        + " has a ':' in its path, where Java separates folders; move Weft to another one");
    }

    /** What is built already, with a java that tells its locale. */
    private Path fakeRoot(String name) throws IOException {
        Path root = folder.resolve(name);
        Files.createDirectories(root.resolve("samples/target"));
        Files.createFile(root.resolve("samples/target/weft-built"));
        Path script = Files.copy(
                SCRIPT, Files.createDirectory(root.resolve("scripts")).resolve("weft"));
        assertThat(script.toFile().setExecutable(true)).isTrue();
        Path bin = Files.createDirectories(root.resolve("jdk/bin"));
        for (String program : new String[] {"java", "javac"}) {
            Path file = Files.writeString(
                    bin.resolve(program),
                    "#!/bin/sh\n[ \"$1\" = -version ] && echo 'openjdk version \"17.0.1\"' >&2 || echo \"locale $LC_ALL\"\n");
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        return root;
    }

    /** Exit code and output. */
    private String weft(Path script, Path javaHome) throws IOException, InterruptedException {
        return run(javaHome, script.toString(), "--version");
    }

    private String run(Path javaHome, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("JAVA_HOME", javaHome.toString());
        return run(builder);
    }

    private static String run(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return process.exitValue() + " " + output.strip();
    }
}
