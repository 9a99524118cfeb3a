package dev.weft.cpu;

import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;

import dev.weft.backend.Backend;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Optimizers;
import dev.weft.program.Step;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import dev.weft.train.Training;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The processor's time for a training step of the 784-500-10 perceptron with each optimizer, batch 500, on one thread, as a ratio
 * to that of SGD. All take turns in one JVM, and the median of the ratios within a turn counts, so that a machine that others
 * use, too, does little harm.
 */
final class OptimizerBenchmark {
    private static final int BATCH = 500;
    private static final int STEPS = 8;

    private OptimizerBenchmark() {}

    /** Prints a line for each optimizer; the argument is the number of turns. */
    public static void main(String[] arguments) {
        int turns = Integer.parseInt(arguments[0]);
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        Graph graph = Graph.sequential(Shape.of(1, 28, 28), flatten(), linear(500), relu(), linear(10));
        Random random = new Random(1);
        byte[] images = new byte[STEPS * BATCH * 784];
        random.nextBytes(images);
        int[] labels = random.ints(STEPS * BATCH, 0, 10).toArray();
        Dataset data = Dataset.ofBytes(Shape.of(1, 28, 28), images, labels, 10);
        Map<String, Training> trainings = new LinkedHashMap<>();
        List<Model> models = new ArrayList<>();
        try (Backend backend = CpuBackend.open(1)) {
            for (String name : Optimizers.names()) {
                Model model = Model.create(graph, backend, 1);
                models.add(model);
                Step step = Step.supervised(model, Loss.softmaxCrossEntropy(), Optimizers.of(name, 1e-5));
                trainings.put(name, Training.of(backend, step, data, BATCH));
            }
            trainings.values().forEach(training -> training.run(4));
            Map<String, double[]> ratios = new LinkedHashMap<>();
            double[] sgd = new double[turns];
            for (int turn = 0; turn < turns; turn++) {
                for (Map.Entry<String, Training> next : trainings.entrySet()) {
                    long start = clock.getCurrentThreadCpuTime();
                    next.getValue().run(1);
                    double seconds = (clock.getCurrentThreadCpuTime() - start) * 1e-9;
                    if (next.getKey().equals("sgd")) {
                        sgd[turn] = seconds / STEPS;
                    }
                    ratios.computeIfAbsent(next.getKey(), name -> new double[turns])[turn] =
                            seconds / STEPS / sgd[turn];
                }
            }
            System.out.printf("sgd: %.3f ms a step%n", 1e3 * median(sgd));
            ratios.forEach((name, all) -> System.out.printf("%-9s %.2f%n", name, median(all)));
            trainings.values().forEach(Training::close);
            models.forEach(Model::close);
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
