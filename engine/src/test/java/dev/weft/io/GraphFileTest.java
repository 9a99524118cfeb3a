package dev.weft.io;

import static dev.weft.layer.Layers.activation;
import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.avgPool2d;
import static dev.weft.layer.Layers.bidirectional;
import static dev.weft.layer.Layers.concat;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.embedding;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.logSoftmax;
import static dev.weft.layer.Layers.maxOverTime;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.prelu;
import static dev.weft.layer.Layers.recurrent;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.reshape;
import static dev.weft.layer.Layers.sequenceDropout;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.slice;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static dev.weft.layer.Layers.timeDistributed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.weft.DataException;
import dev.weft.WeftException;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.init.Initializer;
import dev.weft.layer.Activations;
import dev.weft.layer.Cells;
import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.layer.Recurrent;
import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GraphFileTest {
    private static final String WHOLE = """
            {
              "inputs": [
                {"name": "input", "shape": [4]}
              ],
              "nodes": [
                {"name": "hidden", "kind": "linear", "outputs": 16, "bias": true, "weights": "glorotUniform", "transpose": false, "inputs": ["input"]},
                {"name": "relu", "kind": "activation", "function": "relu", "inputs": ["hidden"]},
                {"name": "classes", "kind": "linear", "outputs": 3, "bias": false, "weights": {"kind": "constant", "value": 0.1}, "transpose": false, "inputs": ["relu"]}
              ],
              "outputs": ["classes"]
            }
            """;

    @TempDir
    private Path folder;

    /** Every layer, each component away from its default. */
    private static Graph everyLayer() {
        Graph.Builder b = Graph.builder(Shape.of(2, 12, 12));
        Node conv = b.add(
                "conv",
                conv2d(3, 3).padding(1, 2).stride(2, 1).withoutBias().init(Initializer.lecunNormal()),
                b.input());
        Node left = b.add("left", maxPool2d(2).stride(1).padding(1), conv);
        Node right = b.add("right", avgPool2d(2).stride(1).padding(1), conv);
        Node sum = b.add("sum", add(), b.add("tanh", tanh(), left), b.add("sigmoid", sigmoid(), right));
        Node both = b.add("both", concat(), sum, b.add("relu", relu(), left));
        Node row = b.add("flat", flatten(), b.add("drop", dropout(0.1), both));
        int width = row.shape().get(0);
        Node shaped = b.add("flat2", flatten(), b.add("shaped", reshape(width, 1), row));
        Node hidden = b.add("hidden", linear(5).init(Initializer.constant(0.1f)), shaped);
        Node bent = b.add("elu", activation(Activations.elu(0.5)), b.add("prelu", prelu(), hidden));
        Node out = b.add("softmax", softmax(), b.add("out", linear(3).withoutBias(), bent));
        return b.build(b.add("log", logSoftmax(), out));
    }

    private static void assertEqual(Graph read, Graph graph) {
        assertThat(read.nodes()).hasSameSizeAs(graph.nodes());
        for (int i = 0; i < graph.nodes().size(); i++) {
            Node node = graph.nodes().get(i);
            Node other = read.nodes().get(i);
            assertThat(other.name()).isEqualTo(node.name());
            assertThat(other.layer()).isEqualTo(node.layer());
            assertThat(other.shape()).isEqualTo(node.shape());
            assertThat(other.parameters()).isEqualTo(node.parameters());
            assertThat(other.states()).isEqualTo(node.states());
            assertThat(other.tied()).isEqualTo(node.tied());
            assertThat(other.type()).isEqualTo(node.type());
            assertThat(other.inputs().stream().map(Node::name))
                    .containsExactlyElementsOf(
                            node.inputs().stream().map(Node::name).toList());
        }
        assertThat(read.outputs().stream().map(Node::name))
                .containsExactlyElementsOf(
                        graph.outputs().stream().map(Node::name).toList());
    }

    @Test
    void aGraphIsReadAsItWasWritten() throws IOException {
        Graph graph = everyLayer();
        Path file = Files.writeString(folder.resolve("graph.json"), GraphFile.write(graph));
        assertEqual(GraphFile.read(file), graph);
    }

    private Graph read(String json) throws IOException {
        return GraphFile.read(Files.writeString(folder.resolve("read.json"), json));
    }

    @Test
    void functionsAreKnownByTheirNames() throws IOException {
        Function own = Function.of("graph-file-test", x -> x.square().plus(x));
        Graph graph = Graph.sequential(Shape.of(3), activation(own));
        assertThatThrownBy(() -> GraphFile.write(graph))
                .hasMessageContaining("the function 'graph-file-test' is not known by its name")
                .hasMessageContaining("Activations.register");
        Graph bent = Graph.sequential(Shape.of(3), activation(Activations.elu(0.5)));
        String unknown = GraphFile.write(bent).replace("elu:alpha=0.5", "elu:beta=0.5");
        assertThatThrownBy(() -> read(unknown))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("has no setting 'beta'; it has alpha");
        String other = GraphFile.write(bent).replace("elu:alpha=0.5", "bend");
        assertThatThrownBy(() -> read(other))
                .hasMessageContaining("there is no activation 'bend'; there are relu, leaky-relu");
        Activations.register(own);
        assertEqual(read(GraphFile.write(graph)), graph);
        assertThatThrownBy(() -> Activations.register(Function.of("graph-file-test", x -> x)))
                .hasMessageContaining("is another function");
    }

    /** Two inputs, two outputs, a graph as a layer that is used twice, and a tied weight. */
    @Test
    void sharedLayersAndSeveralInputsAndOutputsAreReadAsTheyWereWritten() {
        Graph encoder = Graph.sequential(Shape.of(4), linear(3), tanh());
        Graph.Builder b = Graph.builder();
        Node left = b.input("left", Shape.of(4));
        Node right = b.input("right", Shape.of(4));
        Node one = b.add("encoder", encoder, left);
        Node two = b.reuse("again", "encoder", right);
        Node back = b.tie("decoder", linear(4).transposed(), Map.of("weight", "encoder.linear1.weight"), one);
        Graph graph = b.build(back, b.add("sum", add(), one, two));
        String text = GraphFile.write(graph);
        assertEqual(GraphFile.parse("text", text), graph);
        assertThat(text)
                .contains("\"tied\": {\"bias\": \"encoder.linear1.bias\", \"weight\": \"encoder.linear1.weight\"}")
                .contains("\"outputs\": [\"decoder\", \"sum\"]");
    }

    private static Graph everyLayerOfSequences(Cell cell) {
        Graph.Builder b = Graph.builder();
        Node words = b.input("words", DType.I32, Shape.of(5));
        Node length = b.input("length", DType.I32, Shape.of());
        Node vectors = b.add(sequenceDropout(0.25), b.add(embedding(7, 4).padding(0), words));
        Recurrent layer = recurrent(cell, 3).withLengths();
        Node states = b.add(layer.backwards().recurrentDropout(0.5).unroll().states(), vectors, length);
        Node outputs = b.add(layer.withStart(), vectors, length, states);
        Node both = b.add(bidirectional(recurrent(cell, 2)).sum(), b.add(timeDistributed(linear(6)), outputs));
        Node carried = b.add(recurrent(cell, 4).carryStates(8).last(), both);
        Node pooled = b.add(maxOverTime().withLengths(), both, length);
        return b.build(b.add(slice(0, 1, 3), b.add(concat(), carried, pooled)));
    }

    @Test
    void everyCellAndLayerOfSequencesIsReadAsItWasWritten() {
        for (Cell cell : Cells.all()) {
            Graph graph = everyLayerOfSequences(cell);
            assertEqual(GraphFile.parse("text", GraphFile.write(graph)), graph);
        }
        Cell own = Cell.of("unheard of", 1, s -> List.of(s.gate(s.state(0)).sin()));
        assertThatThrownBy(() -> GraphFile.write(everyLayerOfSequences(own)))
                .hasMessageContaining("the recurrent cell 'unheard of' is not known by its name");
    }

    /** The walk over the layers and initializers that there are: a new one is registered, and stands in the test above. */
    @Test
    void everyLayerAndInitializerHasAKind() {
        String written = GraphFile.write(everyLayer()) + GraphFile.write(everyLayerOfSequences(Cells.lstm()));
        for (JavaClass type : new ClassFileImporter().importPackagesOf(Layer.class, Initializer.class)) {
            if (type.isAssignableTo(Layer.class) && type.isAssignableTo(Record.class)) {
                assertThat(written).contains("\"kind\": \"" + Kinds.of(type.reflect()) + "\"");
            } else if (type.isAssignableTo(Initializer.class) && type.isAssignableTo(Record.class)) {
                assertThat(Kinds.of(type.reflect())).isNotEmpty();
            }
        }
    }

    @Test
    void aDescriptionHasALineForEachNode() {
        Graph.Builder b = Graph.builder(Shape.of(4));
        Node hidden = b.add("relu", relu(), b.add("hidden", linear(16), b.input()));
        Layer classes = linear(3).withoutBias().init(Initializer.constant(0.1f));
        assertThat(GraphFile.write(b.build(b.add("classes", classes, hidden)))).isEqualTo(WHOLE);
    }

    @Test
    void membersMayStandInAnyOrder() {
        String turned = WHOLE.replace(
                "\"name\": \"relu\", \"kind\": \"activation\", \"function\": \"relu\", \"inputs\": [\"hidden\"]",
                "\"inputs\": [\"hidden\"], \"function\": \"relu\", \"kind\": \"activation\", \"name\": \"relu\"");
        assertThat(turned).isNotEqualTo(WHOLE);
        assertEqual(GraphFile.parse("text", turned), GraphFile.parse("text", WHOLE));
    }

    /** A layer of one's own with every sort of component. */
    private record Own(
            long big, double part, String text, List<Shape> shapes, Op.Nonlinearity function, Layer inner, Pair pair)
            implements Layer {
        Own {
            if (part > 1) {
                throw new IllegalArgumentException("part is %s, at most 1".formatted(part));
            }
        }

        @Override
        public String kind() {
            return "own";
        }

        @Override
        public Shape infer(List<Shape> inputs) {
            return inputs.get(0);
        }

        @Override
        public TensorRef lower(Lowering l, List<TensorRef> inputs) {
            return inputs.get(0);
        }
    }

    private record Pair(float first, boolean second) {}

    private static Own own(double part) {
        return new Own(
                Long.MIN_VALUE,
                part,
                "a \"text\"\n",
                List.of(Shape.of(), Shape.of(1, 2)),
                Op.Nonlinearity.TANH,
                linear(3),
                new Pair(1.1f, true));
    }

    @Test
    void aLayerOfOnesOwnIsRegistered() {
        Kinds.register("graphFileTest.own", Own.class);
        Kinds.register("graphFileTest.own", Own.class);
        Graph graph = Graph.sequential(Shape.of(3), own(0.1));
        String text = GraphFile.write(graph);
        assertEqual(GraphFile.parse("text", text), graph);
        assertThatThrownBy(() -> GraphFile.parse("text", text.replace("\"part\": 0.1", "\"part\": 1.5")))
                .isInstanceOf(DataException.class)
                .hasMessage("text, line 6, column 5: nodes[0] is refused: part is 1.5, at most 1");
        assertThatThrownBy(() -> GraphFile.parse("text", text.replace("1.1", "1e39")))
                .hasMessageEndingWith("nodes[0].pair.first needs a finite number of single precision, got 1e39");
        assertThatThrownBy(() -> GraphFile.parse("text", text.replace("[1, 2]", "[1, 0]")))
                .hasMessageEndingWith("nodes[0].shapes[1][1] needs a whole number from 1 to 2147483647, got 0");
        assertThatThrownBy(() -> GraphFile.parse("text", text.replace("\"tanh\"", "\"tan\"")))
                .hasMessageEndingWith("nodes[0].function needs one of relu, sigmoid, tanh, got 'tan'");
        assertThatThrownBy(() -> GraphFile.write(Graph.sequential(Shape.of(3), own(Double.NaN))))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer own1: component part: NaN, which JSON does not have");
    }

    private record Unregistered() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, dev.weft.random.Philox.Sequence random) {}
    }

    @Test
    void whatNoFileCanHoldIsNamed() {
        assertThatThrownBy(() ->
                        GraphFile.write(Graph.sequential(Shape.of(3), linear(2).init(new Unregistered()))))
                .isInstanceOf(WeftException.class)
                .hasMessage("layer linear1: component weights: %s has no name for files; give it one by Kinds.register"
                        .formatted(Unregistered.class.getName()));
        Initializer lambda = (values, fanIn, fanOut, random) -> {};
        assertThatThrownBy(() ->
                        GraphFile.write(Graph.sequential(Shape.of(3), linear(2).init(lambda))))
                .hasMessageContaining("layer linear1: component weights: ")
                .hasMessageEndingWith(" is no record, so no file can hold it");
    }

    private record Array(int[] sizes) implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, dev.weft.random.Philox.Sequence random) {}
    }

    private record Named(String name) implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, dev.weft.random.Philox.Sequence random) {}
    }

    @Test
    void whatCannotBeRegisteredIsRefused() {
        assertThatThrownBy(() -> Kinds.register("linear", Unregistered.class))
                .hasMessageStartingWith("the kind linear is taken by dev.weft.layer.Linear; take another name for ");
        assertThatThrownBy(() -> Kinds.register("dense", dev.weft.layer.Linear.class))
                .hasMessage("dev.weft.layer.Linear is registered as linear already");
        assertThatThrownBy(() -> Kinds.register("array", Array.class))
                .hasMessageStartingWith("component sizes of %s has the type int[], which files do not hold; they hold "
                        .formatted(Array.class.getName()));
        assertThatThrownBy(() -> Kinds.register("named", Named.class))
                .hasMessageEndingWith("has a component named name, which is a word of files; rename it");
        assertThatThrownBy(() -> Kinds.register("pair", Pair.class))
                .hasMessageEndingWith("is neither a layer nor an initializer");
        assertThatThrownBy(() -> Kinds.register("a b", Unregistered.class)).hasMessageContaining("'a b'");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "shape": [4]          | "shape": []           | nodes[0] is refused: layer hidden: needs a vector [D], got []: put flatten() in front
            "shape": [4]          | "shape": 4            | line 3, column 32: inputs[0].shape needs a list [...], got 4
            "shape": [4]          | "shape": [4.5]        | inputs[0].shape[0] needs a whole number from 1 to 2147483647, got 4.5
            "shape": [4]          | "shape": [4], "a": 1  | inputs[0].a is not known here; there are name, type, shape
            "name": "input"       | "name": "loss"        | inputs[0] is refused: no layer can be named loss
            "shape": [4]          | "type": "u8", "shape": [4]   | inputs[0] is refused: input input has the type U8
            "shape": [4]          | "type": "i64", "shape": [4]  | inputs[0].type needs one of real, i32, u8, got 'i64'
            "inputs": ["relu"]    | "inputs": ["relu"], "tied": {"weight": "hidden.weight"} | nodes[2] is refused: layer classes: needs weight of shape [3,16], and hidden.weight
            "inputs": ["relu"]    | "inputs": ["relu"], "tied": {"bias": "hidden.bias"} | nodes[2] is refused: layer classes has no parameter or state bias to tie
            "inputs": ["relu"]    | "inputs": ["relu"], "tied": {"weight": 3} | nodes[2].tied.weight needs a text, got 3
            "name": "relu"        | "name": "hidden"      | nodes[1] is refused: two layers are named hidden
            "name": "relu"        | "name": "a b"         | nodes[1] is refused: a layer's name is made of letters, digits, '_', '.' and '-', got 'a b'
            "kind": "linear"      | "kind": "lineal"      | line 6, column 32: nodes[0].kind is 'lineal', which is not known as a kind of layer; there are activation, add, avgPool2d,
            "kind": "linear"      | "kind": "heNormal"    | nodes[0].kind is 'heNormal', which is not known as a kind of layer
            "kind": "linear", "o  | "o                    | nodes[0] has no "kind"
            "outputs": 16         | "outputs": 0          | nodes[0] is refused: a linear layer needs at least 1 output, got 0
            "outputs": 16         | "outputs": "16"       | nodes[0].outputs needs a whole number from -2147483648 to 2147483647, got the text '16'
            "outputs": 16,        | ''                    | nodes[0] has no "outputs"
            "outputs": 16,        | "outputs": 16, "outputs": 17, | nodes[0] has 'outputs' twice
            "outputs": 16,        | "outputs": 16, "output": 17,  | nodes[0].output is not known here; there are name, kind, inputs, tied, outputs, bias, weights, transpose
            "outputs": 16         | "outputs": 1250000000 | nodes[0] is refused: layer hidden: with its hidden.weight of shape [1250000000,4] the graph has 5,000,000,000 parameters, more than the 2,147,483,583 that a model holds
            "bias": true          | "bias": 1             | nodes[0].bias needs true or false, got 1
            "bias": true          | "bias": null          | nodes[0].bias needs true or false, got null, which is no value
            "glorotUniform"       | "glorot"              | nodes[0].weights is 'glorot', which is not known as a kind of initializer; there are constant, constants, glorotNormal,
            "glorotUniform"       | "constant"            | nodes[0].weights needs an object with kind, value, got the kind alone
            "glorotUniform"       | "conv2d"              | nodes[0].weights is 'conv2d', which is not known as a kind of initializer
            "value": 0.1          | "value": 1e999        | nodes[2].weights.value needs a finite number
            "inputs": ["hidden"]  | "inputs": ["classes"] | nodes[1].inputs[0] is 'classes', but of the inputs and nodes before it, hidden, input, none has this name
            "inputs": ["hidden"]  | "inputs": []          | nodes[1] is refused: layer relu: needs one input, got 0
            "inputs": ["relu"]    | "inputs": ["hidden"]  | nodes do not make a graph: relu does not lead to the output classes
            "outputs": ["classes"]| "outputs": ["c"]      | outputs[0] is 'c', but of the inputs and nodes before it, classes, hidden, input, relu, none
            "outputs": ["classes"]| "outputs": []         | nodes do not make a graph: input does not lead to an output, of which the graph has none
            "outputs": ["classes"]| "output": ["classes"] | output is not known here; there are inputs, nodes, outputs
            "nodes": [            | "nodes": [7,          | nodes[0] needs an object {...}, got 7
            "nodes": [            | "nodes": ]            | line 5, column 12: no valid JSON: Unexpected character (']' (code 93))
            """)
    void whatIsWrongIsToldWithItsPlace(String right, String wrong, String message) {
        assertThat(WHOLE).contains(right);
        String text = WHOLE.replace(right, wrong);
        assertThatThrownBy(() -> GraphFile.parse("net.json", text))
                .isInstanceOf(DataException.class)
                .hasMessageMatching("(?s)net\\.json, line \\d+, column \\d+: [^\\n]*")
                .hasMessageContaining(message);
    }

    @Test
    void textsBeyondTheBoundsAreRefused() throws IOException {
        String deep = "[".repeat(1000);
        assertThatThrownBy(() -> GraphFile.parse("net.json", deep))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("net.json, line 1, column ")
                .hasMessageContaining("nesting depth");
        String many = "[" + "0,".repeat(600_000) + "0]";
        assertThatThrownBy(() -> GraphFile.parse("net.json", many))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "net.json, line 1, column 1000000: [499999] is one of more than 500,000 values, more than any description needs");
        String nodes = WHOLE.replace("\"nodes\": [", "\"nodes\": [" + "7, ".repeat(10_000));
        assertThatThrownBy(() -> GraphFile.parse("net.json", nodes))
                .hasMessageContaining(
                        "nodes has, with the inputs, 10,004 items; a graph that is read has at most 10,000");
        String ranks = WHOLE.replace("[4]", "[" + "1,".repeat(16) + "1]");
        assertThatThrownBy(() -> GraphFile.parse("net.json", ranks))
                .hasMessageContaining("inputs[0].shape has 17 dimensions; a shape has at most 16");
        String huge = WHOLE.replace("[4]", "[2147483647, 2147483647, 2147483647]");
        assertThatThrownBy(() -> GraphFile.parse("net.json", huge))
                .hasMessageContaining("inputs[0].shape is no shape: a tensor has at most 2^63 elements");
        Path file = Files.write(folder.resolve("large.json"), new byte[JsonValue.MAX_CHARACTERS + 1]);
        assertThatThrownBy(() -> GraphFile.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("large.json is too large: 16,777,217 bytes, at most 16,777,216 are read");
        assertThatThrownBy(() -> GraphFile.parse("net.json", " "))
                .hasMessage("net.json is empty; it needs a description in JSON");
        assertThatThrownBy(() -> GraphFile.parse("net.json", WHOLE + "{}"))
                .hasMessageContaining("line 12, column 1: ends here, and more text follows");
    }

    /** A sum in int would wrap, to an image of 2 rows. */
    @Test
    void aPaddingBeyondWhatCanBeCountedIsRefused() {
        Graph graph = Graph.sequential(Shape.of(1, 4, 4), conv2d(1, 2));
        String text = GraphFile.write(graph)
                .replace("\"padHeight\": 0, \"padWidth\": 0", "\"padHeight\": 2147483647, \"padWidth\": 2147483647");
        assertThatThrownBy(() -> GraphFile.parse("net.json", text))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("nodes[0] is refused: layer conv1: more elements than can be counted");
    }

    @Test
    void aFileThatIsNoTextIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("net.json"), new byte[] {'{', (byte) 0xff, '}'});
        assertThatThrownBy(() -> GraphFile.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageEndingWith("net.json: it is not UTF-8 text");
    }
}
