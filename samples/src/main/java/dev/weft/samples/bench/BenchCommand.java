package dev.weft.samples.bench;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.io.OutputFile;
import dev.weft.samples.Bar;
import dev.weft.samples.KernelFlags;
import dev.weft.samples.Network;
import dev.weft.samples.RunOutput;
import dev.weft.samples.Terminal;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft bench}: how fast backends are, beside each other. */
@Command(
        name = "bench",
        description = "Measures how fast backends are, beside each other. First it checks that they compute the same;"
                + " what does not agree is not timed.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        abbreviateSynopsis = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        subcommands = {CompareCommand.class, PredictBenchCommand.class},
        footer = {
            "  weft bench lenet5",
            "  weft bench gemm conv ops --backends cpu,cuda",
            "  weft bench lenet5 --batches 1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192",
            "  weft bench time-to-accuracy --seeds 1,2,3",
            "  weft bench compare old/bench.json new/bench.json",
            "  weft bench predict",
            "",
            "The results are in a folder: index.html, bench.csv, and bench.json with every value."
                    + " The exit code is 1 where sides do not agree."
        })
public final class BenchCommand implements Callable<Integer> {
    static final String TIME_TO_ACCURACY = "time-to-accuracy";
    private static final List<String> BENCHMARKS =
            List.of("gemm", "conv", "ops", "lenet5", "mlp", "lstm-rows", TIME_TO_ACCURACY);
    private static final int LARGEST = 8192;
    /** Steps of an end-to-end training. */
    private static final int END_TO_END_STEPS = 50;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "BENCHMARK",
            arity = "0..*",
            completionCandidates = Names.class,
            description = {
                "gemm: the product of two matrices of n x n and both gradients;",
                "conv: a 3x3 convolution from 64 to 64 channels on 28x28 and both gradients;",
                "ops: a training step of a network with the usual layers, op by op;",
                "lenet5, mlp, lstm-rows: training steps, and trainings end to end;",
                "time-to-accuracy: LeNet-5 on MNIST until the test accuracy is reached."
            })
    private List<String> benchmarks = List.of();

    @Option(
            names = "--backends",
            paramLabel = "NAME",
            split = ",",
            completionCandidates = dev.weft.samples.BackendNames.class,
            description = "Separated by commas. Default: cpu, and cuda where it is usable.")
    private List<String> backends;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            split = ",",
            description = "Kernels to compare: vector, scalar for cpu; hand, cublas, cudnn, tuned for cuda. A backend"
                    + " without kernels of these names takes its own choice. Default: its own choice.")
    private List<String> kernels = List.of();

    @Mixin
    private KernelFlags kernelFlags;

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "Threads of cpu to compare; all stands for as many as there are processors. Default: 1,all.")
    private List<String> threads = List.of("1", "all");

    @Option(
            names = "--batches",
            paramLabel = "N",
            split = ",",
            description =
                    "Batch sizes, 1 to 8192. Default: 1,8,64,256,1024 for networks, 1,4,16 for conv, 128 for ops.")
    private List<Integer> batches = List.of();

    @Option(
            names = "--sizes",
            paramLabel = "N",
            split = ",",
            defaultValue = "64,128,256,512,1024",
            description = "Sizes of gemm's matrices, 1 to 8192. Default: ${DEFAULT-VALUE}.")
    private List<Integer> sizes;

    @Option(
            names = "--values",
            paramLabel = "N",
            defaultValue = "21",
            description = "How often each time is measured, at least 7. Default: ${DEFAULT-VALUE}.")
    private int values;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "2",
            description = "For each size and side: fewer values where they would take longer, but at least 7; and the"
                    + " longest warm-up. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(
            names = "--end-to-end",
            paramLabel = "N",
            defaultValue = "7",
            description = "How often a network is trained from the start of a JVM to its end; 0 for never."
                    + " Default: ${DEFAULT-VALUE}.")
    private int endToEnd;

    @Option(
            names = "--accuracy",
            paramLabel = "PERCENT",
            defaultValue = "98.8",
            description = "Test accuracy for time-to-accuracy. Default: ${DEFAULT-VALUE}.")
    private double accuracy;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "8",
            description = "Epochs after which time-to-accuracy gives up; the learning rate falls over them."
                    + " Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,2,3",
            description = "Seeds for time-to-accuracy. Default: ${DEFAULT-VALUE}.")
    private List<Long> seeds;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where to leave the results. Default: runs/TIME-bench.")
    private Path out;

    @Option(names = "--force", description = "Say what is faster although others keep the machine busy.")
    private boolean force;

    private final Terminal terminal;
    private final SideOpener opener;

    /** Names for completion. */
    static final class Names implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return BENCHMARKS.iterator();
        }
    }

    /** Opens the backend of a side. */
    @FunctionalInterface
    interface SideOpener {
        /** @param name the backend's */
        Backend open(String name, BackendOptions options);
    }

    /** The command with the backends on the class path. */
    public BenchCommand(Terminal terminal) {
        this(terminal, Backends::open);
    }

    BenchCommand(Terminal terminal, SideOpener opener) {
        this.terminal = terminal;
        this.opener = opener;
    }

    @Override
    public Integer call() {
        check();
        PrintWriter stdout = spec.commandLine().getOut();
        List<Side> sides = new ArrayList<>();
        try (Backend reference = Backends.open("reference");
                Progress progress = new Progress()) {
            Sides.open(sides, names(), kernelFlags.of(kernels), threads, opener, spec.commandLine());
            Path folder = RunOutput.folder(out, "bench");
            OutputFile.check(folder.resolve("bench.json"));
            BenchFile file = measure(sides, reference, progress).withVerdicts();
            progress.close();
            write(folder, "bench.json", file.json());
            write(folder, "bench.csv", BenchCsv.text(file));
            write(folder, "index.html", BenchPage.html(file));
            boolean agreed = new BenchTables(file, terminal).print(stdout);
            stdout.printf("results in %s: bench.json, bench.csv, index.html%n", folder);
            if (stdout.checkError()) {
                PrintWriter stderr = spec.commandLine().getErr();
                stderr.println("weft: the standard output is closed or full; results in " + folder);
                stderr.flush();
            }
            return agreed ? 0 : 1;
        } finally {
            sides.forEach(side -> side.backend().close());
        }
    }

    private void check() {
        if (benchmarks.isEmpty()) {
            throw usage("name a benchmark: " + String.join(", ", BENCHMARKS));
        }
        for (String benchmark : benchmarks) {
            if (!BENCHMARKS.contains(benchmark)) {
                throw usage(
                        "there is no benchmark '%s'; there are %s".formatted(benchmark, String.join(", ", BENCHMARKS)));
            }
        }
        for (List<Integer> sweep : List.of(batches, sizes)) {
            for (int size : sweep) {
                if (size < 1 || size > LARGEST) {
                    throw usage("sizes must be 1 to %d, got %d".formatted(LARGEST, size));
                }
            }
        }
        if (values < 7 || !(seconds > 0) || endToEnd < 0 || epochs < 1) {
            throw usage("--values must be at least 7, --seconds above 0, --end-to-end at least 0, --epochs at least 1");
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private List<String> names() {
        if (backends != null) {
            return backends;
        }
        boolean cuda = Backends.providers().stream()
                .anyMatch(p -> p.name().equals("cuda") && p.unusable().isEmpty());
        return cuda ? List.of("cpu", "cuda") : List.of("cpu");
    }

    private BenchFile measure(List<Side> sides, Backend reference, Progress progress) {
        boolean gpu = sides.stream()
                .anyMatch(side -> side.threads() == 0 && !side.backend().emulated());
        Environment.State before = Environment.State.now(gpu);
        List<SideRecord> records = new ArrayList<>();
        for (Side side : sides) {
            progress.accept("peak rates of " + side.id());
            records.add(record(side));
        }
        Sampler.Rule rule =
                new Sampler.Rule(Math.min(0.5, seconds), seconds, 5e-3, values, Math.min(values, 7), seconds);
        Bench bench = new Bench(sides, reference, rule, progress);
        List<CaseRecord> cases = new ArrayList<>();
        for (String benchmark : benchmarks) {
            if (benchmark.equals(TIME_TO_ACCURACY)) {
                cases.add(new Trainings(sides, progress).timeToAccuracy(accuracy / 100, epochs, seeds));
                continue;
            }
            List<Integer> sweep = sweep(benchmark);
            for (int size : sweep) {
                CaseRecord measured = bench.run(
                        workload(benchmark, size, reference),
                        kernelsAt(benchmark, sweep) == size || !isNetwork(benchmark));
                cases.add(measured);
            }
            if (isNetwork(benchmark) && endToEnd > 0) {
                cases.add(new Trainings(sides, progress).endToEnd(network(benchmark), END_TO_END_STEPS, endToEnd));
            }
        }
        List<String> command = new ArrayList<>(List.of("weft"));
        command.addAll(spec.commandLine().getParseResult().originalArgs());
        return new BenchFile(
                BenchFile.VERSION,
                OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                command,
                Environment.of(before, Environment.State.now(gpu)),
                rule,
                records,
                cases,
                force,
                List.of());
    }

    private static SideRecord record(Side side) {
        Backend backend = side.backend();
        return new SideRecord(
                side.id(),
                side.name(),
                backend.kernels(),
                side.threads(),
                backend.description(),
                backend.emulated(),
                backend.emulated() ? null : backend.measurePeakRates().orElse(null));
    }

    private List<Integer> sweep(String benchmark) {
        if (benchmark.equals("gemm")) {
            return sizes;
        }
        if (!batches.isEmpty()) {
            return batches;
        }
        return switch (benchmark) {
            case "conv" -> List.of(1, 4, 16);
            case "ops" -> List.of(128);
            default -> List.of(1, 8, 64, 256, 1024);
        };
    }

    private static boolean isNetwork(String benchmark) {
        return Network.all().stream().anyMatch(network -> network.name().equals(benchmark));
    }

    private static Network network(String name) {
        return Network.all().stream()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** The ops of a network are timed at one batch: the largest that is not above the one that it trains with. */
    private static int kernelsAt(String benchmark, List<Integer> sweep) {
        int usual = isNetwork(benchmark) ? network(benchmark).batch() : 0;
        return sweep.stream()
                .filter(size -> size <= usual)
                .max(Integer::compare)
                .orElse(sweep.get(0));
    }

    private static Workload workload(String benchmark, int size, Backend reference) {
        return switch (benchmark) {
            case "gemm" -> Workload.gemm(size);
            case "conv" -> Workload.conv(size);
            case "ops" ->
                Workload.training(benchmark, Workload.everyLayer(), dev.weft.optim.Adam.of(1e-3), size, reference);
            default -> {
                Network network = network(benchmark);
                yield Workload.training(
                        benchmark,
                        network.graph(),
                        network.optimizer().create(network.learningRate()),
                        size,
                        reference);
            }
        };
    }

    private static void write(Path folder, String name, String text) {
        OutputFile.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }

    /** What is being measured: a bar on a terminal, else a line for each piece of work. */
    private final class Progress implements java.util.function.Consumer<String>, AutoCloseable {
        private String what = "";
        private Bar bar;

        @Override
        public void accept(String next) {
            what = next;
            if (terminal.interactive()) {
                if (bar == null) {
                    bar = new Bar("bench", -1, () -> what);
                }
            } else {
                PrintWriter err = spec.commandLine().getErr();
                err.println(next);
                err.flush();
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
                bar = null;
            }
        }
    }
}
