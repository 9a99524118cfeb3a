package dev.weft.cpu;

import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.backend.Backend;
import dev.weft.conformance.Lenet5;
import dev.weft.graph.Graph;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same seed gives the same bits, whatever the number of threads and the state of the just-in-time compiler. */
class DeterminismTest {
    /** The flag that limits the vectors of this JVM, where it has one. */
    private static final Optional<String> NARROW = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("-XX:MaxVectorSize"))
            .findFirst();

    /** Its weights are so many that the batch is not cut into tiles. */
    private static final Graph PERCEPTRON =
            Graph.sequential(Shape.of(1, 28, 28), flatten(), linear(200), relu(), dropout(0.3), linear(10));

    @ParameterizedTest
    @CsvSource({"lenet5, true", "lenet5, false", "perceptron, true", "perceptron, false"})
    void oneTwoAndThreeThreadsGiveTheSameBits(String network, boolean vector) {
        Graph graph = network.equals("lenet5") ? Lenet5.graphWithDropout() : PERCEPTRON;
        List<String> digests = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            try (Backend backend =
                    new CpuBackend(threads, vector ? new VectorPrimitives() : new ScalarPrimitives(), "")) {
                digests.add(TrainingDigest.of(backend, graph, 150, 32, 2));
            }
        }
        assertThat(digests).hasSize(3).containsOnly(digests.get(0));
    }

    @ParameterizedTest
    @CsvSource({"vector, 300", "scalar, 60"})
    void interpretedAndCompiledCodeGiveTheSameBits(String kernels, int warmUps)
            throws IOException, InterruptedException {
        assumeFalse(
                NARROW.isPresent() && kernels.equals("scalar"), "scalar kernels do not depend on the vectors' length");
        Process interpreted = newJvm("-Xint", 0, kernels);
        Process fresh = newJvm("-Xshare:auto", 0, kernels);
        Process warm = newJvm("-Xshare:auto", warmUps, kernels);
        String digest = digest(interpreted);
        assertThat(digest(fresh)).isEqualTo(digest);
        assertThat(digest(warm)).isEqualTo(digest);
    }

    private static Process newJvm(String flag, int warmUps, String kernels) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(flag);
        NARROW.ifPresent(command::add);
        command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), TrainingDigest.class.getName()));
        command.addAll(List.of("6", "4", "1", String.valueOf(warmUps), kernels));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String digest(Process process) throws IOException, InterruptedException {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.lines()
                .filter(line -> line.startsWith("digest "))
                .findFirst()
                .orElseThrow();
    }
}
