package dev.weft.cpu;

import static dev.weft.layer.Layers.embedding;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.lstm;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.timeDistributed;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Executable;
import dev.weft.backend.Kernels;
import dev.weft.backend.StepRange;
import dev.weft.conformance.Lenet5;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Cells;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Callback;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import dev.weft.train.Training;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Speed of training and of the matrix product, as a program: {@code scripts/bench-cpu} runs it beside other engines and
 * reads the lines that it prints, which have the form of theirs.
 */
final class CpuBenchmark {
    private CpuBenchmark() {}

    /**
     * @param args lenet5, conv3x3, mlp, pair, lstm, gru, rnn, chars or sgemm; batch, or n of the matrices; threads; seconds, of which the second half
     *     counts; where given, the kernels, {@code scalar} or {@code vector}
     */
    public static void main(String[] args) {
        int size = Integer.parseInt(args[1]);
        int threads = Integer.parseInt(args[2]);
        double seconds = Double.parseDouble(args[3]);
        String kernels = args.length > 4 ? args[4] : Kernels.OWN_CHOICE;
        try (Backend backend = CpuBackend.open(new BackendOptions(threads, Kernels.of(kernels)))) {
            boolean product = args[0].equals("sgemm");
            double median = switch (args[0]) {
                case "sgemm" -> sgemm(backend, size, seconds);
                case "pair" -> pair(backend, size, seconds);
                case "chars" -> chars(backend, size, seconds);
                default -> train(backend, args[0], size, seconds);
            };
            String format = product
                    ? "peer=weft op=sgemm n=%d threads=%d gflops=%.1f%n"
                    : "peer=weft model=" + args[0] + " batch=%d threads=%d images_per_s=%.0f%n";
            System.out.printf(Locale.ROOT, format, size, threads, median);
        }
    }

    private static Graph graph(String model) {
        return switch (model) {
            case "lenet5" -> Lenet5.graph();
            case "mlp" -> KernelCase.mlp();
            case "lstm", "gru", "rnn" -> KernelCase.rows(Cells.of(model));
            default -> KernelCase.conv3x3();
        };
    }

    /** Images a second: the median of what is reported in the second half of the time. */
    private static double train(Backend backend, String name, int batch, double seconds) {
        Graph graph = graph(name);
        int rows = 60 * batch;
        Shape sample = graph.input().shape();
        byte[] bytes = new byte[Math.toIntExact(rows * sample.elements())];
        int[] labels = new int[rows];
        Random random = new Random(1);
        random.nextBytes(bytes);
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(10);
        }
        Dataset data = Dataset.ofBytes(sample, bytes, labels, 10).normalized(0.13, 0.31);
        List<Double> speeds = new ArrayList<>();
        long start = System.nanoTime();
        try (Model model = Model.create(graph, backend, 42)) {
            Optimizer optimizer = name.equals("mlp") ? Sgd.of(0.05) : Adam.of(1e-3);
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), optimizer)
                    .batch(batch)
                    .epochs(1_000_000);
            trainer.callback(new Callback() {
                @Override
                public void progress(Progress progress) {
                    double passed = (System.nanoTime() - start) * 1e-9;
                    if (passed > seconds / 2) {
                        speeds.add(progress.imagesPerSecond());
                    }
                    if (passed > seconds) {
                        trainer.stop();
                    }
                }
            });
            trainer.fit(data);
        }
        return median(speeds);
    }

    /** Images a second of a generative pair, 64-256-784 against 784-256-1; the median of the epochs of the second half. */
    private static double pair(Backend backend, int batch, double seconds) {
        Loss error = Loss.meanSquaredError();
        Graph generator = Graph.sequential(Shape.of(64), linear(256), relu(), linear(784), sigmoid());
        Graph critic = Graph.sequential(Shape.of(784), linear(256), relu(), linear(1));
        int rows = 8 * batch;
        float[] pixels = new float[rows * 784];
        Random random = new Random(1);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        List<Double> speeds = new ArrayList<>();
        try (Model g = Model.create("generator", generator, backend, 1);
                Model d = Model.create("critic", critic, backend, 2)) {
            Step step = Step.of("pair", s -> {
                TensorRef fake = s.apply("fake", g, s.normal("z", Shape.of(64)));
                TensorRef judged = s.sum(
                        s.loss(error, s.apply("onReal", d, s.column("pixels")), 1),
                        s.loss(error, s.apply("onFake", d, fake), 0));
                s.minimise(judged, d, Adam.of(2e-4));
                s.minimise(s.loss(error, s.apply("again", d, fake), 1), g, Adam.of(2e-4));
            });
            Columns images = Columns.of("pixels", HostTensor.of(Shape.of(rows, 784), pixels));
            try (Training training = Training.of(backend, step, images, batch)) {
                long start = System.nanoTime();
                for (double passed = 0; passed < seconds; passed = (System.nanoTime() - start) * 1e-9) {
                    Training.Epoch epoch = training.run(1).get(0);
                    if (passed > seconds / 2) {
                        speeds.add(rows / epoch.seconds());
                    }
                }
            }
        }
        return median(speeds);
    }

    /**
     * Texts of 100 characters a second of a model that tells the next one: 80 characters as vectors of 64, long short-term memory
     * with 256 units.
     */
    private static double chars(Backend backend, int batch, double seconds) {
        int characters = 80;
        int steps = 100;
        int rows = 4 * batch;
        int[] text = new int[rows * steps];
        Random random = new Random(1);
        for (int i = 0; i < text.length; i++) {
            text[i] = random.nextInt(characters);
        }
        Graph.Builder b = Graph.builder();
        Node words = b.add(embedding(characters, 64), b.input("text", DType.I32, Shape.of(steps)));
        Graph graph = b.build(b.add(timeDistributed(linear(characters)), b.add(lstm(256), words)));
        List<Double> speeds = new ArrayList<>();
        try (Model model = Model.create(graph, backend, 1)) {
            Step step = Step.of("chars", s -> {
                TensorRef x = s.column("text");
                s.minimise(s.loss(Loss.smoothedCrossEntropy(0), s.apply(model, x), x), model, Adam.of(1e-3));
            });
            Columns columns = Columns.of("text", HostTensor.of(Shape.of(rows, steps), text));
            try (Training training = Training.of(backend, step, columns, batch)) {
                long start = System.nanoTime();
                for (double passed = 0; passed < seconds; passed = (System.nanoTime() - start) * 1e-9) {
                    Training.Epoch epoch = training.run(1).get(0);
                    if (passed > seconds / 2) {
                        speeds.add(rows / epoch.seconds());
                    }
                }
            }
        }
        return median(speeds);
    }

    /** GFLOP/s of {@code c = a b} with n x n matrices. */
    private static double sgemm(Backend backend, int n, double seconds) {
        Op.MatMul op = KernelCase.product(n);
        TensorRef a = op.a();
        TensorRef b = op.b();
        Program program = new Program("sgemm", 1, List.of(op), List.of(a, b), List.of(op.c()), List.of());
        double operations = 2.0 * n * n * n;
        List<Double> speeds = new ArrayList<>();
        try (Executable executable =
                backend.bind(List.of(program), List.of(), MemoryMode.ARENA).get(0)) {
            float[] values = new float[n * n];
            for (int i = 0; i < values.length; i++) {
                values[i] = i % 7 - 3;
            }
            executable.write(a, HostTensor.of(a.shape(), values));
            executable.write(b, HostTensor.of(b.shape(), values));
            int count = (int) Math.max(1, 1e8 / operations);
            long start = System.nanoTime();
            for (double passed = 0; passed < seconds; passed = (System.nanoTime() - start) * 1e-9) {
                long begin = System.nanoTime();
                for (int i = 0; i < count; i++) {
                    executable.run(StepRange.single(0, 1));
                }
                if (passed > seconds / 2) {
                    speeds.add(operations * count / (System.nanoTime() - begin));
                }
            }
        }
        return median(speeds);
    }

    private static double median(List<Double> values) {
        Collections.sort(values);
        return values.isEmpty() ? Double.NaN : values.get(values.size() / 2);
    }
}
