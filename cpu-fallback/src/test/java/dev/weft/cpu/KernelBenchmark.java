package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Executable;
import dev.weft.backend.Kernels;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.program.Cost;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.ScalarResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * How fast each kernel is: {@code scripts/bench-cpu kernels} runs all {@link KernelCase}s. After each round the machine's
 * peaks are measured, since its speed changes from minute to minute: shares of a peak can be compared, times cannot.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class KernelBenchmark {
    private static final String ROW = "%-78s %10s %9s %7s %8s %7s%n";

    /** A rate that hardly changes a weight, however often a kernel runs, and corrections that change nothing. */
    private static final double[] RATES = {1e-6, 1, 1, 1, 1, 1, 1, 1};

    /** Name of the case. */
    @Param({})
    public String kernel;

    /** Threads of the backend. */
    @Param("1")
    public int threads;

    /** Kernels of the backend: scalar or vector, or its own choice. */
    @Param(Kernels.OWN_CHOICE)
    public String kernels;

    private Backend backend;
    private Memory memory;
    private Executable executable;
    private StepRange step;

    /**
     * @param args a regular expression that the names of the cases contain, all by default; threads, 1 by default;
     *     kernels, scalar or vector, the backend's choice by default
     */
    public static void main(String[] args) throws RunnerException {
        Pattern pattern = Pattern.compile(args.length > 0 ? args[0] : "");
        String threads = args.length > 1 ? args[1] : "1";
        String kernels = args.length > 2 ? args[2] : Kernels.OWN_CHOICE;
        List<KernelCase> cases = KernelCase.all().stream()
                .filter(next -> pattern.matcher(next.name()).find())
                .toList();
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("no kernel's name contains " + pattern);
        }
        System.out.printf(ROW, "kernel", "us", "GFLOP/s", "of peak", "GB/s", "of copy");
        for (KernelCase next : cases) {
            RunResult result = new Runner(new OptionsBuilder()
                            .include("^" + Pattern.quote(KernelBenchmark.class.getName()) + "\\.")
                            .param("kernel", next.name())
                            .param("threads", threads)
                            .param("kernels", kernels)
                            .addProfiler(Peaks.class.getName())
                            .forks(1)
                            .shouldFailOnError(true)
                            .verbosity(VerboseMode.SILENT)
                            .build())
                    .runSingle();
            print(next, result);
        }
    }

    /** Medians over the rounds; each round is compared with the peaks that were measured in it. */
    private static void print(KernelCase kernel, RunResult result) {
        Cost cost = Cost.of(kernel.program().ops());
        double bytes = cost.readBytes() + cost.writtenBytes();
        System.out.printf(
                ROW,
                kernel.name(),
                format("%.1f", median(result, KernelBenchmark::microseconds)),
                cost.flops() == 0 ? "" : format("%.1f", median(result, i -> cost.flops() * 1e-3 / microseconds(i))),
                cost.flops() == 0
                        ? ""
                        : format(
                                "%.0f %%",
                                median(result, i -> cost.flops() * 1e8 / microseconds(i) / peak(i, Peaks.FLOPS))),
                format("%.1f", median(result, i -> bytes * 1e-3 / microseconds(i))),
                format("%.0f %%", median(result, i -> bytes * 1e8 / microseconds(i) / peak(i, Peaks.BYTES))));
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    private static double microseconds(IterationResult iteration) {
        return iteration.getPrimaryResult().getScore();
    }

    private static double peak(IterationResult iteration, String name) {
        return iteration.getSecondaryResults().get(name).getScore();
    }

    private static double median(RunResult result, ToDoubleFunction<IterationResult> value) {
        double[] sorted = result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .mapToDouble(value)
                .sorted()
                .toArray();
        return sorted[sorted.length / 2];
    }

    /** Measures the processor's peaks after each round, on as many threads as the kernel had. */
    public static final class Peaks implements InternalProfiler {
        static final String FLOPS = "flops";
        static final String BYTES = "bytes";

        @Override
        public String getDescription() {
            return "the processor's peak rates";
        }

        @Override
        public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {}

        @Override
        public List<ScalarResult> afterIteration(
                BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
            try (Backend backend = CpuBackend.open(Integer.parseInt(benchmark.getParam("threads")))) {
                Backend.PeakRates peaks = backend.measurePeakRates().orElseThrow();
                return List.of(
                        new ScalarResult(FLOPS, peaks.flopsPerSecond(), "1/s", AggregationPolicy.AVG),
                        new ScalarResult(BYTES, peaks.bytesPerSecond(), "B/s", AggregationPolicy.AVG));
            }
        }
    }

    /** Binds the program, and fills what it reads. */
    @Setup
    public void bind() {
        Program program = KernelCase.all().stream()
                .filter(next -> next.name().equals(kernel))
                .findFirst()
                .orElseThrow()
                .program();
        backend = CpuBackend.open(new BackendOptions(threads, Kernels.of(kernels)));
        List<TensorRef> roots = program.ops().stream()
                .flatMap(op -> Stream.concat(op.inputs().stream(), op.outputs().stream()))
                .map(TensorRef::root)
                .filter(root -> root.role().persistent())
                .distinct()
                .toList();
        memory = backend.allocate(roots);
        executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                .get(0);
        // a data set and its order may stay zeros
        roots.stream().filter(root -> root.role() != Role.DATA).forEach(root -> memory.write(root, values(root)));
        program.inputs().forEach(input -> executable.write(input, values(input)));
        step = new StepRange(0, 1, 0, program.batch(), 1, RATES);
    }

    /** Random numbers from 0 to 1, or one of ten classes. */
    private static HostTensor values(TensorRef tensor) {
        Philox.Sequence random = Philox.sequence(1, tensor.name(), 0);
        switch (tensor.type()) {
            case REAL -> {
                float[] values = new float[tensor.elements()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextUniform();
                }
                return HostTensor.of(tensor.shape(), values);
            }
            case I32 -> {
                int[] values = new int[tensor.elements()];
                Arrays.setAll(values, i -> random.nextInt(10));
                return HostTensor.of(tensor.shape(), values);
            }
            default -> {
                byte[] values = new byte[tensor.elements()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (byte) random.nextInt(2);
                }
                return HostTensor.of(tensor.shape(), values);
            }
        }
    }

    /** One execution of the program. */
    @Benchmark
    public void run() {
        executable.run(step);
    }

    /** Frees what {@link #bind} made. */
    @TearDown
    public void close() {
        executable.close();
        memory.close();
        backend.close();
    }
}
