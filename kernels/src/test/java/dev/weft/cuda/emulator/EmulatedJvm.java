package dev.weft.cuda.emulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A JVM of its own over the emulated driver, as {@code scripts/emulate} starts it: for what needs a process (leaks at
 * exit, a program's main class).
 */
public final class EmulatedJvm {
    /** How the process ended, and what it printed on both streams together. */
    public record Result(int status, String output) {}

    private EmulatedJvm() {}

    /**
     * Runs a main class with this JVM's class path.
     *
     * @param settings of the emulated device, such as {@code "cc=7.5;memory=1G"}, or ""
     */
    public static Result run(String settings, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "bash",
                Emulator.module().resolveSibling("scripts").resolve("emulate").toString(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        command.addAll(List.of(arguments));
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("WEFT_EMULATOR", settings);
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
