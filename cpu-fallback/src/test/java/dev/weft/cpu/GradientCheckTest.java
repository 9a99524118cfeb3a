package dev.weft.cpu;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.check.GradientCheck;
import dev.weft.check.GradientReport;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Finite differences through a whole network agree with its gradients, and do not where an op of the backward pass is wrong. */
class GradientCheckTest {
    private static final Graph GRAPH = Graph.sequential(
            Shape.of(1, 8, 8),
            conv2d(3, 3),
            relu(),
            maxPool2d(2),
            flatten(),
            dropout(0.25),
            linear(9),
            tanh(),
            linear(4));

    private static final Loss LOSS = Loss.softmaxCrossEntropy();

    private final Backend reference = Backends.open("reference");

    @AfterEach
    void close() {
        reference.close();
    }

    private static Dataset batch() {
        float[] values = new float[5 * 64];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i * 0.7);
        }
        return Dataset.ofFloats(Shape.of(1, 8, 8), values, new int[] {0, 1, 2, 3, 0}, 4);
    }

    private static GradientReport check(Backend backend) {
        try (Model model = Model.create(GRAPH, backend, 1)) {
            HostTensor before = model.parameter("conv1.weight");
            GradientReport report = GradientCheck.of(model, LOSS, batch(), 20);
            assertThat(model.parameter("conv1.weight").doubles()).isEqualTo(before.doubles());
            return report;
        }
    }

    @Test
    void theGradientsOfAllParametersAgree() {
        GradientReport report = check(reference);
        assertThat(report).matches(GradientReport::passed);
        assertThat(report.entries())
                .extracting(GradientReport.Entry::name)
                .containsExactlyInAnyOrder(
                        "conv1.weight",
                        "conv1.bias",
                        "linear1.weight",
                        "linear1.bias",
                        "linear2.weight",
                        "linear2.bias");
        assertThat(report.entries()).allMatch(e -> e.compared() >= 3 && e.error() < 1e-8);
        assertThat(report.toString()).endsWith("the gradients of all 6 parameters agree");
    }

    @Test
    void aWrongRuleIsSeenInTheParametersThatItReaches() {
        GradientReport report = check(new ReplacingBackend(
                reference,
                op -> op instanceof Op.ActivationBackward a && a.function() == Op.Nonlinearity.TANH
                        ? new Op.ActivationBackward(a.layer(), Op.Nonlinearity.SIGMOID, a.y(), a.dy(), a.dx())
                        : op));
        assertThat(report.passed()).isFalse();
        assertThat(report.entries().stream().filter(e -> !e.equal()).map(GradientReport.Entry::name))
                .containsExactlyInAnyOrder("conv1.weight", "conv1.bias", "linear1.weight", "linear1.bias");
        assertThat(report.toString()).contains("<- differs").endsWith("the gradients of 4 of 6 parameters differ");
    }

    /** With equal pixels everywhere each pooling window is a tie, and every movement of a filter decides it anew. */
    @Test
    void elementsAtKinksArePassedOverAndCounted() {
        Dataset ties = Dataset.ofFloats(Shape.of(1, 8, 8), new float[2 * 64], new int[] {0, 1}, 4);
        try (Model model = Model.create(GRAPH, reference, 1)) {
            model.setParameter("conv1.bias", HostTensor.of(Shape.of(3), new float[] {0, 0, 0}));
            GradientReport.Entry bias = GradientCheck.of(model, LOSS, ties, 3).entries().stream()
                    .filter(e -> e.name().equals("conv1.bias"))
                    .findFirst()
                    .orElseThrow();
            assertThat(bias.kinks()).isEqualTo(3);
            assertThat(bias.compared()).isZero();
            assertThat(bias.equal()).as("nothing compared is no agreement").isFalse();
        }
    }

    @Test
    void singlePrecisionIsRefused() {
        try (Backend cpu = Backends.open("cpu");
                Model model = Model.create(GRAPH, cpu, 1)) {
            assertThatThrownBy(() -> GradientCheck.of(model, LOSS, batch(), 1))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("double precision")
                    .hasMessageContaining("cpu");
        }
    }

    /** A backend that executes other ops in the place of some. */
    private record ReplacingBackend(Backend good, UnaryOperator<Op> replacement) implements Backend {
        @Override
        public String name() {
            return "replacing";
        }

        @Override
        public String description() {
            return "replacing";
        }

        @Override
        public double unitRoundoff() {
            return good.unitRoundoff();
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
            return good.bind(
                    programs.stream()
                            .map(p -> new Program(
                                    p.name(),
                                    p.batch(),
                                    p.ops().stream().map(replacement).toList(),
                                    p.inputs(),
                                    p.outputs(),
                                    p.metrics(),
                                    p.sections()))
                            .toList(),
                    memories,
                    mode);
        }

        @Override
        public void close() {}
    }
}
