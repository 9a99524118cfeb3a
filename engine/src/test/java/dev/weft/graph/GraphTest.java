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
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Map;
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

    @Test
    void inputsAndOutputsHaveNamesAndAnOrder() {
        Graph.Builder b = Graph.builder();
        Node image = b.input("image", Shape.of(3));
        Node kind = b.input("kind", DType.I32, Shape.of());
        Node hidden = b.add("hidden", linear(4), image);
        Node mean = b.add("mean", linear(2), hidden);
        Node picked = b.add("picked", new Picking(), mean, kind);
        Graph graph = b.build(picked, mean);

        assertThat(graph.inputs()).containsExactly(image, kind);
        assertThat(graph.outputs()).containsExactly(picked, mean);
        assertThat(kind.type()).isEqualTo(DType.I32);
        assertThat(graph.nodes()).allMatch(node -> node == kind || node.type() == DType.REAL);
        assertThatThrownBy(graph::input)
                .isInstanceOf(WeftException.class)
                .hasMessage("one input is asked for, the graph has 2: image, kind");
        assertThatThrownBy(graph::output)
                .isInstanceOf(WeftException.class)
                .hasMessage("one output is asked for, the graph has 2: picked, mean");
    }

    @Test
    void inputsThatCannotBeAreRefused() {
        Graph.Builder b = Graph.builder();
        assertThatThrownBy(b::input).hasMessage("one input is asked for, the graph has none");
        Node x = b.input("x", Shape.of(3));
        assertThat(b.input()).isSameAs(x);
        assertThatThrownBy(() -> b.input("x", Shape.of(3))).hasMessage("two layers are named x");
        assertThatThrownBy(() -> b.input("loss", Shape.of(3))).hasMessageContaining("no layer can be named loss");
        assertThatThrownBy(() -> b.input("bytes", DType.U8, Shape.of(3)))
                .isInstanceOf(WeftException.class)
                .hasMessage("input bytes has the type U8: bytes are REAL, or I32, in a network");
        b.input("more", Shape.of(3));
        assertThatThrownBy(b::input).hasMessage("one input is asked for, the graph has 2: x, more");
        Node y = b.add("y", relu(), x);
        assertThatThrownBy(() -> b.build(y)).hasMessage("more does not lead to the output y");
    }

    @Test
    void outputsThatCannotBeAreRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        Node y = b.add("y", relu(), b.input());
        Node z = b.add("z", relu(), b.input());
        b.add("unused", relu(), y);
        assertThatThrownBy(() -> b.build(y, z))
                .isInstanceOf(WeftException.class)
                .hasMessage("unused does not lead to one of the outputs y, z");
        assertThatThrownBy(() -> b.build(y, y)).hasMessage("y is given as an output twice");
        assertThatThrownBy(b::build).hasMessage("input does not lead to an output, of which the graph has none");
        Node stranger = Graph.builder(Shape.of(3)).input();
        assertThatThrownBy(() -> b.build(stranger)).hasMessage("the output input[3] is a node of another graph");
    }

    @Test
    void aLayerAppliedAgainHasTheParametersOfTheFirstAndANameOfItsOwn() {
        Graph.Builder b = Graph.builder();
        Node left = b.add("first", linear(2), b.input("x", Shape.of(3)));
        Node right = b.reuse("second", "first", b.input("z", Shape.of(3)));
        Node third = b.reuse("third", "second", b.add("sum", linear(3), b.add(concat(), left, right)));
        Graph graph = b.build(third);

        assertThat(graph.parameters())
                .extracting(Parameter::name)
                .containsExactly("first.weight", "first.bias", "sum.weight", "sum.bias");
        assertThat(right.parameters()).isEmpty();
        assertThat(List.of(left, right, third))
                .extracting(Node::persistentNames)
                .containsOnly(Map.of("weight", "first.weight", "bias", "first.bias"));
    }

    @Test
    void reusesThatCannotBeAreRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        Node first = b.add("first", linear(2), b.input());
        assertThatThrownBy(() -> b.reuse("again", "frist", b.input()))
                .isInstanceOf(WeftException.class)
                .hasMessage("no layer frist has been added; there are [first]");
        assertThatThrownBy(() -> b.reuse("again", "input", b.input())).hasMessageContaining("no layer input");
        assertThatThrownBy(() -> b.reuse("again", "again", b.input())).hasMessageContaining("no layer again");
        assertThatThrownBy(() -> b.reuse("again", "first", first))
                .isInstanceOf(ShapeException.class)
                .hasMessage(
                        "layer again: needs weight of shape [2,2], and first.weight, which it is tied to, has [2,3]");
        assertThatThrownBy(() -> b.reuse("first", "first", b.input())).hasMessage("two layers are named first");
        assertThatThrownBy(() -> b.reuseAll("again", "first", b.input()))
                .hasMessage("again reuses first, and no graph of that name has been added; there are []");
    }

    @Test
    void aTiedLayerHasTheOtherParametersForItself() {
        Graph.Builder b = Graph.builder(Shape.of(7));
        Node code = b.add("encoder", linear(3), b.input());
        Node y = b.tie("decoder", linear(7).transposed(), Map.of("weight", "encoder.weight"), code);
        assertThat(y.shape()).isEqualTo(Shape.of(7));
        assertThat(y.parameters()).extracting(Parameter::name).containsExactly("decoder.bias");
        assertThat(y.persistentNames()).isEqualTo(Map.of("weight", "encoder.weight", "bias", "decoder.bias"));
    }

    /** Only what lies before can be tied to, so that there is no cycle. */
    @Test
    void tiesThatCannotBeAreRefused() {
        Graph.Builder b = Graph.builder(Shape.of(7));
        Node code = b.add("encoder", linear(3), b.input());
        Layer decoder = linear(7).transposed();
        b.tie("decoder", decoder, Map.of("weight", "encoder.weight"), code);
        assertThatThrownBy(() -> b.tie("d", decoder, Map.of("weight", "d.weight"), code))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer d ties its weight to d.weight, which is no parameter of a layer before it; there are"
                        + " [decoder.bias, encoder.bias, encoder.weight]");
        assertThatThrownBy(() -> b.tie("d", decoder, Map.of("weight", "later.weight"), code))
                .hasMessageContaining("later.weight, which is no parameter of a layer before it");
        assertThatThrownBy(() -> b.tie("d", decoder, Map.of("weight", "decoder.weight"), code))
                .hasMessageContaining("decoder.weight, which is no parameter of a layer before it");
        assertThatThrownBy(() -> b.tie("d", decoder, Map.of("wieght", "encoder.weight"), code))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer d has no parameter or state wieght to tie; there are [weight, bias]");
        assertThatThrownBy(() -> b.tie("d", linear(7), Map.of("weight", "encoder.weight"), code))
                .isInstanceOf(ShapeException.class)
                .hasMessage("layer d: needs weight of shape [7,3], and encoder.weight, which it is tied to, has [3,7]");
    }

    @Test
    void theLayersOfAGraphInAGraphBearItsName() {
        Graph.Builder inner = Graph.builder(Shape.of(7));
        Node code = inner.add("code", linear(3), inner.input());
        Graph autoencoder =
                inner.build(inner.tie("back", linear(7).transposed(), Map.of("weight", "code.weight"), code));
        Graph.Builder b = Graph.builder(Shape.of(7));
        Node y = b.add("first", autoencoder, b.input());
        Node z = b.add("second", autoencoder, y);
        Graph graph = b.build(b.reuse("third", "first", z));

        assertThat(graph.nodes())
                .extracting(Node::name)
                .containsExactly(
                        "input", "first.code", "first.back", "second.code", "second.back", "third.code", "third.back");
        assertThat(graph.parameters())
                .extracting(Parameter::name)
                .containsExactly(
                        "first.code.weight",
                        "first.code.bias",
                        "first.back.bias",
                        "second.code.weight",
                        "second.code.bias",
                        "second.back.bias");
        assertThat(graph.nodes().get(4).tied()).isEqualTo(Map.of("weight", "second.code.weight"));
        assertThat(graph.output().persistentNames())
                .isEqualTo(Map.of("weight", "first.code.weight", "bias", "first.back.bias"));
        assertThat(graph.nodes().get(3).inputs()).containsExactly(y);

        // and once more, one storey up
        Graph.Builder top = Graph.builder(Shape.of(7));
        assertThat(top.build(top.add("all", graph, top.input())).output().persistentNames())
                .isEqualTo(Map.of("weight", "all.first.code.weight", "bias", "all.first.back.bias"));
    }

    @Test
    void aGraphOfSeveralInputsAndOutputsInAGraph() {
        Graph.Builder inner = Graph.builder();
        Node sum = inner.add("sum", add(), inner.input("a", Shape.of(3)), inner.input("b", Shape.of(3)));
        Graph pair = inner.build(inner.add("mean", linear(2), sum), inner.add("scale", linear(1), sum));
        Graph.Builder b = Graph.builder();
        Node x = b.input("x", Shape.of(3));
        Node z = b.input("z", Shape.of(3));
        Map<String, Node> outputs = b.addAll("pair", pair, x, z);
        assertThat(outputs.keySet()).containsExactly("mean", "scale");
        assertThat(outputs.get("mean")).hasToString("pair.mean[2]");
        assertThat(outputs.get("scale").inputs().get(0).inputs()).containsExactly(x, z);
        Map<String, Node> again = b.reuseAll("swapped", "pair", z, x);
        assertThat(again.get("scale").inputs().get(0).inputs()).containsExactly(z, x);
        assertThat(again.get("mean").tied()).isEqualTo(Map.of("weight", "pair.mean.weight", "bias", "pair.mean.bias"));

        String several = "one output is asked for, the graph has 2: mean, scale";
        assertThatThrownBy(() -> b.add("other", pair, x, z)).hasMessage(several);
        assertThatThrownBy(() -> b.reuse("other", "pair", x, z)).hasMessage(several);
    }

    @Test
    void graphsInGraphsThatCannotBeAreRefused() {
        Graph graph = Graph.sequential(Shape.of(3), linear(2));
        Graph.Builder b = Graph.builder(Shape.of(3));
        Node y = b.add("y", graph, b.input());
        b.add("layer", relu(), b.input());
        assertThatThrownBy(() -> b.add("z", graph, b.input(), b.input()))
                .isInstanceOf(ShapeException.class)
                .hasMessage("graph z: needs the inputs [input[3]], got [input[3], input[3]]");
        assertThatThrownBy(() -> b.add("z", graph, y))
                .isInstanceOf(ShapeException.class)
                .hasMessage("graph z: needs the input input[3] of type REAL, got y.linear1[2] of type REAL");
        assertThatThrownBy(() -> b.add("z", graph, b.input("kind", DType.I32, Shape.of(3))))
                .hasMessage("graph z: needs the input input[3] of type REAL, got kind[3] of type I32");
        Node x = y.inputs().get(0);
        assertThatThrownBy(() -> b.add("y", graph, x)).hasMessage("two layers are named y");
        assertThatThrownBy(() -> b.add("layer", graph, x)).hasMessage("two layers are named layer");
        assertThatThrownBy(() -> b.add("y", relu(), x)).hasMessage("two layers are named y");
        assertThatThrownBy(() -> b.add("loss", graph, x)).hasMessageContaining("no layer can be named loss");
        assertThatThrownBy(() -> b.add("a b", graph, x)).hasMessageContaining("'a b'");
        Node stranger = Graph.builder(Shape.of(3)).input();
        assertThatThrownBy(() -> b.add("z", graph, stranger))
                .hasMessage("graph z reads input[3], a node of another graph");
    }

    @Test
    void anInputOfAnotherTypeIsRefused() {
        Graph.Builder b = Graph.builder();
        Node x = b.input("x", Shape.of(3));
        Node kind = b.input("kind", DType.I32, Shape.of(3));
        assertThatThrownBy(() -> b.add("sum", add(), x, kind))
                .isInstanceOf(ShapeException.class)
                .hasMessage("layer sum: needs an input of type REAL, got kind[3] of type I32");
        assertThatThrownBy(() -> b.add("picked", new Picking(), x, x))
                .hasMessage("layer picked: needs an input of type I32, got x[3] of type REAL");
    }

    /** A layer "loss" would write the tensor that holds the mean loss, a dropout "shuffle" draw the order of the data. */
    @Test
    void namesThatTrainingUsesItselfAreRefused() {
        Graph.Builder b = Graph.builder(Shape.of(3));
        for (String name : List.of("targets", "loss", "correct", "optimizer", "shuffle", "loss.p")) {
            assertThatThrownBy(() -> b.add(name, relu(), b.input()))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("no layer can be named " + name + ": training uses that name itself");
        }
    }

    /** A layer of one's own, with what it says of itself. */
    private record Own(Function<List<Shape>, Shape> shape, String... persistentNames) implements Layer {
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
            return Stream.of(persistentNames)
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
