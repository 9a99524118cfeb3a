package dev.weft.program;

import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.linear;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.conformance.Centered;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.layer.State;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Sgd;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a graph is lowered to, under which names, and which inputs it refuses. */
class GraphLoweringTest {
    private static final int BATCH = 4;
    private static final TensorRef A = TensorRef.batched("a", DType.REAL, Shape.of(BATCH, 3));
    private static final TensorRef B = TensorRef.batched("b", DType.REAL, Shape.of(BATCH, 5));

    private static GraphLowering lowering(Graph graph) {
        return new GraphLowering(graph, new ParameterLayout(graph.parameters()), 42);
    }

    /** Two inputs that meet, and two outputs that part. */
    private static Graph meeting() {
        Graph.Builder b = Graph.builder();
        Node left = b.add("left", linear(6), b.input("x", Shape.of(3)));
        Node right = b.add("right", linear(6).withoutBias(), b.input("z", Shape.of(5)));
        Node both = b.add("both", dropout(0.5), b.add("sum", add(), left, right));
        return b.build(b.add("mean", linear(2), both), b.add("scale", linear(1), both));
    }

    private static List<String> describe(List<Op> ops) {
        return ops.stream().map(Program::describe).toList();
    }

    @Test
    void withoutAScopeNamesAreThoseOfTheGraph() {
        List<Op> ops = new ArrayList<>();
        Map<String, TensorRef> outputs =
                lowering(meeting()).lower("", Map.of("x", A, "z", B), BATCH, true, ops, new ArrayList<>());
        assertThat(describe(ops))
                .containsExactly(
                        "left mat_mul a[4,3], left.weight[6,3] -> left.product[4,6]",
                        "left add_bias left.product[4,6], left.bias[6] -> left[4,6]",
                        "right mat_mul b[4,5], right.weight[6,5] -> right[4,6]",
                        "sum add left[4,6], right[4,6] -> sum[4,6]",
                        "both dropout sum[4,6] -> both[4,6], both.mask[4,6]",
                        "mean mat_mul both[4,6], mean.weight[2,6] -> mean.product[4,2]",
                        "mean add_bias mean.product[4,2], mean.bias[2] -> mean[4,2]",
                        "scale mat_mul both[4,6], scale.weight[1,6] -> scale.product[4,1]",
                        "scale add_bias scale.product[4,1], scale.bias[1] -> scale[4,1]");
        assertThat(outputs.keySet()).containsExactly("mean", "scale");
        assertThat(outputs.values()).extracting(TensorRef::toString).containsExactly("mean[4,2]", "scale[4,1]");
    }

    @Test
    void aScopeNamesLayersTensorsAndRandomStreamsButNoParameters() {
        List<Op> ops = new ArrayList<>();
        GraphLowering lowering = lowering(meeting());
        Map<String, TensorRef> inputs = Map.of("x", A, "z", B);
        lowering.lower("", inputs, BATCH, true, ops, new ArrayList<>());
        int plain = ops.size();
        Map<String, TensorRef> outputs = lowering.lower("fake", inputs, BATCH, true, ops, new ArrayList<>());

        assertThat(describe(ops.subList(plain, ops.size())))
                .startsWith(
                        "fake.left mat_mul a[4,3], left.weight[6,3] -> fake.left.product[4,6]",
                        "fake.left add_bias fake.left.product[4,6], left.bias[6] -> fake.left[4,6]")
                .contains("fake.both dropout fake.sum[4,6] -> fake.both[4,6], fake.both.mask[4,6]");
        assertThat(ops.stream().filter(Op.Dropout.class::isInstance).map(op -> ((Op.Dropout) op).stream()))
                .containsExactly(Philox.stream("both"), Philox.stream("fake.both"));
        assertThat(outputs.keySet()).containsExactly("mean", "scale");
        assertThat(outputs.get("mean")).hasToString("fake.mean[4,2]");
        // both in one program
        Set<TensorRef> parameters = new HashSet<>();
        ops.forEach(op ->
                op.inputs().stream().filter(x -> x.root().role().persistent()).forEach(parameters::add));
        assertThat(parameters).hasSize(7);
        new Program("both", BATCH, ops, List.of(A, B), List.copyOf(outputs.values()), List.of());
    }

    static Stream<Arguments> misfits() {
        TensorRef parameter = TensorRef.unbatched("b", DType.REAL, Shape.of(BATCH, 5));
        return Stream.of(
                Arguments.of("", Map.of("x", A), WeftException.class, "the graph needs the input z[5]; there are [x]"),
                Arguments.of(
                        "fake",
                        Map.of("x", A, "y", B),
                        WeftException.class,
                        "the graph under fake needs the input z[5]; there are "),
                Arguments.of(
                        "",
                        Map.of("x", A, "z", B, "y", B),
                        WeftException.class,
                        "the graph has no input y; there are [x[3], z[5]]"),
                Arguments.of(
                        "fake",
                        Map.of("x", A, "z", A),
                        ShapeException.class,
                        "fake.z: needs a batch [4,5] of type REAL, got a[4,3] of type REAL"),
                Arguments.of(
                        "",
                        Map.of("x", A, "z", TensorRef.batched("b", DType.I32, Shape.of(BATCH, 5))),
                        ShapeException.class,
                        "z: needs a batch [4,5] of type REAL, got b[4,5] of type I32"),
                Arguments.of(
                        "",
                        Map.of("x", A, "z", parameter),
                        ShapeException.class,
                        "z: needs a batch [4,5] of type REAL, got b[4,5] of type REAL, which is no batch"));
    }

    @ParameterizedTest(name = "{3}")
    @MethodSource("misfits")
    void inputsThatDoNotFitAreRefused(
            String scope, Map<String, TensorRef> inputs, Class<? extends Exception> kind, String message) {
        List<Op> ops = new ArrayList<>();
        assertThatThrownBy(() -> lowering(meeting()).lower(scope, inputs, BATCH, true, ops, new ArrayList<>()))
                .isInstanceOf(kind)
                .hasMessageStartingWith(message);
        assertThat(ops).isEmpty();
    }

    @Test
    void aPredictionReadsEveryInputAndGivesEveryOutput() {
        Graph graph = meeting();
        Program program = Step.prediction(lowering(graph)).compile(null, 7).program();
        assertThat(program.inputs()).extracting(TensorRef::toString).containsExactly("x[7,3]", "z[7,5]");
        assertThat(program.outputs()).extracting(TensorRef::toString).containsExactly("mean[7,2]", "scale[7,1]");
    }

    private static final TensorRef X = TensorRef.batched("x", DType.REAL, Shape.of(BATCH, 3));

    private static GraphLowering centered() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        Graph graph = b.build(b.reuse("second", "first", b.add("first", new Centered(), b.input())));
        return GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 1);
    }

    /** The second use reads the state of the first, and leaves it to the first to write it. */
    @Test
    void aLayersStateIsWrittenOnceAStep() {
        GraphLowering lowering = centered();
        Map<String, TensorRef> inputs = Map.of("input", X);
        List<Op> ops = new ArrayList<>();
        List<Op.StateUpdate> updates = new ArrayList<>();
        lowering.lower("real", inputs, BATCH, true, ops, updates);
        assertThat(lowering.graph().states())
                .containsExactly(new State("first.mean", Shape.of(1, 3), Centered.INITIAL));
        assertThat(updates)
                .extracting(Program::describe)
                .containsExactly("real.first state_update real.first.next[1,3] -> first.mean[1,3]");
        assertThat(ops.stream()
                        .flatMap(op -> op.inputs().stream())
                        .filter(x -> x.root().role() == Role.STATE))
                .isNotEmpty()
                .containsOnly(updates.get(0).state());

        assertThatThrownBy(() -> lowering.lower("fake", inputs, BATCH, true, new ArrayList<>(), updates))
                .isInstanceOf(WeftException.class)
                .hasMessageStartingWith(
                        "layers real.first and fake.first both write the state first.mean[1,3] in one step");
        lowering.lower("fake", inputs, BATCH, true, ops, new ArrayList<>());
        lowering.lower("judged", inputs, BATCH, false, ops, updates);
        assertThat(updates).hasSize(1);
    }

    /** Late in the step, and only where the new value is finite, too. */
    @Test
    void statesAreWrittenAfterTheLastCheck() {
        Graph graph = Graph.sequential(Shape.of(3), linear(3), new Centered());
        GraphLowering lowering = GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 1);
        DataTensors data =
                DataTensors.of("data", Dataset.ofTargets(Shape.of(3), new float[12], Shape.of(3), new float[12]));
        List<String> ops = describe(Step.supervised(lowering, Loss.meanSquaredError(), Sgd.of(1))
                .compile(data, BATCH)
                .program()
                .ops());
        assertThat(ops.subList(ops.size() - 5, ops.size()))
                .containsExactly(
                        "optimizer check_finite loss[1] -> ",
                        "optimizer check_finite gradients[128] -> ",
                        "centered1 check_finite centered1.next[1,3] -> ",
                        "optimizer sgd_update parameters[0:128][128], gradients[0:128][128] -> parameters[0:128][128]",
                        "centered1 state_update centered1.next[1,3] -> centered1.mean[1,3]");
        assertThat(Step.prediction(lowering).compile(null, BATCH).program().ops())
                .noneMatch(Op.StateUpdate.class::isInstance);
    }

    static Stream<Arguments> faultyWrites() {
        return Stream.of(
                Arguments.of(
                        new Faulty(l -> l.writeState("mean", TensorRef.unbatched("gone", DType.REAL, Shape.of(2)))),
                        "layer faulty1 (faulty): faulty1 state_update gone[2] -> faulty1.mean[2] reads gone[2] before any op"
                                + " writes it"),
                Arguments.of(
                        new Faulty(l -> l.writeState("mean", TensorRef.unbatched("wide", DType.REAL, Shape.of(3)))),
                        "faulty1: needs two tensors of one shape, got wide[3], faulty1.mean[2]"),
                Arguments.of(
                        new Faulty(l -> l.writeState("mean", TensorRef.batched("rows", DType.REAL, Shape.of(2)))),
                        "faulty1: a state takes no batch, got rows[2]"),
                Arguments.of(
                        new Faulty(l -> l.state("maen")), "layer faulty1 has no state maen; there are [faulty1.mean]"),
                Arguments.of(new Faulty(l -> l.parameter("mean")), "layer faulty1 has no parameter mean; there are []"),
                Arguments.of(
                        new Faulty(l -> l.emit(new Op.Fill(l.layer(), 1, l.state("mean")))),
                        "layer faulty1 (faulty): faulty1 fill  -> faulty1.mean[2] writes faulty1.mean[2], which outlives the"
                                + " step; a layer writes tensors of its own"));
    }

    private record Faulty(Consumer<Lowering> fault) implements Layer {
        @Override
        public String kind() {
            return "faulty";
        }

        @Override
        public Shape infer(List<Shape> inputs) {
            return inputs.get(0);
        }

        @Override
        public List<State> states(List<Shape> inputs) {
            return List.of(new State("mean", Shape.of(2), 0));
        }

        @Override
        public TensorRef lower(Lowering lowering, List<TensorRef> inputs) {
            fault.accept(lowering);
            return inputs.get(0);
        }
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("faultyWrites")
    void aFaultyUseOfAStateIsNamed(Layer layer, String message) {
        Graph graph = Graph.sequential(Shape.of(3), layer);
        GraphLowering lowering = GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 1);
        assertThatThrownBy(
                        () -> lowering.lower("", Map.of("input", X), BATCH, true, new ArrayList<>(), new ArrayList<>()))
                .isInstanceOf(WeftException.class)
                .hasMessage(message);
    }
}
