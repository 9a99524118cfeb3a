package dev.weft.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** {@code ptxas} of a CUDA toolkit, where one is on the PATH. */
final class ToolkitAssembler {
    private ToolkitAssembler() {}

    /** The GPUs that it makes code for, {@code sm_75} and so on; without it the calling test is skipped. */
    static List<String> targets() {
        try {
            return Pattern.compile("'(sm_\\d+)'")
                    .matcher(run("--help"))
                    .results()
                    .map(match -> match.group(1))
                    .distinct()
                    .toList();
        } catch (IOException e) {
            String reason = "SKIPPED: ptxas of a CUDA toolkit is not on the PATH";
            System.err.println(ToolkitAssembler.class.getSimpleName() + " " + reason);
            assumeTrue(false, reason);
            throw new UncheckedIOException(e);
        }
    }

    /** Assembles a module for a GPU and returns the messages; fails where it is refused. */
    static String assemble(Path ptx, String target) {
        try {
            return run(
                    "--verbose",
                    "--gpu-name",
                    target,
                    "--output-file",
                    "/dev/null",
                    ptx.toAbsolutePath().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ptxas"));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new AssertionError(String.join(" ", command) + ":\n" + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return output;
    }
}
