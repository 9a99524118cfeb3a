package dev.weft.cpu;

import static dev.weft.layer.Layers.activation;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.prelu;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.conformance.Lenet5;
import dev.weft.graph.Graph;
import dev.weft.layer.Activations;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.RuleOptimizer;
import dev.weft.optim.Rules;
import dev.weft.train.Callback;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AllocationTest {
    private static final int STEPS_OF_A_WINDOW = 64;
    private static final int MAX_WINDOWS = 60;

    /** Allocated bytes of all threads, counted from step to step of one long epoch. */
    private static final class Meter implements Callback {
        private final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final List<Double> bytesPerStep = new ArrayList<>();
        private Trainer trainer;
        private int windowStart;
        private long bytesAtStart;

        @Override
        public void progress(Progress progress) {
            int steps = progress.step() - windowStart;
            if (steps >= STEPS_OF_A_WINDOW) {
                long now = allocated();
                if (windowStart > 0) {
                    bytesPerStep.add((now - bytesAtStart) / (double) steps);
                }
                windowStart = progress.step();
                bytesAtStart = allocated();
                if (!bytesPerStep.isEmpty() && (last() < 1024 || bytesPerStep.size() == MAX_WINDOWS)) {
                    trainer.stop();
                }
            }
        }

        private double last() {
            return bytesPerStep.get(bytesPerStep.size() - 1);
        }

        private long allocated() {
            long sum = 0;
            for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
                sum += Math.max(0, bytes);
            }
            return sum;
        }
    }

    /** While methods are still interpreted, the Vector API keeps its vectors on the heap; hence the warm-up. */
    @Test
    void aSteadyStepAllocatesLessThanOneKilobyte() {
        assertAllocatesNothing(Lenet5.graph(), Adam.of(1e-3));
    }

    @Test
    void expressionsAllocateNothing() {
        Graph graph = Graph.sequential(
                Lenet5.graph().input().shape(),
                conv2d(4, 5),
                activation(Activations.geluTanh()),
                maxPool2d(2),
                prelu(),
                flatten(),
                linear(10));
        assertAllocatesNothing(graph, RuleOptimizer.of(Rules.adam(0.9, 0.999, 1e-8), 1e-3));
    }

    private static void assertAllocatesNothing(Graph graph, Optimizer optimizer) {
        Meter meter = new Meter();
        int batch = 8;
        try (Backend backend = CpuBackend.open(2);
                Model model = Model.create(graph, backend, 1)) {
            meter.trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), optimizer)
                    .batch(batch)
                    .callback(meter);
            meter.trainer.fit(Lenet5.images(batch * (STEPS_OF_A_WINDOW * 2) * MAX_WINDOWS));
        }
        System.out.printf("allocated bytes a step, window by window: %.0f%n", meter.last());
        assertThat(meter.last())
                .as("bytes a step, by window: %s", meter.bytesPerStep)
                .isLessThan(1024);
    }
}
