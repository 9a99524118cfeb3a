package dev.weft.cpu;

import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;

import dev.weft.backend.BackendOptions;
import dev.weft.conformance.Lenet5;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.DoubleStream;

/**
 * One thread and all threads in turns, as a program: {@code scripts/bench-busy} runs it on a quiet machine and beside busy
 * loops, where several threads must not be slower than one.
 */
final class BusyBenchmark {
    private static final int ROUNDS = 9;
    private static final double SECONDS = 1;

    private BusyBenchmark() {}

    /** Something that is done again and again; gives rows a second over so many seconds. */
    private interface Work {
        double speed(Model model, double seconds);
    }

    /**
     * @param args rounds, where given
     */
    public static void main(String[] args) {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : ROUNDS;
        int threads = Runtime.getRuntime().availableProcessors();
        System.out.printf(
                "%-38s  %25s  %25s  %s%n", "rows/s", "1 thread", threads + " threads", "ratio of medians (of rounds)");
        Graph small = Graph.sequential(Shape.of(16), linear(32), relu(), linear(3));
        Graph wide = Graph.sequential(Shape.of(784), linear(64), relu(), linear(10));
        compare("perceptron 16-32-3, batch 32", small, training(data(small, 3200, 3), 32), threads, rounds);
        compare("perceptron 784-64-10, batch 128", wide, training(data(wide, 6400, 10), 128), threads, rounds);
        compare("perceptron 784-64-10, predict 1 row", wide, BusyBenchmark::predict, threads, rounds);
        compare("LeNet-5, batch 64", Lenet5.graph(), training(data(Lenet5.graph(), 1920, 10), 64), threads, rounds);
    }

    private static void compare(String name, Graph graph, Work work, int threads, int rounds) {
        try (CpuBackend one = CpuBackend.open(new BackendOptions(1));
                CpuBackend all = CpuBackend.open(new BackendOptions(threads));
                Model single = Model.create(graph, one, 42);
                Model several = Model.create(graph, all, 42)) {
            work.speed(single, 2 * SECONDS);
            work.speed(several, 2 * SECONDS);
            double[] alone = new double[rounds];
            double[] shared = new double[rounds];
            double[] ratios = new double[rounds];
            for (int i = 0; i < rounds; i++) {
                alone[i] = work.speed(single, SECONDS);
                shared[i] = work.speed(several, SECONDS);
                ratios[i] = shared[i] / alone[i];
            }
            System.out.printf(
                    Locale.ROOT,
                    "%-38s  %25s  %25s  %.2f (%s)%n",
                    name,
                    "%,.0f (%s)".formatted(median(alone), range(alone, 0)),
                    "%,.0f (%s)".formatted(median(shared), range(shared, 0)),
                    median(shared) / median(alone),
                    range(ratios, 2));
        }
    }

    private static double median(double[] values) {
        return DoubleStream.of(values).sorted().toArray()[values.length / 2];
    }

    private static String range(double[] values, int digits) {
        String format = "%,." + digits + "f to %,." + digits + "f";
        return format.formatted(
                DoubleStream.of(values).min().orElseThrow(),
                DoubleStream.of(values).max().orElseThrow());
    }

    private static Dataset data(Graph graph, int rows, int classes) {
        Shape sample = graph.input().shape();
        byte[] bytes = new byte[Math.toIntExact(rows * sample.elements())];
        int[] labels = new int[rows];
        Random random = new Random(1);
        random.nextBytes(bytes);
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(classes);
        }
        return Dataset.ofBytes(sample, bytes, labels, classes).normalized(0.13, 0.31);
    }

    private static Work training(Dataset data, int batch) {
        return (model, seconds) -> {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(1e-3))
                    .batch(batch)
                    .epochs(1_000_000);
            List<Double> times = new ArrayList<>();
            List<Long> rows = new ArrayList<>();
            trainer.callback(new Callback() {
                @Override
                public void progress(Progress progress) {
                    times.add(System.nanoTime() * 1e-9);
                    rows.add(((progress.epoch() - 1L) * progress.stepsPerEpoch() + progress.step()) * batch);
                    if (times.get(times.size() - 1) - times.get(0) > seconds) {
                        trainer.stop();
                    }
                }
            });
            trainer.fit(data);
            int last = times.size() - 1;
            return (rows.get(last) - rows.get(0)) / (times.get(last) - times.get(0));
        };
    }

    private static double predict(Model model, double seconds) {
        float[] row = new float[784];
        long start = System.nanoTime();
        int count = 0;
        double passed = 0;
        while (passed < seconds) {
            model.predict(row);
            count++;
            passed = (System.nanoTime() - start) * 1e-9;
        }
        return count / passed;
    }
}
