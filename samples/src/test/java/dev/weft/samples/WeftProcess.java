package dev.weft.samples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The command line in a JVM of its own, for tests. Its output goes to files. */
final class WeftProcess {
    private final ProcessBuilder builder;
    private final Path out;
    private final Path err;
    private Process process;

    /** @param jvm more options for the JVM */
    WeftProcess(List<String> jvm, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Weft.class.getName()));
        command.addAll(List.of(arguments));
        out = Files.createTempFile("weft", ".out");
        err = Files.createTempFile("weft", ".err");
        out.toFile().deleteOnExit();
        err.toFile().deleteOnExit();
        builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    }

    WeftProcess environment(String name, String value) {
        builder.environment().put(name, value);
        return this;
    }

    WeftProcess start() throws IOException {
        process = builder.start();
        return this;
    }

    /**
     * Starts it in a terminal of its own, made by the program script.
     *
     * @throws IOException if there is none
     */
    void startInTerminal() throws IOException {
        List<String> command = new ArrayList<>(builder.command());
        command.add(1, "-Dweft.terminal=true");
        String line = command.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        process =
                builder.command("script", "-qefc", "exec " + line, "/dev/null").start();
    }

    /** Gives it to a shell as "$@". */
    WeftProcess inShell(String script) {
        List<String> command = new ArrayList<>(List.of("bash", "-c", script, "bash"));
        command.addAll(builder.command());
        builder.command(command);
        return this;
    }

    /** Presses a key. */
    void type(char key) throws IOException {
        process.getOutputStream().write(key);
        process.getOutputStream().flush();
    }

    /** Starts it, waits for its end, and returns the exit code. */
    int run() throws IOException, InterruptedException {
        return start().exitCode();
    }

    /** Waits for the end. */
    int exitCode() throws InterruptedException {
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("it did not end: " + err());
        }
        return process.exitValue();
    }

    /** Waits until the standard output is as it should be. */
    void awaitOut(Predicate<String> condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!condition.test(out())) {
            if (System.nanoTime() > end || !process.isAlive()) {
                process.destroyForcibly();
                throw new AssertionError("not seen: " + out() + err());
            }
            Thread.sleep(50);
        }
    }

    /** @param name INT or TERM */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    String out() {
        return read(out);
    }

    String err() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
