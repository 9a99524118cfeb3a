package dev.weft.cpu;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.check.Difference;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Sgd;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The op-by-op comparison finds a faulty op, and nothing where there is none. */
class BackendCheckTest {
    private static final Graph GRAPH =
            Graph.sequential(Shape.of(1, 6, 6), conv2d(3, 3), relu(), maxPool2d(2), flatten(), dropout(0.5), linear(4));

    /** Makes the faulty backend fuse convolution, bias and activation; the fault is in the convolution. */
    private static final String FUSED = "fused conv2d";

    private final Backend reference = Backends.open("reference");

    @AfterEach
    void close() {
        reference.close();
    }

    private static Dataset batch() {
        float[] values = new float[5 * 36];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i * 0.7);
        }
        return Dataset.ofFloats(Shape.of(1, 6, 6), values, new int[] {0, 1, 2, 3, 0}, 4);
    }

    @Test
    void equalBackendsPassWithEveryOutputOfEveryOpCompared() {
        CheckReport report = BackendCheck.compare(GRAPH, Loss.softmaxCrossEntropy(), batch(), reference);

        assertThat(report.passed()).isTrue();
        assertThat(report.first()).isEmpty();
        assertThat(report.differences().stream().map(d -> d.op().name()))
                .contains("gather_rows", "conv2d", "conv2d_filter_gradient", "adam_update");
        assertThat(report.toString())
                .contains("conv1", "conv2d_filter_gradient")
                .endsWith("outputs are equal");
    }

    @Test
    void theFastBackendPasses() {
        try (Backend cpu = Backends.open("cpu")) {
            CheckReport report = BackendCheck.compare(GRAPH, Loss.softmaxCrossEntropy(), batch(), cpu);
            assertThat(report).matches(CheckReport::passed);
        }
    }

    @Test
    void twoModelsAreComparedWithTheParametersOfTheFirst() {
        try (Backend cpu = Backends.open("cpu");
                Model first = Model.create(GRAPH, reference, 1);
                Model second = Model.create(GRAPH, cpu, 2)) {
            CheckReport report = BackendCheck.compare(first, second, Loss.softmaxCrossEntropy(), batch());
            assertThat(report).matches(CheckReport::passed);
        }
    }

    /** One element of one output is off by about a part in 10,000. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "conv2d",
                "add_bias",
                "max_pool2d",
                "mat_mul",
                "conv2d_filter_gradient",
                "bias_gradient",
                "adam_update",
                "activation_backward",
                "softmax_cross_entropy",
                "batch_mean"
            })
    void aFaultyOpIsNamedWithItsLayerElementAndValues(String faulty) {
        CheckReport report = BackendCheck.compare(
                GRAPH,
                Loss.softmaxCrossEntropy(),
                batch(),
                new FaultyBackend(reference, faulty, 0, x -> 1.0001 * (x + 1e-3) - 1e-3));

        assertThat(report.passed()).isFalse();
        Difference first = report.first().orElseThrow();
        assertThat(first.op().name()).isEqualTo(faulty);
        assertThat(first.worst()).isEqualTo(first.tensor().elements() / 2);
        assertThat(first.actual()).isNotEqualTo(first.expected());
        assertThat(report.toString()).contains("differs first at").contains(first.place());
        // each op is judged alone, so the fault is not carried on
        assertThat(report.differences().stream().filter(d -> !d.equal()))
                .allMatch(d -> d.op().name().equals(faulty));
    }

    @Test
    void fusedOpsAreOneOpOfWhichTheLastOutputIsCompared() {
        try (Backend cpu = Backends.open("cpu")) {
            CheckReport report = BackendCheck.compare(
                    GRAPH, Loss.softmaxCrossEntropy(), batch(), new FaultyBackend(cpu, FUSED, 0, x -> x));
            assertThat(report).matches(CheckReport::passed);
            List<String> conv1 = report.differences().stream()
                    .filter(d -> d.op().layer().equals("conv1"))
                    .map(d -> d.tensor().name())
                    .toList();
            assertThat(conv1).doesNotContain("conv1.product", "conv1").contains("d(conv1.weight)");
            assertThat(report.differences()).extracting(d -> d.tensor().name()).contains("relu1");
        }
    }

    @Test
    void aFaultWithinFusedOpsIsSeenInWhatTheyGive() {
        CheckReport report = BackendCheck.compare(
                GRAPH, Loss.softmaxCrossEntropy(), batch(), new FaultyBackend(reference, FUSED, 0, x -> x + 1e-3));
        assertThat(report.first().orElseThrow().tensor().name()).isEqualTo("relu1");
        assertThat(report.first().orElseThrow().maxAbsolute()).isCloseTo(1e-3, within(1e-7));
    }

    @Test
    void aWrongIntegerIsSeen() {
        CheckReport report = BackendCheck.compare(
                GRAPH, Loss.softmaxCrossEntropy(), batch(), new FaultyBackend(reference, "max_pool2d", 1, x -> x + 1));
        Difference first = report.first().orElseThrow();
        assertThat(first.tensor().name()).isEqualTo("pool1.argmax");
        assertThat(first.actual()).isEqualTo(first.expected() + 1);
    }

    @Test
    void aNanWhereTheReferenceHasNoneIsSeen() {
        CheckReport report = BackendCheck.compare(
                GRAPH,
                Loss.softmaxCrossEntropy(),
                batch(),
                new FaultyBackend(reference, "mat_mul", 0, x -> Double.NaN));
        Difference first = report.first().orElseThrow();
        assertThat(first.actual()).isNaN();
        assertThat(first.maxScaled()).isInfinite();
    }

    @Test
    void aFreeRunComparesTheLossAlone() {
        try (Backend cpu = Backends.open("cpu");
                Model model = Model.create(GRAPH, reference, 1);
                BackendCheck check = new BackendCheck(
                        GRAPH,
                        model.parameters(),
                        Loss.softmaxCrossEntropy(),
                        Sgd.of(0.1),
                        batch(),
                        2,
                        1,
                        reference,
                        cpu,
                        MemoryMode.ARENA)) {
            BackendCheck.FreeRun run = check.freeRun(4);
            assertThat(run.reference()).hasSize(4);
            assertThat(run.candidate()).isNotEqualTo(run.reference());
            assertThat(run.maxRelative()).isBetween(1e-12, 1e-5);
        }
    }

    @Test
    void onlyABackendWithMagnitudesCanBeTheReference() {
        try (Backend cpu = Backends.open("cpu");
                Model model = Model.create(GRAPH, cpu, 1)) {
            assertThatThrownBy(() -> BackendCheck.compare(model, model, Loss.softmaxCrossEntropy(), batch()))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("cpu");
        }
    }

    /** A backend whose ops of one name get the middle element of one of their outputs wrong. */
    private record FaultyBackend(Backend good, String op, int output, DoubleUnaryOperator fault) implements Backend {
        @Override
        public String name() {
            return "faulty";
        }

        @Override
        public String description() {
            return "faulty";
        }

        /** Of float, so that rounding is exercised too. */
        @Override
        public double unitRoundoff() {
            return 0x1p-24;
        }

        @Override
        public Set<Class<? extends Op>> ops() {
            return good.ops();
        }

        @Override
        public Memory allocate(Collection<TensorRef> tensors) {
            return good.allocate(tensors);
        }

        @Override
        public List<Executable> bind(List<Program> programs, List<Memory> memories, MemoryMode mode) {
            return good.bind(programs, memories, mode).stream()
                    .map(executable -> (Executable) new FaultyExecutable(executable, op, output, fault))
                    .toList();
        }

        @Override
        public void close() {}
    }

    private record FaultyExecutable(Executable good, String op, int output, DoubleUnaryOperator fault)
            implements Executable {
        @Override
        public void trace(StepRange step, Observer observer) {
            good.trace(step, new Observer() {
                private int index;

                @Override
                public void before(List<Op> ops) {
                    if (fusedAt(index) <= 0) {
                        observer.before(fused(index));
                    }
                }

                @Override
                public void after(List<Op> ops) {
                    if (op.endsWith(ops.get(0).name())) {
                        spoil(ops.get(0).outputs().get(output));
                    }
                    int place = fusedAt(index);
                    if (place < 0 || place == 2) {
                        observer.after(fused(index - Math.max(0, place)));
                    }
                    index++;
                }
            });
        }

        private void spoil(TensorRef y) {
            HostTensor values = good.read(y);
            int middle = y.elements() / 2;
            double wrong = fault.applyAsDouble(values.get(middle));
            if (values.array() instanceof int[] integers) {
                integers[middle] = (int) wrong;
            } else if (values.array() instanceof float[] floats) {
                floats[middle] = (float) wrong;
            } else {
                ((double[]) values.array())[middle] = wrong;
            }
            good.write(y, values);
        }

        /** 0, 1 or 2 in convolution, bias and activation, where they are fused, else -1. */
        private int fusedAt(int index) {
            List<Op> ops = program().ops();
            for (int place = 0; op.equals(FUSED) && place < 3 && place <= index; place++) {
                if (ops.get(index - place) instanceof Op.Conv2d) {
                    return place;
                }
            }
            return -1;
        }

        private List<Op> fused(int index) {
            return program().ops().subList(index, index + (fusedAt(index) == 0 ? 3 : 1));
        }

        @Override
        public Program program() {
            return good.program();
        }

        @Override
        public long arenaBytes() {
            return good.arenaBytes();
        }

        @Override
        public void run(StepRange steps) {
            good.run(steps);
        }

        @Override
        public void metrics(double[] into) {
            good.metrics(into);
        }

        @Override
        public long nonFiniteStep() {
            return good.nonFiniteStep();
        }

        @Override
        public void write(TensorRef tensor, HostTensor values) {
            good.write(tensor, values);
        }

        @Override
        public HostTensor read(TensorRef tensor) {
            return good.read(tensor);
        }

        @Override
        public void close() {
            good.close();
        }
    }
}
