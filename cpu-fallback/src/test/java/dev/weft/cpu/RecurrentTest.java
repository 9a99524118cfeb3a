package dev.weft.cpu;

import static dev.weft.layer.Layers.concat;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.meanOverTime;
import static dev.weft.layer.Layers.recurrent;
import static dev.weft.layer.Layers.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.StepRange;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Cells;
import dev.weft.layer.Layers;
import dev.weft.layer.Recurrent;
import dev.weft.loss.Loss;
import dev.weft.op.expr.Cell;
import dev.weft.optim.Sgd;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole sequences against single steps: every cell, in both directions, of different lengths, from given states. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecurrentTest {
    private static final int ROWS = 11;
    private static final int STEPS = 5;
    private static final int WIDTH = 3;
    private static final int UNITS = 4;

    private Backend reference;
    private Backend cpu;

    @BeforeAll
    void open() {
        reference = Backends.open("reference");
        cpu = CpuBackend.open(1);
    }

    @AfterAll
    void close() {
        reference.close();
        cpu.close();
    }

    static List<Cell> cells() {
        return Cells.all();
    }

    @ParameterizedTest
    @MethodSource("cells")
    void aSequenceIsItsSteps(Cell cell) {
        for (boolean lengths : new boolean[] {false, true}) {
            Recurrent layer = recurrent(cell, UNITS);
            Recurrent whole = lengths ? layer.withLengths() : layer;
            double[] steps = trained(graph(whole.unroll()), reference);
            assertAgree(trained(graph(whole), reference), steps, 1e-12);
            assertAgree(trained(graph(whole), cpu), steps, 2e-5);
        }
    }

    private static void assertAgree(double[] actual, double[] expected, double allowed) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("parameter %d", i).isCloseTo(expected[i], within(allowed));
        }
    }

    /** The layer forward, then backward in time from the states that it ended in, and all outputs of both. */
    private static Graph graph(Recurrent layer) {
        Graph.Builder b = Graph.builder();
        Node x = b.input("input", Shape.of(STEPS, WIDTH));
        Node lengths = layer.lengths() ? b.input("lengths", DType.I32, Shape.of()) : null;
        Node states = b.add("states", layer.states(), inputs(x, lengths, null));
        Node outputs = b.add("outputs", layer.backwards().withStart(), inputs(x, lengths, states));
        Node mean = layer.lengths()
                ? b.add(meanOverTime().withLengths(), outputs, lengths)
                : b.add(meanOverTime(), outputs);
        return b.build(b.add(linear(2), b.add(concat(), states, mean)));
    }

    private static Node[] inputs(Node... given) {
        List<Node> nodes = new ArrayList<>();
        for (Node node : given) {
            if (node != null) {
                nodes.add(node);
            }
        }
        return nodes.toArray(Node[]::new);
    }

    private static Columns data(boolean lengths) {
        Philox.Sequence random = Philox.sequence(1, "series", 0);
        float[] x = new float[ROWS * STEPS * WIDTH];
        float[] targets = new float[ROWS * 2];
        int[] ofLengths = new int[ROWS];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextNormal();
        }
        for (int i = 0; i < targets.length; i++) {
            targets[i] = (float) random.nextNormal();
        }
        for (int i = 0; i < ROWS; i++) {
            ofLengths[i] = 1 + i % STEPS;
        }
        Columns columns = Columns.of(Dataset.FEATURES, HostTensor.of(Shape.of(ROWS, STEPS, WIDTH), x))
                .with(Dataset.TARGETS, HostTensor.of(Shape.of(ROWS, 2), targets));
        return lengths ? columns.with("lengths", HostTensor.of(Shape.of(ROWS), ofLengths)) : columns;
    }

    /** The parameters after a few steps of a batch. */
    private static double[] trained(Graph graph, Backend backend) {
        Columns columns = data(graph.inputs().size() > 1);
        GraphLowering lowering = GraphLowering.of("model", graph, 1);
        DataTensors data = DataTensors.of("data", columns);
        CompiledStep step =
                Step.supervised(lowering, Loss.meanSquaredError(), Sgd.of(0.1)).compile(data, ROWS);
        try (BoundStep bound = BoundStep.of(step, backend, MemoryMode.ARENA)) {
            bound.write(columns);
            int[] order = new int[ROWS];
            Arrays.setAll(order, i -> i);
            bound.write(data.order(), HostTensor.of(Shape.of(ROWS), order));
            TensorRef parameters = lowering.layout().parameters();
            Philox.Sequence random = Philox.sequence(2, "parameters", 0);
            float[] values = new float[parameters.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.5 * random.nextNormal());
            }
            bound.write(parameters, HostTensor.of(parameters.shape(), values));
            for (int i = 0; i < 3; i++) {
                bound.executable().run(new StepRange(i, 1, 0, ROWS, 1, new double[] {0.1, 1, 1, 1, 1, 1, 1, 1}));
            }
            return bound.read(parameters).doubles();
        }
    }

    /** Whatever stands beside it, and behind its end. */
    @Test
    void aSequenceInABatchGivesTheBitsThatItGivesAlone() {
        for (Cell cell : Cells.all()) {
            Graph.Builder b = Graph.builder();
            Node x = b.input("input", Shape.of(STEPS, WIDTH));
            Node lengths = b.input("lengths", DType.I32, Shape.of());
            Node both = b.add(Layers.bidirectional(recurrent(cell, UNITS).withLengths()), x, lengths);
            Graph graph = b.build(both);
            try (Model model = Model.create(graph, cpu, 1)) {
                HostTensor all = data(true).all().get(0).values();
                HostTensor ofLengths = data(true).all().get(2).values();
                String name = graph.output().name();
                HostTensor together = model.predict(Map.of("input", all, "lengths", ofLengths))
                        .get(name);
                int width = WIDTH * STEPS;
                int outputs = 2 * UNITS * STEPS;
                for (int row = 0; row < ROWS; row++) {
                    int length = ((int[]) ofLengths.array())[row];
                    float[] alone = Arrays.copyOfRange(all.floats(), row * width, (row + 1) * width);
                    // what lies behind the end is noise
                    Arrays.fill(alone, length * WIDTH, width, 1000 + row);
                    HostTensor single = model.predict(Map.of(
                                    "input",
                                    HostTensor.of(Shape.of(1, STEPS, WIDTH), alone),
                                    "lengths",
                                    HostTensor.of(Shape.of(1), length)))
                            .get(name);
                    assertThat(single.floats())
                            .containsExactly(Arrays.copyOfRange(together.floats(), row * outputs, (row + 1) * outputs));
                    for (int i = length * 2 * UNITS; i < outputs; i++) {
                        assertThat(single.floats()[i]).isZero();
                    }
                }
            }
        }
    }

    /** A step at a time with the states as input and output gives what a whole sequence gives. */
    @Test
    void generationCarriesTheStates() {
        Graph whole = Graph.sequential(Shape.of(STEPS, WIDTH), Layers.lstm(UNITS));
        Graph.Builder b = Graph.builder();
        Node x = b.input("input", Shape.of(1, WIDTH));
        Node before = b.input("before", Shape.of(2 * UNITS));
        Node after = b.add("lstm1", Layers.lstm(UNITS).withStart().states(), x, before);
        Graph single = b.build(after, b.add("output", slice(0, 0, UNITS), after));
        try (Model trained = Model.create(whole, cpu, 3);
                Model generator = Model.create(single, cpu, 4)) {
            trained.parameters().forEach(generator::setParameter);
            float[] series = Arrays.copyOf(data(false).all().get(0).values().floats(), STEPS * WIDTH);
            float[] expected = trained.predict(series);
            HostTensor states = HostTensor.of(Shape.of(1, 2 * UNITS), new float[2 * UNITS]);
            for (int t = 0; t < STEPS; t++) {
                float[] step = Arrays.copyOfRange(series, t * WIDTH, (t + 1) * WIDTH);
                Map<String, HostTensor> y = generator.predict(
                        Map.of("input", HostTensor.of(Shape.of(1, 1, WIDTH), step), "before", states));
                states = y.get("lstm1");
                assertThat(y.get("output").floats())
                        .containsExactly(Arrays.copyOfRange(expected, t * UNITS, (t + 1) * UNITS));
            }
        }
    }

    @Test
    void statesOfAnotherBatchAreRefused() {
        Graph graph = Graph.sequential(Shape.of(STEPS, WIDTH), Layers.gru(UNITS).carryStates(7));
        GraphLowering lowering = GraphLowering.of("model", graph, 1);
        Step step = Step.of("series", s -> {
            TensorRef y = s.apply(lowering, s.column(Dataset.FEATURES));
            s.minimise(s.loss(Loss.meanSquaredError(), y, 0), lowering, Sgd.of(0.1));
        });
        DataTensors data = DataTensors.of("data", data(false));
        assertThatThrownBy(() -> step.compile(data, 5))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("carries the states of a batch of 7, and the batch is 5");
    }
}
