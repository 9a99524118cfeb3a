package dev.weft.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import dev.weft.op.Op;
import dev.weft.samples.Terminal;
import dev.weft.samples.bench.Measurement.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** {@code weft bench} from the command line to its files, with short measurements. */
class BenchCommandTest {
    private static final String[] SHORT = {"--values", "7", "--seconds", "0.02"};

    @TempDir
    Path folder;

    private String out;
    private String err;

    private int bench(BenchCommand.SideOpener opener, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (!all.contains("compare")) {
            all.addAll(all.contains("--values") ? List.of() : List.of(SHORT));
            all.addAll(List.of("--out", folder.toString()));
        }
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int code = new CommandLine(new BenchCommand(new Terminal(false, false), opener))
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(all.toArray(String[]::new));
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    /** The side with one thread is another backend, or executes other ops. */
    private static BenchCommand.SideOpener wrapping(boolean emulated, UnaryOperator<Op> replacement) {
        return (name, options) -> options.threads() == 1
                ? new WrappedBackend(Backends.open(name, options), emulated, replacement)
                : Backends.open(name, options);
    }

    private BenchFile file() {
        return BenchFile.read(folder.resolve("bench.json"));
    }

    private String page() throws IOException {
        return Files.readString(folder.resolve("index.html"));
    }

    private static Set<ValidationMessage> schemaErrors(String json) throws IOException {
        try (InputStream in = BenchFile.class.getResourceAsStream("bench.schema.json")) {
            JsonNode file = new ObjectMapper().readTree(json);
            return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(in)
                    .validate(file);
        }
    }

    @Test
    void measuresVectorAndScalarKernelsOnOneAndMoreThreads() throws IOException {
        assertThat(bench(
                        Backends::open,
                        "gemm",
                        "--backends",
                        "cpu",
                        "--threads",
                        "1,2",
                        "--kernels",
                        "vector,scalar",
                        "--sizes",
                        "8,33"))
                .as(err + out)
                .isZero();
        BenchFile file = file();
        assertThat(schemaErrors(Files.readString(folder.resolve("bench.json")))).isEmpty();
        assertThat(file.sides())
                .extracting(BenchFile.SideRecord::id)
                .containsExactly(
                        "cpu vector 2 threads", "cpu vector 1 thread", "cpu scalar 2 threads", "cpu scalar 1 thread");
        assertThat(file.cases()).extracting(BenchFile.CaseRecord::title).containsExactly("gemm, n 8", "gemm, n 33");
        assertThat(file.verdicts()).isEqualTo(file.withVerdicts().verdicts()).isNotEmpty();
        assertThat(file.verdicts()).allSatisfy(verdict -> assertThat(out).contains(verdict));
        for (BenchFile.CaseRecord next : file.cases()) {
            assertThat(next.agreements())
                    .hasSize(4)
                    .allMatch(a -> a.passed() && a.opByOp() && a.against().equals("reference"));
            for (Kind kind : List.of(Kind.STEP, Kind.KERNEL_WARM, Kind.KERNEL_COLD)) {
                assertThat(next.measurements().stream().filter(m -> m.kind() == kind))
                        .hasSize(kind == Kind.STEP ? 4 : 3 * 4)
                        .allMatch(Measurement::measured);
            }
            assertThat(next.measurements()).allSatisfy(m -> {
                assertThat(m.seconds()).hasSizeGreaterThanOrEqualTo(7).doesNotContain(0);
                assertThat(m.summary()).isEqualTo(Summary.of(m.seconds()));
            });
        }
        // the product, and one gradient for each factor
        assertThat(file.cases().get(1).flops()).isEqualTo(3 * 2L * 33 * 33 * 33);
        assertThat(file.cases().get(1).plans().get("cpu vector 1 thread"))
                .containsExactly("gemm mat_mul a b", "gemm mat_mul a b'", "gemm mat_mul a' b");

        assertThat(out)
                .containsPattern("(?m)^ *33  cpu scalar 1 thread +\\d+ ")
                .contains("times as fast", "gemm mat_mul a b'", "results in " + folder);
        List<String> csv = Files.readAllLines(folder.resolve("bench.csv"));
        assertThat(csv)
                .hasSize(1
                        + file.cases().stream()
                                .mapToInt(c -> c.measurements().size())
                                .sum());
        assertThat(csv.get(1)).startsWith("gemm,n,8,cpu vector 2 threads,step,,,");
        assertThat(page())
                .contains("<svg", "Roofline of gemm", "Rate of gemm")
                .doesNotContain("NaN", "Infinity", "<script", "http:", "src=");
    }

    /** At the largest batch up to the one that the network trains with. */
    @Test
    void opsOfANetworkAreTimedAtOneBatch() throws IOException {
        String[] line = {"mlp", "--backends", "cpu", "--threads", "1", "--batches", "2,8,600", "--end-to-end", "0"};
        assertThat(bench(Backends::open, line)).as(err + out).isZero();
        for (BenchFile.CaseRecord next : file().cases()) {
            assertThat(next.measurements().stream().anyMatch(m -> m.kind() == Kind.KERNEL_WARM))
                    .as(next.title())
                    .isEqualTo(next.size() == 8);
        }
        assertThat(out).contains("images/s").doesNotContain("compared with");
        assertThat(page()).contains("Throughput of mlp", "Kernels of cpu 1 thread at batch 8");
    }

    /** The gradient of b is a' dc; without the transposition it has the right shape and the wrong values. */
    private static Op wrongGradient(Op op) {
        return op instanceof Op.MatMul m && m.c().name().equals("d(b)")
                ? new Op.MatMul(m.layer(), m.a(), m.b(), !m.transposeA(), m.transposeB(), m.c())
                : op;
    }

    /** Small work is compared with the reference, large work with the first side. */
    @ParameterizedTest
    @CsvSource({"16, reference", "400, cpu 2 threads"})
    void refusesARatioForAWrongGradient(String size, String against) throws IOException {
        assertThat(bench(
                        wrapping(false, BenchCommandTest::wrongGradient),
                        "gemm",
                        "--sizes",
                        size,
                        "--backends",
                        "cpu",
                        "--threads",
                        "1,2"))
                .isEqualTo(1);

        BenchFile.CaseRecord measured = file().cases().get(0);
        assertThat(measured.agreements()).extracting(Agreement::passed).containsExactly(true, false);
        assertThat(measured.agreements()).extracting(Agreement::against).containsOnly(against);
        assertThat(measured.agreements().get(1).tensor()).isEqualTo("d(b)");
        assertThat(measured.measurements().stream().filter(m -> m.side().equals("cpu 1 thread")))
                .singleElement()
                .matches(m -> !m.measured() && m.notMeasured().equals("does not agree with " + against));
        assertThat(Verdicts.ratio(file(), measured, "cpu 1 thread")).isEmpty();
        assertThat(schemaErrors(Files.readString(folder.resolve("bench.json")))).isEmpty();
        for (String report : List.of(out, page())) {
            assertThat(report)
                    .contains("cpu 1 thread is not timed, since it computes something else: d(b)[%1$s,%1$s] differs"
                            .formatted(size));
            assertThat(report).doesNotContainPattern("\\d \\[[\\d.]+, [\\d.]+\\]");
        }
    }

    @Test
    void aWrongGradientOfANetworkIsRefusedToo() {
        UnaryOperator<Op> noReluGradient = op -> op instanceof Op.ActivationBackward a
                ? new Op.ActivationBackward(a.layer(), Op.Nonlinearity.TANH, a.y(), a.dy(), a.dx())
                : op;
        assertThat(bench(
                        wrapping(false, noReluGradient),
                        "mlp",
                        "--batches",
                        "4",
                        "--end-to-end",
                        "0",
                        "--backends",
                        "cpu",
                        "--threads",
                        "1,2"))
                .isEqualTo(1);
        assertThat(file().cases().get(0).agreements().get(1))
                .matches(a -> !a.passed() && a.tensor().startsWith("d(linear1."));
    }

    @Test
    void timesOfAnEmulatedDeviceAreNotTakenAndNotShown() throws IOException {
        assertThat(bench(
                        wrapping(true, op -> op),
                        "mlp",
                        "--batches",
                        "4,8",
                        "--end-to-end",
                        "0",
                        "--backends",
                        "cpu",
                        "--threads",
                        "1,2"))
                .as(err + out)
                .isZero();
        BenchFile file = file();
        assertThat(file.sides().get(1)).matches(side -> side.emulated() && side.peak() == null);
        assertThat(file.cases())
                .allSatisfy(next -> assertThat(next.agreements()).hasSize(2).allMatch(Agreement::passed));
        assertThat(file.cases().stream()
                        .flatMap(next -> next.measurements().stream())
                        .filter(m -> m.side().equals("cpu 1 thread")))
                .hasSize(2)
                .allMatch(m -> m.notMeasured().equals("emulated device") && m.seconds().length == 0);
        assertThat(out).containsPattern("4  cpu 1 thread +not measured \\(emulated device\\)");
        assertThat(page())
                .contains("not measured (emulated device)", "its times mean nothing")
                .doesNotContain("times as fast as cpu");
        assertThat(schemaErrors(Files.readString(folder.resolve("bench.json")))).isEmpty();
    }

    @Test
    void trainsEndToEndInJvmsOfTheirOwn() {
        assertThat(bench(
                        Backends::open,
                        "mlp",
                        "--batches",
                        "4",
                        "--end-to-end",
                        "1",
                        "--backends",
                        "cpu",
                        "--threads",
                        "1"))
                .as(err + out)
                .isZero();
        Measurement whole = file().cases().get(1).measurements().get(0);
        assertThat(whole.kind()).isEqualTo(Kind.END_TO_END);
        assertThat(whole.images()).isEqualTo(50 * 500);
        assertThat(whole.seconds()).hasSize(1);
        assertThat(whole.seconds()[0]).as("seconds for a JVM and 50 steps").isBetween(0.2, 300.0);
        assertThat(whole.summary().interval()).isNull();
    }

    @Test
    void aTrainingThatMissesTheAccuracyHasNoTime() {
        try (Backend backend = Backends.open("cpu", new BackendOptions(1))) {
            Side side = new Side("cpu", "cpu", Kernels.ownChoice(), 1, backend);
            FreshTraining.Outcome good = new FreshTraining.Outcome(31.5, 4, 0.9884);
            FreshTraining.Outcome bad = new FreshTraining.Outcome(60, 8, 0.9871);

            Measurement reached = Trainings.timeToAccuracy(side, List.of(good, good), 0.988, List.of(1L, 2L));
            assertThat(reached.seconds()).containsExactly(31.5, 31.5);
            assertThat(reached.stage()).isEqualTo("seeds [1, 2]; epochs [4, 4]");
            Measurement missed = Trainings.timeToAccuracy(side, List.of(good, bad), 0.988, List.of(1L, 2L));
            assertThat(missed.measured()).isFalse();
            assertThat(missed.notMeasured()).isEqualTo("seed 2 reached 98.71 % in 8 epochs");
            assertThat(Trainings.timeToAccuracy(side, List.of(), 0.988, List.of(1L, 2L))
                            .notMeasured())
                    .isEqualTo("emulated device");
        }
    }

    @Test
    void theSchemaRefusesWhatIsWrong() throws IOException {
        bench(Backends::open, "gemm", "--sizes", "4", "--backends", "cpu", "--threads", "1");
        String json = Files.readString(folder.resolve("bench.json"));
        assertThat(schemaErrors(json)).isEmpty();
        assertThat(schemaErrors(json.replace("\"median\"", "\"mean\""))).isNotEmpty();
        assertThat(schemaErrors(json.replace("\"KERNEL_WARM\"", "\"KERNEL_HOT\"")))
                .isNotEmpty();
        assertThat(schemaErrors(json.replaceFirst("\"cores\" : \\d+", "\"cores\" : 0")))
                .isNotEmpty();
        assertThat(schemaErrors(json.replaceFirst("\"notMeasured\" : null", "\"notMeasured\" : \"emulated device\"")))
                .as("values of what was not measured")
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "| name a benchmark: gemm, conv",
                "gem | there is no benchmark 'gem'; there are gemm, ",
                "gemm --sizes 0 | sizes must be 1 to 8192, got 0",
                "lenet5 --batches 9000 | sizes must be 1 to 8192, got 9000",
                "gemm --backends abacus | there is no backend 'abacus'; there are ",
                "gemm --backends cpu --kernels cublas | none of the backends has kernels cublas",
                "gemm --backends cpu --threads some | --threads takes numbers and all, got 'some'",
                "gemm --values 3 | --values must be at least 7"
            })
    void wrongUsage(String line) {
        String[] parts = line.split("\\|");
        assertThat(bench(
                        Backends::open,
                        parts[0].isBlank() ? new String[0] : parts[0].strip().split(" ")))
                .isEqualTo(2);
        assertThat(err).contains(parts[1].strip());
    }

    /** The same values with another factor for the steps of one side, from a machine with so many threads running. */
    private Path copy(BenchFile file, double factor, double load) throws IOException {
        List<BenchFile.CaseRecord> cases = new ArrayList<>();
        for (BenchFile.CaseRecord c : file.cases()) {
            List<Measurement> scaled = new ArrayList<>();
            for (Measurement m : c.measurements()) {
                double[] seconds = m.seconds().clone();
                for (int i = 0; m.kind() == Kind.STEP && i < seconds.length; i++) {
                    seconds[i] = factor * (1 + i * 1e-3);
                }
                scaled.add(new Measurement(
                        m.side(),
                        m.kind(),
                        m.stage(),
                        m.flops(),
                        m.bytes(),
                        m.images(),
                        null,
                        m.warmUp(),
                        m.executions(),
                        seconds,
                        Summary.of(seconds)));
            }
            cases.add(new BenchFile.CaseRecord(
                    c.benchmark(),
                    c.sweep(),
                    c.size(),
                    c.trains(),
                    c.flops(),
                    c.bytes(),
                    c.agreements(),
                    c.plans(),
                    scaled));
        }
        Path path = folder.resolve("factor-%s-load-%s.json".formatted(factor, load));
        BenchFile copied = new BenchFile(
                BenchFile.VERSION,
                file.created(),
                file.command(),
                VerdictsTest.environment(load, load),
                file.rule(),
                file.sides(),
                cases,
                false,
                List.of());
        return Files.writeString(path, copied.json());
    }

    @Test
    void compareFlagsWhatChangedBeyondTheNoise() throws IOException {
        bench(Backends::open, "gemm", "--sizes", "4", "--backends", "cpu", "--threads", "1");
        BenchFile file = file();
        String one = copy(file, 1, 0).toString();
        String half = copy(file, 0.5, 0).toString();
        String little = copy(file, 1.002, 0).toString();

        assertThat(bench(Backends::open, "compare", one, half)).isZero();
        assertThat(out)
                .containsPattern("gemm, n 4 +cpu 1 thread +step +1.00 s +501 ms +2.00 \\[[\\d., ]+] +faster")
                .contains("1 faster, 0 slower");
        assertThat(bench(Backends::open, "compare", half, one)).isEqualTo(1);
        assertThat(out).contains("slower", "0 faster, 1 slower");
        assertThat(bench(Backends::open, "compare", one, little)).isZero();
        assertThat(out)
                .contains("0 faster, 0 slower, 7 without a change beyond the noise")
                .doesNotContain("gemm, n 4");
        assertThat(bench(Backends::open, "compare", one, little, "--all")).isZero();
        assertThat(out).contains("gemm, n 4", "level");

        String busy = copy(file, 0.5, 3).toString();
        assertThat(bench(Backends::open, "compare", one, busy, "--all")).isEqualTo(1);
        assertThat(out)
                .startsWith(busy
                        + ": The machine was busy before the benchmark began: 3.0 threads were running on 4 cores.")
                .contains("gemm, n 4", "no verdict", "0 faster, 0 slower, 0 without a change beyond the noise")
                .contains("7 without a verdict, since the machine was busy; --force gives one")
                .doesNotContain("level", "faster\n");
        assertThat(bench(Backends::open, "compare", one, busy, "--force")).isZero();
        assertThat(out).contains("1 faster, 0 slower").doesNotContain("without a verdict");
    }

    /** Ops of the same name, as a reshape and its gradient, are not taken for one another. */
    @Test
    void aFileIsLevelWithItselfAndOtherKernelsAreTold() throws IOException {
        bench(Backends::open, "mlp", "--batches", "1", "--end-to-end", "0", "--backends", "cpu", "--threads", "1");
        Path file = folder.resolve("bench.json");
        assertThat(bench(Backends::open, "compare", file.toString(), file.toString(), "--force"))
                .isZero();
        assertThat(out).contains(": 0 faster, 0 slower, ").doesNotContain("not the same");

        Path other = folder.resolve("other.json");
        String json = Files.readString(file);
        Files.writeString(other, json.replaceFirst("\"kernels\" : \"\\w+\"", "\"kernels\" : \"tuned 0123\""));
        assertThat(bench(Backends::open, "compare", other.toString(), file.toString(), "--force"))
                .isZero();
        assertThat(out).containsPattern("not the same kernels of cpu 1 thread: tuned 0123 and (vector|scalar)");
    }

    @Test
    void predictionsAreMeasuredForOneThreadAndForMany() throws IOException {
        Path file = folder.resolve("predict.json");
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        CommandLine command = new CommandLine(new BenchCommand(new Terminal(false, false)))
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText));
        int code =
                command.execute("predict", "mlp", "--threads", "1,3", "--seconds", "0.05", "--json", file.toString());
        assertThat(errText.toString()).isEmpty();
        assertThat(code).isZero();
        assertThat(outText.toString()).contains("network", "predictions/s", "predictor");
        JsonNode rows = new ObjectMapper().readTree(Files.readString(file));
        assertThat(rows).hasSize(3);
        for (JsonNode row : rows) {
            assertThat(row.get("network").asText()).isEqualTo("mlp");
            assertThat(row.get("median").asDouble()).isPositive();
            assertThat(row.get("percentile99").asDouble())
                    .isGreaterThanOrEqualTo(row.get("median").asDouble());
            assertThat(row.get("perSecond").asDouble()).isPositive();
        }
        assertThat(rows.get(0).get("way").asText()).isEqualTo("model");
        assertThat(rows.get(2).get("threads").asInt()).isEqualTo(3);
        assertThat(command.execute("predict", "vgg")).isEqualTo(2);
        assertThat(errText.toString()).contains("there is no network 'vgg'; there are lenet5, mlp");
    }
}
