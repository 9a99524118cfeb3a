package dev.weft.graph;

import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.avgPool2d;
import static dev.weft.layer.Layers.concat;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.reshape;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.init.Initializer;
import dev.weft.layer.Concat;
import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.layer.Parameter;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Shape inference of every layer, names, and what a graph refuses. */
class GraphTest {
    private static final Shape IMAGE = Shape.of(3, 8, 10);

    static Stream<Arguments> layers() {
        return Stream.of(
                Arguments.of(conv2d(6, 3), IMAGE, Shape.of(6, 6, 8)),
                Arguments.of(conv2d(6, 5).padding(2), IMAGE, Shape.of(6, 8, 10)),
                Arguments.of(conv2d(6, 3).stride(2).padding(1), IMAGE, Shape.of(6, 4, 5)),
                Arguments.of(conv2d(6, 3).stride(1, 2).padding(0, 1), IMAGE, Shape.of(6, 6, 5)),
                Arguments.of(maxPool2d(2), IMAGE, Shape.of(3, 4, 5)),
                Arguments.of(maxPool2d(3).stride(2).padding(1), IMAGE, Shape.of(3, 4, 5)),
                Arguments.of(avgPool2d(3), IMAGE, Shape.of(3, 2, 3)),
                Arguments.of(avgPool2d(2).stride(1).padding(1), IMAGE, Shape.of(3, 9, 11)),
                Arguments.of(flatten(), IMAGE, Shape.of(240)),
                Arguments.of(reshape(24, 10), IMAGE, Shape.of(24, 10)),
                Arguments.of(linear(7), Shape.of(5), Shape.of(7)),
                Arguments.of(relu(), IMAGE, IMAGE),
                Arguments.of(sigmoid(), IMAGE, IMAGE),
                Arguments.of(tanh(), Shape.of(5), Shape.of(5)),
                Arguments.of(softmax(), Shape.of(5), Shape.of(5)),
                Arguments.of(dropout(0.5), IMAGE, IMAGE));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void layersInferTheirShapes(Layer layer, Shape input, Shape output) {
        assertThat(Graph.sequential(input, layer).output().shape()).isEqualTo(output);
    }

    static Stream<Arguments> misfits() {
        return Stream.of(
                Arguments.of(conv2d(6, 3), Shape.of(8), "conv1: needs an image [C,H,W], got [8]"),
                Arguments.of(
                        conv2d(6, 9),
                        IMAGE,
                        "conv1: window 9x9 stride 1 needs an image of at least [C,9,9], got [3,8,10]"),
                Arguments.of(
                        conv2d(6, 13).padding(2),
                        IMAGE,
                        "conv1: window 13x13 stride 1 pad 2 needs an image of at least [C,9,9], got [3,8,10]"),
                Arguments.of(maxPool2d(9), IMAGE, "pool1: window 9x9 stride 9 does not fit into image [3,8,10]"),
                Arguments.of(
                        maxPool2d(2).padding(2),
                        IMAGE,
                        "pool1: padding must be smaller than the window: 2x2 stride 2 pad 2"),
                Arguments.of(avgPool2d(2), Shape.of(4), "pool1: needs an image [C,H,W], got [4]"),
                Arguments.of(avgPool2d(2).padding(3), IMAGE, "pool1: padding must be smaller than the window"),
                Arguments.of(linear(7), IMAGE, "linear1: needs a vector [D], got [3,8,10]: put flatten() in front"),
                Arguments.of(reshape(7), IMAGE, "reshape1: needs 7 elements for shape [7], got 240 in [3,8,10]"),
                Arguments.of(add(), IMAGE, "add1: needs at least two inputs, got 1"),
                Arguments.of(concat(), IMAGE, "concat1: needs at least two inputs, got 1"));
    }

    @ParameterizedTest
    @MethodSource("misfits")
    void aWrongShapeFailsNamingTheLayerWhatItGotAndWhatItNeeds(Layer layer, Shape input, String message) {
        assertThatThrownBy(() -> Graph.sequential(input, layer))
                .isInstanceOfSatisfying(
                        ShapeException.class, e -> assertThat(e.layer()).startsWith("layer "))
                .hasMessageContaining(message);
    }

    @Test
    void layersOfOneInputRefuseTwo() {
        for (Layer layer : List.of(
                conv2d(1, 1),
                maxPool2d(1),
                avgPool2d(1),
                flatten(),
                reshape(240),
                linear(1),
                relu(),
                softmax(),
                dropout(0.1))) {
            Graph.Builder b = Graph.builder(IMAGE);
            assertThatThrownBy(() -> b.add("two", layer, b.input(), b.input()))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("layer two: needs one input, got 2");
        }
    }

    @Test
    void addNeedsEqualShapes() {
        Graph.Builder b = Graph.builder(IMAGE);
        Node pooled = b.add(maxPool2d(2), b.input());
        assertThat(b.add(add(), pooled, pooled, pooled).shape()).isEqualTo(Shape.of(3, 4, 5));
        assertThatThrownBy(() -> b.add(add(), pooled, b.input()))
                .isInstanceOf(ShapeException.class)
                .hasMessage("layer add2: needs inputs of one shape, got [[3,4,5], [3,8,10]]");
    }

    @Test
    void concatAddsUpOneAxis() {
        Graph.Builder b = Graph.builder(IMAGE);
        Node more = b.add(conv2d(4, 1), b.input());
        assertThat(b.add(concat(), b.input(), more).shape()).isEqualTo(Shape.of(7, 8, 10));
        Node low = b.add(maxPool2d(2).stride(2), b.input());
        assertThatThrownBy(() -> b.add("join", new Concat(1), b.input(), low))
                .hasMessage("layer join: needs inputs that differ along axis 1 alone, got [[3,8,10], [3,4,5]]");
        assertThatThrownBy(() -> b.add("join", new Concat(3), b.input(), b.input()))
                .hasMessage("layer join: axis 3 is not one of [3,8,10]");
    }

    @Test
    void argumentsThatMakeNoLayerAreRefused() {
        assertThatThrownBy(() -> conv2d(0, 3)).hasMessageContaining("at least 1 filter, got 0");
        assertThatThrownBy(() -> conv2d(1, 0)).hasMessageContaining("window");
        assertThatThrownBy(() -> conv2d(1, 1).stride(0)).hasMessageContaining("stride");
        assertThatThrownBy(() -> linear(0)).hasMessageContaining("at least 1 output, got 0");
        assertThatThrownBy(() -> dropout(1)).hasMessageContaining("0 <= p < 1, got 1.0");
        assertThatThrownBy(() -> dropout(-0.1)).hasMessageContaining("got -0.1");
        assertThatThrownBy(() -> dropout(Double.NaN)).hasMessageContaining("got NaN");
    }

    @Test
    void layersAreNamedByKindAndNumberAndParametersByLayer() {
        Graph graph = Graph.sequential(
                Shape.of(1, 8, 8),
                conv2d(2, 3),
                relu(),
                maxPool2d(2),
                conv2d(3, 3),
                flatten(),
                linear(4).withoutBias());
        assertThat(graph.nodes())
                .extracting(Node::name)
                .containsExactly("input", "conv1", "relu1", "pool1", "conv2", "flatten1", "linear1");
        assertThat(graph.parameters())
                .extracting(Parameter::name)
                .containsExactly("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "linear1.weight");
        assertThat(graph.parameters())
                .extracting(Parameter::shape)
                .containsExactly(Shape.of(2, 1, 3, 3), Shape.of(2), Shape.of(3, 2, 3, 3), Shape.of(3), Shape.of(4, 3));
        Parameter weight = graph.parameters().get(2);
        assertThat(weight.fanIn()).isEqualTo(18);
        assertThat(weight.fanOut()).isEqualTo(27);
    }

    @Test
    void namesAreUniqueAndMadeOfPlainCharacters() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        b.add("a", relu(), b.input());
        assertThatThrownBy(() -> b.add("a", relu(), b.input()))
                .isInstanceOf(WeftException.class)
                .hasMessage("two layers are named a");
        assertThatThrownBy(() -> b.add("input", relu(), b.input())).hasMessage("two layers are named input");
        for (String bad : List.of("", " a", "a b", "a/b", "é", ".a", "-")) {
            assertThatThrownBy(() -> b.add(bad, relu(), b.input()))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("'" + bad + "'");
        }
    }

    /** The names "costarring" and "liquid" are a known pair with one FNV-1a hash. */
    @Test
    void namesThatShareARandomStreamAreRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        b.add("costarring", relu(), b.input());
        assertThatThrownBy(() -> b.add("liquid", relu(), b.input()))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("costarring and liquid would share one random stream");
    }

    @Test
    void aNodeOfAnotherGraphIsRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        Node stranger = Graph.builder(Shape.of(3)).input();
        assertThatThrownBy(() -> b.add("a", relu(), stranger))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("layer a reads input[3], a node of another graph");
    }

    @Test
    void aLayerThatLeadsNowhereIsRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        Node output = b.add("used", relu(), b.input());
        b.add("unused", relu(), output);
        assertThatThrownBy(() -> b.build(output))
                .isInstanceOf(WeftException.class)
                .hasMessage("unused does not lead to the output used");
    }

    /** A layer "loss" would write the tensor that holds the mean loss, a dropout "shuffle" draw the order of the data. */
    @Test
    void namesThatTrainingUsesItselfAreRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        for (String name : List.of("targets", "loss", "correct", "optimizer", "shuffle")) {
            assertThatThrownBy(() -> b.add(name, relu(), b.input()))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("no layer can be named " + name + ": training uses that name itself");
        }
    }

    /** A layer of one's own, with what it says of itself. */
    private record Own(Function<List<Shape>, Shape> shape, String... parameterNames) implements Layer {
        @Override
        public String kind() {
            return "own";
        }

        @Override
        public Shape infer(List<Shape> inputs) {
            return shape.apply(inputs);
        }

        @Override
        public List<Parameter> parameters(List<Shape> inputs) {
            return Stream.of(parameterNames)
                    .map(name -> new Parameter(name, Shape.of(1), Initializer.constant(0), 1, 1))
                    .toList();
        }

        @Override
        public TensorRef lower(Lowering lowering, List<TensorRef> inputs) {
            return inputs.get(0);
        }
    }

    @Test
    void aLayerThatInfersNoShapeIsNamed() {
        assertThatThrownBy(() -> Graph.sequential(Shape.of(3), new Own(inputs -> null)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("layer own1: infer returns null, not the shape of the output");
        assertThatThrownBy(() -> Graph.sequential(
                        Shape.of(3), new Own(inputs -> Shape.of(inputs.get(0).get(2)))))
                .isInstanceOf(ShapeException.class)
                .hasMessageStartingWith("layer own1: takes no inputs of shapes [[3]]: ");
    }

    /** The second would lie over the first, and training would never touch that. */
    @Test
    void twoParametersOfOneNameAreRefused() {
        assertThatThrownBy(() -> Graph.sequential(Shape.of(3), new Own(inputs -> inputs.get(0), "weight", "weight")))
                .isInstanceOf(WeftException.class)
                .hasMessage("two parameters are named own1.weight");
        Graph.Builder b = Graph.builder(Shape.of(3));
        Node a = b.add("a", new Own(inputs -> inputs.get(0), "b.weight"), b.input());
        assertThatThrownBy(() -> b.add("a.b", new Own(inputs -> inputs.get(0), "weight"), a))
                .isInstanceOf(WeftException.class)
                .hasMessage("two parameters are named a.b.weight");
    }
}
