package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.Compiler;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.History;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** LeNet-5 on the CPU against the reference, for ten steps. */
class Lenet5Test {
    private static final int STEPS = 10;
    private static final int BATCH = 16;
    private static final Dataset DATA = Lenet5.images(STEPS * BATCH);

    @Test
    void everyOpOfTenStepsAgrees() {
        try (Backend reference = Backends.open("reference");
                Backend cpu = CpuBackend.open(2);
                Model model = Model.create(Lenet5.graph(), reference, 5);
                BackendCheck check = new BackendCheck(
                        Lenet5.graph(),
                        model.parameters(),
                        Loss.softmaxCrossEntropy(),
                        Adam.of(1e-3),
                        DATA,
                        BATCH,
                        5,
                        reference,
                        cpu,
                        MemoryMode.POISONED_ARENA)) {
            for (int step = 0; step < STEPS; step++) {
                CheckReport report = check.step(step);
                assertThat(report.differences()).hasSizeGreaterThan(40);
                assertThat(report).matches(CheckReport::passed, "all outputs are equal");
            }
        }
    }

    @Test
    void theLossOfAFreeRunAgrees() {
        try (Backend reference = Backends.open("reference");
                Backend cpu = CpuBackend.open(2);
                Model model = Model.create(Lenet5.graph(), reference, 5);
                BackendCheck check = new BackendCheck(
                        Lenet5.graph(),
                        model.parameters(),
                        Loss.softmaxCrossEntropy(),
                        Adam.of(1e-3),
                        DATA,
                        BATCH,
                        5,
                        reference,
                        cpu,
                        MemoryMode.ARENA)) {
            BackendCheck.FreeRun run = check.freeRun(STEPS);
            assertThat(run.reference()[STEPS - 1]).isLessThan(run.reference()[0]);
            assertThat(run.maxRelative()).isLessThan(1e-3);
        }
    }

    /**
     * Each step starts from the reference's parameters rounded to float; then the gradients, each the result of a chain
     * of up to twenty ops, are compared as a whole. One op errs by some u of the magnitudes, and pixels at a kink may
     * fall on its other side, so 2000 u of the gradient's length is allowed.
     */
    @Test
    void theGradientsOfTenStepsAgree() {
        try (Side reference = new Side(Backends.open("reference"));
                Side cpu = new Side(CpuBackend.open(2))) {
            reference.initialise();
            for (int step = 0; step < STEPS; step++) {
                TensorRef parameters = reference.layout.parameters();
                cpu.memory.write(parameters, reference.memory.read(parameters));
                reference.memory.write(parameters, cpu.memory.read(parameters));
                reference.run(step);
                cpu.run(step);
                for (String name : reference.layout.views().keySet()) {
                    double[] expected = reference.gradient(name);
                    double[] actual = cpu.gradient(name);
                    double difference = 0;
                    double length = 0;
                    for (int i = 0; i < expected.length; i++) {
                        difference += Math.pow(actual[i] - expected[i], 2);
                        length += Math.pow(expected[i], 2);
                    }
                    assertThat(length).as("gradient of " + name).isPositive();
                    assertThat(Math.sqrt(difference / length))
                            .as("step %d, gradient of %s", step, name)
                            .isLessThan(2000 * 0x1p-24);
                }
            }
        }
    }

    /** A backend with the training program and memory of its own. */
    private static final class Side implements AutoCloseable {
        private final Backend backend;
        private final Graph graph = Lenet5.graph();
        private final Optimizer optimizer = Adam.of(1e-3);
        private final ParameterLayout layout = new ParameterLayout(graph.parameters());
        private final Memory memory;
        private final Executable executable;

        Side(Backend backend) {
            this.backend = backend;
            DataTensors data = DataTensors.of("train", DATA);
            Program program =
                    new Compiler(graph, layout, 5).training(Loss.softmaxCrossEntropy(), optimizer, data, BATCH);
            List<TensorRef> persistent = new ArrayList<>(data.tensors());
            persistent.add(layout.parameters());
            persistent.add(layout.gradients());
            persistent.addAll(layout.optimizerState(optimizer));
            memory = backend.allocate(persistent);
            memory.write(data.features(), DATA.features());
            memory.write(data.targets(), DATA.targets());
            memory.write(data.order(), HostTensor.of(Shape.of(DATA.size()), Shuffle.identity(DATA.size())));
            executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                    .get(0);
        }

        void initialise() {
            try (Model model = Model.create(graph, backend, 5)) {
                for (Map.Entry<String, HostTensor> parameter :
                        model.parameters().entrySet()) {
                    memory.write(layout.view(parameter.getKey()), parameter.getValue());
                }
            }
        }

        void run(int step) {
            double[] rates = new double[StepRange.RATES];
            StepRange.fillRates(rates, optimizer, Schedule.constant(), step, 1, STEPS, STEPS);
            executable.run(new StepRange(step, 1, step * BATCH, BATCH, rates));
        }

        double[] gradient(String parameter) {
            return memory.read(layout.gradient(parameter)).doubles();
        }

        @Override
        public void close() {
            executable.close();
            memory.close();
            backend.close();
        }
    }

    @Test
    void itLearns() {
        try (Backend backend = CpuBackend.open(2);
                Model model = Model.create(Lenet5.graph(), backend, 1)) {
            History history = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(2e-3))
                    .batch(32)
                    .epochs(3)
                    .validation(Lenet5.images(100))
                    .fit(Lenet5.images(1000));
            assertThat(history.epochs()).hasSize(3);
            assertThat(history.last().test().accuracy()).isGreaterThan(0.95);
        }
    }
}
