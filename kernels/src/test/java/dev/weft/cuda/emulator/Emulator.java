package dev.weft.cuda.emulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The emulated CUDA driver in this JVM: builds it, loads it before JCuda's own library, and speaks its control commands
 * ({@code kernels/emulator/README.md}). Tests take it through {@link EmulatedDriver}; a JVM of its own is
 * {@link EmulatedJvm}.
 */
public final class Emulator {
    private static String unavailable;
    private static boolean loaded;

    private Emulator() {}

    /** One driver call: its name, its result code and, for a failure, what the emulator has to say. */
    public record Call(String name, int result, String detail) {
        static Call parse(String line) {
            String[] parts = line.split(" ", 3);
            return new Call(parts[0], Integer.parseInt(parts[1]), parts.length > 2 ? parts[2] : "");
        }
    }

    /**
     * Builds the emulator where needed and loads it.
     *
     * @return null, or the reason why it cannot be used here
     */
    public static synchronized String load() {
        if (loaded || unavailable != null) {
            return unavailable;
        }
        try {
            Path library = build();
            // tests that call JCuda themselves let it unpack its natives into java.io.tmpdir: a folder of this JVM's
            // own
            Path natives = Files.createTempDirectory("weft-jcuda-");
            natives.toFile().deleteOnExit();
            System.setProperty("java.io.tmpdir", natives.toString());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(natives)));
            System.load(library.toString());
            // where the backend looks first
            System.setProperty(
                    "weft.cuda.libraries", library.resolveSibling("stand-ins").toString());
            loaded = true;
            control("set cache=" + Files.createDirectories(buildFolder().resolve("kernels")));
        } catch (IllegalStateException e) {
            unavailable = e.getMessage();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return unavailable;
    }

    /**
     * The emulated {@code libcuda.so.1}, built if its sources have changed.
     *
     * @throws IllegalStateException where it cannot be built, saying why
     */
    public static Path build() {
        if (!System.getProperty("os.name").equals("Linux")
                || !System.getProperty("os.arch").equals("amd64")) {
            throw new IllegalStateException("the emulated driver needs Linux on x86-64");
        }
        try {
            Process process = new ProcessBuilder(
                            "bash",
                            module().resolve("emulator/build.sh").toString(),
                            buildFolder().toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = process.waitFor();
            if (status == 3) {
                throw new IllegalStateException("the emulated driver cannot be built: " + output);
            }
            if (status != 0) {
                throw new AssertionError("emulator/build.sh failed:\n" + output);
            }
            return Path.of(output.substring(output.lastIndexOf('\n') + 1)).resolve("libcuda.so.1");
        } catch (IOException e) {
            throw new IllegalStateException("the emulated driver cannot be built: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The folder of the module {@code kernels}, whether tests run in it or in the project's root. */
    static Path module() {
        for (Path p : List.of(Path.of(""), Path.of("kernels"))) {
            if (Files.exists(p.resolve("emulator/build.sh"))) {
                return p.toAbsolutePath();
            }
        }
        throw new AssertionError(
                "kernels/emulator not found from " + Path.of("").toAbsolutePath());
    }

    static Path buildFolder() {
        return module().resolve("target/emulator");
    }

    /** The text of a file of {@code src/test/cuda}. */
    public static String corpus(String file) {
        try {
            return Files.readString(module().resolve("src/test/cuda").resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a control command and returns the answer. */
    public static synchronized String control(String command) {
        for (byte b : command.getBytes(StandardCharsets.UTF_8)) {
            put(b);
        }
        byte[] reply = new byte[run()];
        for (int i = 0; i < reply.length; i++) {
            reply[i] = get(i);
        }
        String text = new String(reply, StandardCharsets.UTF_8);
        if (text.startsWith("error: ")) {
            throw new IllegalArgumentException(command.lines().findFirst().orElse("") + ": " + text);
        }
        return text;
    }

    /** As in a new process: nothing allocated, no context, the standard device. */
    public static void reset() {
        control("reset");
    }

    /** Settings such as {@code "cc=7.5;memory=1G"}. */
    public static void configure(String settings) {
        control("set " + settings);
    }

    /** The n-th call from now of a function, of a kind ("alloc", "copy", "launch" ...) or of any ("*") fails. */
    public static void fail(String what, int n, int code) {
        control("fail " + what + " " + n + " " + code);
    }

    public static List<Call> calls() {
        return lines("log").map(Call::parse).toList();
    }

    public static void clearCalls() {
        control("clear-log");
    }

    /** What the checks have reported since the last reset. */
    public static String reports() {
        return control("reports");
    }

    public static String leaks() {
        return control("leaks");
    }

    /** Counter of the name "launches", "compilations" or "live-bytes". */
    public static long counter(String name) {
        return lines("counters")
                .filter(l -> l.startsWith(name + " "))
                .mapToLong(l -> Long.parseLong(l.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** The names of the kernels that have run since the last call. */
    public static List<String> launched() {
        return lines("launched").toList();
    }

    static Stream<String> lines(String command) {
        return control(command).lines();
    }

    static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // left behind in the temporary folder
        }
    }

    private static native void put(byte b);

    private static native int run();

    private static native byte get(int at);
}
