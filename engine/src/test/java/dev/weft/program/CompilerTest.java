package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.layer.Layers;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Sgd;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class CompilerTest {
    private static final Loss CROSS_ENTROPY = Loss.softmaxCrossEntropy();

    private static Compiler compiler(Graph graph) {
        return new Compiler(graph, new ParameterLayout(graph.parameters()), 42);
    }

    @Test
    void theListingOfLenet5sTrainingStep() throws IOException {
        String listing = LeNet.compiler()
                .training(CROSS_ENTROPY, Adam.of(1e-3), LeNet.DATA, 128)
                .listing();
        try (InputStream golden = CompilerTest.class.getResourceAsStream("lenet5.txt")) {
            assertThat(listing.lines())
                    .containsExactlyElementsOf(new String(golden.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList());
        }
    }

    @Test
    void aListingReadsTheSameUnderEveryLocale() {
        Program program = LeNet.compiler().evaluation(CROSS_ENTROPY, LeNet.DATA, 4);
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
        assertThat(compiler(graph).evaluation(CROSS_ENTROPY, LeNet.DATA, 4).ops())
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
        assertThat(compiler(graph)
                        .training(CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 4)
                        .ops())
                .extracting(Op::name)
                .contains("dropout", "dropout_backward", "check_finite", "sgd_update");
    }

    @Test
    void aPredictionReadsAnInputAndGivesTheOutput() {
        Program program = LeNet.compiler().prediction(7);
        assertThat(program.inputs()).extracting(TensorRef::toString).containsExactly("input[7,1,28,28]");
        assertThat(program.outputs()).extracting(TensorRef::toString).containsExactly("linear3[7,10]");
        assertThat(program.metrics()).isEmpty();
        assertThat(program.batch()).isEqualTo(7);
    }

    @Test
    void everyParameterGetsItsGradientAndEveryGroupItsUpdate() {
        ParameterLayout layout = new ParameterLayout(LeNet.GRAPH.parameters());
        Program program = new Compiler(LeNet.GRAPH, layout, 42)
                .training(
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
        assertThatThrownBy(() -> LeNet.compiler().training(CROSS_ENTROPY, Sgd.of(1), wide, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessage("input: the graph needs samples of shape [1,28,28], the data set has [3,32,32]");
    }

    @Test
    void aLossForOtherTargetsIsRefused() {
        assertThatThrownBy(() -> LeNet.compiler().evaluation(Loss.meanSquaredError(), LeNet.DATA, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessage("loss: this loss needs target values, the data set has classes");
        Graph graph = Graph.sequential(Shape.of(2), Layers.linear(3));
        DataTensors values =
                DataTensors.of("train", Dataset.ofTargets(Shape.of(2), new float[4], Shape.of(3), new float[6]));
        assertThatThrownBy(() -> compiler(graph).evaluation(CROSS_ENTROPY, values, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessage("loss: this loss needs classes, the data set has target values");
    }

    @Test
    void aGraphWhoseOutputDoesNotFitTheLossIsRefused() {
        Graph image = Graph.sequential(Shape.of(1, 28, 28), Layers.conv2d(10, 3));
        assertThatThrownBy(() -> compiler(image).evaluation(CROSS_ENTROPY, LeNet.DATA, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("softmax cross-entropy needs logits [N,C], got conv1[4,10,26,26]");
        Graph graph = Graph.sequential(Shape.of(2), Layers.linear(3));
        DataTensors values =
                DataTensors.of("train", Dataset.ofTargets(Shape.of(2), new float[4], Shape.of(2), new float[4]));
        assertThatThrownBy(() -> compiler(graph).training(Loss.meanSquaredError(), Sgd.of(1), values, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("needs two tensors of one shape, got linear1[2,3], targets[2,2]");
    }

    @Test
    void aDataSetWithMoreClassesThanTheGraphHasOutputsIsRefused() {
        Graph graph = Graph.sequential(Shape.of(1, 28, 28), Layers.flatten(), Layers.linear(9));
        assertThatThrownBy(() -> compiler(graph).training(CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("10 classes")
                .hasMessageContaining("[9]");
    }

    @Test
    void aGraphWithoutParametersCannotBeTrained() {
        Graph graph = Graph.sequential(Shape.of(1, 28, 28), Layers.flatten());
        assertThatThrownBy(() -> compiler(graph).training(CROSS_ENTROPY, Sgd.of(1), LeNet.DATA, 2))
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
}
