package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.init.Initializer;
import dev.weft.layer.Layer;
import dev.weft.layer.Layers;
import dev.weft.layer.Lowering;
import dev.weft.layer.Parameter;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SupervisedStepTest {
    private static final Loss CROSS_ENTROPY = Loss.softmaxCrossEntropy();

    private static GraphLowering network(Graph graph) {
        return GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 42);
    }

    private static Program training(Graph graph, Loss loss, Optimizer optimizer, DataTensors data, int batch) {
        return Step.supervised(network(graph), loss, optimizer)
                .compile(data, batch)
                .program();
    }

    private static Program evaluation(Graph graph, Loss loss, DataTensors data, int batch) {
        return Step.evaluation(network(graph), loss).compile(data, batch).program();
    }

    private static Program prediction(Graph graph, int batch) {
        return Step.prediction(network(graph)).compile(null, batch).program();
    }

    @Test
    void theListingOfLenet5sTrainingStep() throws IOException {
        String listing = training(LeNet.GRAPH, CROSS_ENTROPY, Adam.of(1e-3), LeNet.DATA, 128)
                .listing();
        try (InputStream golden = SupervisedStepTest.class.getResourceAsStream("lenet5.txt")) {
            assertThat(listing.lines())
                    .containsExactlyElementsOf(new String(golden.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList());
        }
    }

    @Test
    void aListingReadsTheSameUnderEveryLocale() {
        Program program = evaluation(LeNet.GRAPH, CROSS_ENTROPY, LeNet.DATA, 4);
        String listing = program.listing();
        Locale locale = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertThat(program.listing()).isEqualTo(listing).contains("scale 0.00392157");
        } finally {
            Locale.setDefault(locale);
        }
    }

    @Test
    void anEvaluationHasNeitherGradientsNorUpdatesNorDropout() {
        Graph graph = Graph.sequential(Shape.of(1, 28, 28), Layers.flatten(), Layers.linear(10), Layers.dropout(0.5));
        assertThat(evaluation(graph, CROSS_ENTROPY, LeNet.DATA, 4).ops())
                .extracting(Op::name)
                .containsExactly(
                        "gather_rows",
                        "reshape",
                        "mat_mul",
                        "add_bias",
                        "gather_rows",
                        "softmax_cross_entropy",
                        "batch_mean",
                        "count_correct");
        assertThat(training(graph, CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 4).ops())
                .extracting(Op::name)
                .contains("dropout", "dropout_backward", "check_finite", "sgd_update");
    }

    @Test
    void aPredictionReadsAnInputAndGivesTheOutput() {
        Program program = prediction(LeNet.GRAPH, 7);
        assertThat(program.inputs()).extracting(TensorRef::toString).containsExactly("input[7,1,28,28]");
        assertThat(program.outputs()).extracting(TensorRef::toString).containsExactly("linear3[7,10]");
        assertThat(program.metrics()).isEmpty();
        assertThat(program.batch()).isEqualTo(7);
    }

    @Test
    void everyParameterGetsItsGradientAndEveryGroupItsUpdate() {
        ParameterLayout layout = new ParameterLayout(LeNet.GRAPH.parameters());
        Program program = training(
                LeNet.GRAPH,
                CROSS_ENTROPY,
                Sgd.of(1).weightDecay(0.1).group(name -> name.endsWith("bias"), 1, 0),
                LeNet.DATA,
                4);
        List<TensorRef> written = program.ops().stream()
                .flatMap(op -> op.outputs().stream())
                .filter(y -> y.root().equals(layout.gradients()))
                .toList();
        assertThat(written).extracting(TensorRef::name).doesNotHaveDuplicates().hasSize(10);
        assertThat(program.ops().stream().filter(Op.SgdUpdate.class::isInstance).map(Op::attributes))
                .containsExactly("weight_decay 0.1", "");
    }

    @Test
    void aDataSetOfAnotherShapeIsRefused() {
        DataTensors wide =
                DataTensors.of("train", Dataset.ofBytes(Shape.of(3, 32, 32), new byte[3 * 32 * 32], new int[] {0}, 10));
        assertThatThrownBy(() -> training(LeNet.GRAPH, CROSS_ENTROPY, Sgd.of(1), wide, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessage(
                        "input: the graph needs samples of shape [1,28,28], the data set has [3,32,32] as features");
    }

    @Test
    void aLossForOtherTargetsIsRefused() {
        assertThatThrownBy(() -> evaluation(LeNet.GRAPH, Loss.meanSquaredError(), LeNet.DATA, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessage("loss: this loss needs target values, targets[4] holds classes");
        Graph graph = Graph.sequential(Shape.of(2), Layers.linear(3));
        DataTensors values =
                DataTensors.of("train", Dataset.ofTargets(Shape.of(2), new float[4], Shape.of(3), new float[6]));
        assertThatThrownBy(() -> evaluation(graph, CROSS_ENTROPY, values, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessage("loss: this loss needs classes, targets[2,3] holds target values");
    }

    @Test
    void aGraphWhoseOutputDoesNotFitTheLossIsRefused() {
        Graph image = Graph.sequential(Shape.of(1, 28, 28), Layers.conv2d(10, 3));
        assertThatThrownBy(() -> evaluation(image, CROSS_ENTROPY, LeNet.DATA, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("softmax cross-entropy needs logits [N,C], got conv1[4,10,26,26]");
        Graph graph = Graph.sequential(Shape.of(2), Layers.linear(3));
        DataTensors values =
                DataTensors.of("train", Dataset.ofTargets(Shape.of(2), new float[4], Shape.of(2), new float[4]));
        assertThatThrownBy(() -> training(graph, Loss.meanSquaredError(), Sgd.of(1), values, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("needs two tensors of one shape, got linear1[2,3], targets[2,2]");
    }

    @Test
    void aDataSetWithMoreClassesThanTheGraphHasOutputsIsRefused() {
        Graph graph = Graph.sequential(Shape.of(1, 28, 28), Layers.flatten(), Layers.linear(9));
        assertThatThrownBy(() -> training(graph, CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("10 classes")
                .hasMessageContaining("[9]");
    }

    @Test
    void aGraphWithoutParametersCannotBeTrained() {
        Graph graph = Graph.sequential(Shape.of(1, 28, 28), Layers.flatten());
        assertThatThrownBy(() -> training(graph, CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 2))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("no parameters");
    }

    @Test
    void aProgramWritesEveryTensorOnceAndBeforeItIsRead() {
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(2));
        Op op = new Op.Reshape("r", x, x.like("y"));
        assertThatThrownBy(() -> new Program("p", 2, List.of(op), List.of(), List.of(), List.of()))
                .hasMessageContaining("r reshape x[2] -> y[2] reads x[2] before it is written");
        assertThatThrownBy(() -> new Program("p", 2, List.of(op, op), List.of(x), List.of(), List.of()))
                .hasMessageContaining("writes y[2] a second time");
        assertThatThrownBy(() -> new Program("p", 2, List.of(op), List.of(x), List.of(x.like("z")), List.of()))
                .hasMessageContaining("no op writes the result z[2]");
    }

    /** A layer of one's own of three values and one parameter, {@code weight[3]}. */
    private record Own(BiFunction<Lowering, TensorRef, TensorRef> body) implements Layer {
        @Override
        public String kind() {
            return "own";
        }

        @Override
        public Shape infer(List<Shape> inputs) {
            return Shape.of(3);
        }

        @Override
        public List<Parameter> parameters(List<Shape> inputs) {
            return List.of(new Parameter("weight", Shape.of(3), Initializer.constant(0), 1, 1));
        }

        @Override
        public TensorRef lower(Lowering lowering, List<TensorRef> inputs) {
            return body.apply(lowering, inputs.get(0));
        }
    }

    private static Op tanh(Lowering l, TensorRef x, TensorRef y) {
        return new Op.Activation(l.layer(), Op.Nonlinearity.TANH, x, y);
    }

    static Stream<Arguments> faultyLayers() {
        return Stream.of(
                faulty(
                        "lower returns own1[2,4], but infer says [3] for each of the 2 rows",
                        (l, x) -> emit(l, new Op.Slice(l.layer(), x, 1, 0, l.output(Shape.of(4))))),
                faulty("lower returns own1[2,3], which no op writes", (l, x) -> l.output(Shape.of(3))),
                faulty("lower returns null, not the output tensor", (l, x) -> null),
                faulty(
                        "lower returns own1.picks[2,3] of type I32, a batch; it must be a batch of type REAL",
                        (l, x) -> {
                            TensorRef part = l.inner("part", Shape.of(1, 3, 1));
                            TensorRef y = l.inner("y", Shape.of(1, 3, 1));
                            TensorRef picks = l.inner("picks", DType.I32, Shape.of(3));
                            l.emit(new Op.Slice(l.layer(), x, 1, 0, l.inner("three", Shape.of(3))));
                            l.emit(new Op.Reshape(l.layer(), l.inner("three", Shape.of(3)), part));
                            TensorRef argmax = l.inner("argmax", DType.I32, Shape.of(1, 3, 1));
                            l.emit(new Op.MaxPool2d(l.layer(), part, new Window2d(1, 1, 1, 1, 0, 0), y, argmax));
                            return emit(l, new Op.Reshape(l.layer(), argmax, picks));
                        }),
                faulty(
                        "lower returns own1[2,3] of type REAL, no batch; it must be a batch of type REAL",
                        (l, x) -> emit(
                                l,
                                new Op.Fill(l.layer(), 1, TensorRef.unbatched(l.layer(), DType.REAL, Shape.of(2, 3))))),
                faulty(
                        "own1 activation own1.hidden[2,3] -> own1[2,3] reads own1.hidden[2,3] before any op writes it",
                        (l, x) -> emit(l, tanh(l, l.inner("hidden", Shape.of(3)), l.output(Shape.of(3))))),
                faulty(
                        "own1 activation input[2,4] -> own1.x[2,4] writes own1.x[2,4], and there is a tensor of that name"
                                + " already; each is written once",
                        (l, x) -> {
                            l.emit(tanh(l, x, l.inner("x", Shape.of(4))));
                            return emit(l, tanh(l, x, l.inner("x", Shape.of(4))));
                        }),
                faulty(
                        "own1 fill  -> own1.weight[3] writes own1.weight[3], which outlives the step; a layer writes tensors"
                                + " of its own",
                        (l, x) -> emit(l, new Op.Fill(l.layer(), 1, l.parameter("weight")))),
                faulty(
                        "own1 slice input[2,4] -> own1.row[1,4] writes own1.row[1,4], which is no batch of 2 rows",
                        (l, x) -> emit(
                                l,
                                new Op.Slice(
                                        l.layer(),
                                        x,
                                        0,
                                        1,
                                        TensorRef.batched(l.layer() + ".row", DType.REAL, Shape.of(1, 4))))),
                faulty(
                        "lower fails on [input[2,4]]: Index 2 out of bounds for length 2",
                        (l, x) -> l.output(Shape.of(x.shape().get(2)))));
    }

    private static Arguments faulty(String message, BiFunction<Lowering, TensorRef, TensorRef> body) {
        return Arguments.of(message, new Own(body));
    }

    private static TensorRef emit(Lowering l, Op op) {
        l.emit(op);
        return op.outputs().get(0);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faultyLayers")
    void aFaultyLayerIsNamedAndNotTheOneBehindIt(String message, Layer layer) {
        Graph graph = Graph.sequential(Shape.of(4), layer, Layers.linear(3));
        assertThatThrownBy(() -> prediction(graph, 2))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer own1 (own): " + message);
    }

    @Test
    void aParameterThatALayerHasNotDeclaredIsRefused() {
        Graph graph = Graph.sequential(Shape.of(4), new Own((l, x) -> l.parameter("weigth")), Layers.linear(3));
        assertThatThrownBy(() -> prediction(graph, 2))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer own1 has no parameter weigth; there are [own1.weight]");
    }

    @Test
    void aParameterThatItsLayerDoesNotReadIsNamedWhereItWouldBeTrained() {
        Graph graph = Graph.sequential(
                Shape.of(1, 28, 28),
                Layers.flatten(),
                Layers.linear(3),
                new Own((l, x) -> emit(l, tanh(l, x, l.output(Shape.of(3))))),
                Layers.linear(10));
        assertThatThrownBy(() -> training(graph, CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 2))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer own1 (own): none of its ops reads the parameter weight, so it cannot be trained");
        assertThat(evaluation(graph, CROSS_ENTROPY, LeNet.DATA, 2).ops()).isNotEmpty();
    }

    @Test
    void aFaultyLossIsNamed() {
        Loss loss = new Loss() {
            @Override
            public DType targetType() {
                return DType.I32;
            }

            @Override
            public TensorRef lower(Lowering l, TensorRef output, TensorRef target) {
                return emit(
                        l, new Op.Reshape(l.layer(), output, TensorRef.batched("loss.all", DType.REAL, Shape.of(40))));
            }
        };
        assertThatThrownBy(() -> evaluation(LeNet.GRAPH, loss, LeNet.DATA, 4))
                .isInstanceOf(WeftException.class)
                .hasMessage(
                        "loss: loss reshape linear3[4,10] -> loss.all[40] writes loss.all[40], which is no batch of 4 rows");
    }
}
