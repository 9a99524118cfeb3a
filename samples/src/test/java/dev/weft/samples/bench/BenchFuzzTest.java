package dev.weft.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.fuzz.Fuzz;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Malformed results for {@code weft bench compare}. */
class BenchFuzzTest {
    @TempDir
    private Path folder;

    /** The least that a bench.json has: one side, a kernel that was measured, and an end-to-end time that was not. */
    private static String json() {
        Environment.State state = new Environment.State(0.5, List.of(2500.0), null, Map.of("name", "GPU"));
        Environment environment = new Environment(
                "0.1",
                null,
                "17",
                List.of("-Xmx1g"),
                "Linux",
                "CPU",
                List.of("avx2"),
                2,
                1L << 33,
                Map.of("L3", "32M"),
                state,
                state);
        Side side = new Side("cpu", "cpu", dev.weft.backend.Kernels.ownChoice(), 1, null);
        Measurement.Work work = new Measurement.Work(1000, 100, 0);
        Measurement measured = Measurement.of(
                side, Measurement.Kind.KERNEL_WARM, "MatMul", work, new Sampler.WarmUp(5, 0.1, true), 3, new double[] {
                    1e-3, 1.1e-3, 0.9e-3, 1e-3, 1.2e-3, 1e-3, 1e-3
                });
        return new BenchFile(
                        BenchFile.VERSION,
                        "2026-11-30T12:00:00+00:00",
                        List.of("weft", "bench"),
                        environment,
                        new Sampler.Rule(0.1, 1, 0.01, 7, 5, 1),
                        List.of(new SideRecord("cpu", "cpu", "", 1, "cpu: vector", false, null)),
                        List.of(new CaseRecord(
                                "gemm",
                                "n",
                                8,
                                false,
                                1000,
                                100,
                                List.of(new Agreement("cpu", true, "reference", true, 0.0, "y", null)),
                                Map.of("cpu", List.of("MatMul")),
                                List.of(
                                        measured,
                                        Measurement.none(side, Measurement.Kind.END_TO_END, null, work, "too long")))),
                        false,
                        List.of())
                .json();
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void comparisonsOfMalformedFiles() throws IOException {
        Path whole = file("whole", json());
        CommandLine compare = new CommandLine(new CompareCommand())
                .setExecutionExceptionHandler((e, command, result) -> {
                    throw e;
                })
                .setParameterExceptionHandler((e, arguments) -> {
                    throw e;
                });
        Fuzz.run(
                "bench",
                folder,
                mutant -> {
                    BenchFile.read(mutant);
                    StringWriter out = new StringWriter();
                    compare.setOut(new PrintWriter(out)).execute("--all", whole.toString(), mutant.toString());
                    assertThat(out.toString()).contains(" times compared: ");
                },
                json().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void nullIsNoAnswer() throws IOException {
        assertThatThrownBy(() -> BenchFile.read(file("null", "null")))
                .isInstanceOf(DataException.class)
                .hasMessageEndingWith("null is no bench.json: it holds null alone");
        assertThatThrownBy(() ->
                        BenchFile.read(file("cases", json().replaceFirst("(?s)\"cases\" : .*", "\"cases\":null}"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cases is no bench.json: ")
                .hasMessageContaining("\"cases\"");
        assertThatThrownBy(() -> BenchFile.read(file("less", json().replaceFirst("(?s),\\s*\"cases\" : .*", "}"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cases");
    }
}
