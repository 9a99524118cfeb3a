package dev.weft.samples.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.io.OutputFile;
import dev.weft.samples.BackendNames;
import dev.weft.samples.Network;
import dev.weft.samples.TextTable;
import dev.weft.train.Model;
import dev.weft.train.Predictor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft bench predict}: how fast single samples are predicted, by one thread and by many. */
@Command(
        name = "predict",
        description =
                "Measures predictions of single samples: by one thread with a model, and by several threads that share a"
                        + " predictor, which gathers their samples into batches.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  weft bench predict", "  weft bench predict lenet5 --threads 1,2,16,64 --json predict.json"})
final class PredictBenchCommand implements Callable<Integer> {
    private static final int SAMPLES = 64;
    private static final int MOST_THREADS = 1024;
    private static final int ROUNDS = 5;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NETWORK", arity = "0..*", description = "lenet5, mlp, lstm-rows. Default: the first two.")
    private List<String> networks = List.of("lenet5", "mlp");

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "cpu",
            completionCandidates = BackendNames.class,
            description = "Default: ${DEFAULT-VALUE}.")
    private String backendName;

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,2,16",
            description = "Threads that share the predictor. Default: ${DEFAULT-VALUE}.")
    private List<Integer> threads;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "2",
            description = "For each measurement, and as long to warm up. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures to a file, too.")
    private Path json;

    /**
     * Single predictions of some threads.
     *
     * @param way {@code model} or {@code predictor}
     * @param median seconds from a call to its return
     * @param percentile99 seconds that one of a hundred calls takes longer than
     * @param perSecond predictions of all threads
     */
    record Row(String network, String way, int threads, double median, double percentile99, double perSecond) {}

    @Override
    public Integer call() throws InterruptedException {
        List<Network> chosen = networks.stream().map(this::network).toList();
        if (!(seconds > 0) || threads.stream().anyMatch(n -> n < 1 || n > MOST_THREADS)) {
            throw usage("--seconds must be above 0, --threads 1 to " + MOST_THREADS);
        }
        if (json != null) {
            OutputFile.check(json);
        }
        PrintWriter out = spec.commandLine().getOut();
        List<Row> rows = new ArrayList<>();
        try (Backend backend = Backends.open(backendName)) {
            out.println(backend.description());
            for (Network network : chosen) {
                measure(network, backend, rows);
            }
        }
        print(rows, out);
        if (json != null) {
            try {
                OutputFile.write(
                        json,
                        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(rows));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        out.flush();
        return 0;
    }

    private Network network(String name) {
        return Network.all().stream()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow(() -> usage("there is no network '%s'; there are lenet5, mlp, lstm-rows".formatted(name)));
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void measure(Network network, Backend backend, List<Row> rows) throws InterruptedException {
        try (Model model = Model.create(network.graph(), backend, 1);
                Predictor predictor = model.predictor()) {
            Random random = new Random(1);
            float[][] samples =
                    new float[SAMPLES][(int) network.graph().input().shape().elements()];
            for (float[] sample : samples) {
                for (int i = 0; i < sample.length; i++) {
                    sample[i] = random.nextFloat();
                }
            }
            List<Way> ways = new ArrayList<>(List.of(new Way("model", 1, model::predict)));
            threads.forEach(count -> ways.add(new Way("predictor", count, predictor::predict)));
            // all of them first, so that none pays for the compilation of what they share
            for (Way way : ways) {
                latencies(way, samples, seconds);
            }
            List<List<double[]>> all = new ArrayList<>();
            double[] elapsed = new double[ways.size()];
            ways.forEach(way -> all.add(new ArrayList<>()));
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < ways.size(); i++) {
                    long start = System.nanoTime();
                    all.get(i).add(latencies(ways.get(i), samples, seconds / ROUNDS));
                    elapsed[i] += (System.nanoTime() - start) * 1e-9;
                }
            }
            for (int i = 0; i < ways.size(); i++) {
                Way way = ways.get(i);
                double[] values =
                        all.get(i).stream().flatMapToDouble(Arrays::stream).toArray();
                Percentile percentile = new Percentile();
                percentile.setData(values);
                rows.add(new Row(
                        network.name(),
                        way.name,
                        way.threads,
                        percentile.evaluate(50),
                        percentile.evaluate(99),
                        values.length / elapsed[i]));
            }
        }
    }

    /** What is measured, in rounds in which all take their turns. */
    private record Way(String name, int threads, UnaryOperator<float[]> predict) {}

    /** Of all threads' calls, in seconds. */
    private static double[] latencies(Way way, float[][] samples, double seconds) throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(way.threads);
        try {
            List<Future<double[]>> threads = new ArrayList<>();
            long end = System.nanoTime() + (long) (seconds * 1e9);
            for (int t = 0; t < way.threads; t++) {
                int first = t;
                threads.add(pool.submit(() -> latencies(first, way.predict, samples, end)));
            }
            List<double[]> parts = new ArrayList<>();
            for (Future<double[]> thread : threads) {
                parts.add(thread.get());
            }
            return parts.stream().flatMapToDouble(Arrays::stream).toArray();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } finally {
            pool.shutdown();
        }
    }

    private static double[] latencies(int first, UnaryOperator<float[]> predict, float[][] samples, long end) {
        double[] latencies = new double[1024];
        int n = 0;
        long now = System.nanoTime();
        do {
            long before = now;
            predict.apply(samples[(first + n) % samples.length]);
            now = System.nanoTime();
            if (n == latencies.length) {
                latencies = Arrays.copyOf(latencies, 2 * n);
            }
            latencies[n++] = (now - before) * 1e-9;
        } while (now < end);
        return Arrays.copyOf(latencies, n);
    }

    private static void print(List<Row> rows, PrintWriter out) {
        TextTable table = new TextTable()
                .left("network")
                .left("by")
                .right("threads")
                .right("median")
                .right("99 % within")
                .right("predictions/s")
                .right("of a loop");
        double loop = Double.NaN;
        for (Row row : rows) {
            if (row.way.equals("model")) {
                loop = row.perSecond;
            }
            table.row(
                    row.network,
                    row.way,
                    (long) row.threads,
                    Figures.time(row.median),
                    Figures.time(row.percentile99),
                    (long) row.perSecond,
                    Figures.digits(row.perSecond / loop));
        }
        table.print(out);
    }
}
