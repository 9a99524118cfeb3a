package dev.weft.io;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.WeftException;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Layer;
import dev.weft.program.ParameterLayout;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Graphs as JSON, which people read and write, too:
 *
 * <pre>{@code
 * {
 *   "inputs": [
 *     {"name": "input", "shape": [4]}
 *   ],
 *   "nodes": [
 *     {"name": "hidden", "kind": "linear", "outputs": 16, "bias": true, "weights": "glorotUniform", "transpose": false, "inputs": ["input"]},
 *     {"name": "relu", "kind": "activation", "function": "relu", "inputs": ["hidden"]},
 *     {"name": "classes", "kind": "linear", "outputs": 3, "bias": true, "weights": "glorotUniform", "transpose": false, "inputs": ["relu"]}
 *   ],
 *   "outputs": ["classes"]
 * }
 * }</pre>
 *
 * A node has its name, the {@link Kinds kind} of its layer, all components of the layer's record, and the names of what it
 * reads, which stands before it. Nothing of a layer is left to a default, so that a file keeps its meaning. An input has real
 * values unless its {@code type} is {@code i32}. A node that shares parameters or states says so by
 * {@code "tied": {"weight": "encoder.weight"}}; a layer that is used again shares all that it has, and a graph that was added to
 * another one is its nodes.
 */
public final class GraphFile {
    private static final int MAX_NODES = 10_000;
    static final String NAME = "name";
    static final String INPUTS = "inputs";
    static final String TIED = "tied";
    private static final String SHAPE = "shape";
    private static final String TYPE = "type";

    private GraphFile() {}

    /**
     * The graph's description, a line for each node.
     *
     * @throws WeftException if it has a layer that no file can hold; the message names it and says what to do
     */
    public static String write(Graph graph) {
        List<Node> layers =
                graph.nodes().stream().filter(node -> node.layer() != null).toList();
        return """
                {
                  "inputs": [
                    %s
                  ],
                  "nodes": [
                    %s
                  ],
                  "outputs": [%s]
                }
                """.formatted(
                        lines(graph.inputs(), GraphFile::inputLine),
                        lines(layers, GraphFile::line),
                        graph.outputs().stream()
                                .map(output -> '"' + output.name() + '"')
                                .collect(Collectors.joining(", ")));
    }

    private static String lines(List<Node> nodes, Function<Node, String> line) {
        return nodes.stream().map(line).collect(Collectors.joining(",\n    "));
    }

    private static String inputLine(Node input) {
        return JsonLine.of(json -> {
            json.writeStringField(NAME, input.name());
            if (input.type() != DType.REAL) {
                json.writeStringField(TYPE, RecordJson.name(input.type()));
            }
            json.writeFieldName(SHAPE);
            int[] shape = input.shape().toArray();
            json.writeArray(shape, 0, shape.length);
        });
    }

    private static String line(Node node) {
        return JsonLine.of(json -> {
            json.writeStringField(NAME, node.name());
            try {
                json.writeStringField(RecordJson.KIND, Kinds.of(node.layer().getClass()));
                RecordJson.writeComponents(json, node.layer());
            } catch (WeftException e) {
                throw new WeftException("layer %s: %s".formatted(node.name(), e.getMessage()), e);
            }
            json.writeArrayFieldStart(INPUTS);
            for (Node input : node.inputs()) {
                json.writeString(input.name());
            }
            json.writeEndArray();
            if (!node.tied().isEmpty()) {
                json.writeObjectFieldStart(TIED);
                for (Map.Entry<String, String> tie : new TreeMap<>(node.tied()).entrySet()) {
                    json.writeStringField(tie.getKey(), tie.getValue());
                }
                json.writeEndObject();
            }
        });
    }

    /**
     * Reads the description of a graph.
     *
     * @throws DataException if the file is missing, no JSON or describes no graph; the message tells line, column and path
     */
    public static Graph read(Path file) {
        byte[] bytes = InputFile.read(file, JsonValue.MAX_CHARACTERS);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return parse(file.toString(), text);
        } catch (CharacterCodingException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    /**
     * Reads the description of a graph from a text.
     *
     * @param source what errors call it
     * @throws DataException as {@link #read}
     */
    public static Graph parse(String source, String text) {
        JsonValue json = JsonValue.parse(source, text);
        json.requireMembersAmong(List.of(INPUTS, "nodes", "outputs"));
        return new Reader().graph(json);
    }

    private static final class Reader {
        private final Graph.Builder builder = Graph.builder();
        private final Map<String, Node> nodes = new HashMap<>();
        private long values;

        private Graph graph(JsonValue json) {
            JsonValue list = json.member("nodes");
            long count =
                    list.items().size() + (long) json.member(INPUTS).items().size();
            if (count > MAX_NODES) {
                throw list.error("has, with the inputs, %,d items; a graph that is read has at most %,d"
                        .formatted(count, MAX_NODES));
            }
            json.member(INPUTS).items().forEach(this::addInput);
            list.items().forEach(this::add);
            Node[] outputs =
                    json.member("outputs").items().stream().map(this::node).toArray(Node[]::new);
            try {
                return builder.build(outputs);
            } catch (WeftException e) {
                throw list.error("do not make a graph: " + e.getMessage(), e);
            }
        }

        private void addInput(JsonValue json) {
            json.requireMembersAmong(List.of(NAME, TYPE, SHAPE));
            String name = json.member(NAME).text();
            Shape shape = RecordJson.shape(json.member(SHAPE));
            DType type = json.members().containsKey(TYPE)
                    ? (DType) RecordJson.constant(json.member(TYPE), DType.class)
                    : DType.REAL;
            try {
                nodes.put(name, builder.input(name, type, shape));
            } catch (WeftException e) {
                throw json.error("is refused: " + e.getMessage(), e);
            }
        }

        private void add(JsonValue json) {
            JsonValue name = json.member(NAME);
            JsonValue kind = json.member(RecordJson.KIND);
            Class<? extends Record> type = Kinds.type(kind, Layer.class);
            Layer layer = (Layer) RecordJson.readComponents(json, type, List.of(NAME, RecordJson.KIND, INPUTS, TIED));
            List<Node> inputs = new ArrayList<>();
            json.member(INPUTS).items().forEach(input -> inputs.add(node(input)));
            Map<String, String> tied = new HashMap<>();
            if (json.members().containsKey(TIED)) {
                json.member(TIED).members().forEach((inLayer, inGraph) -> tied.put(inLayer, inGraph.text()));
            }
            Node node;
            try {
                node = builder.tie(name.text(), layer, tied, inputs.toArray(Node[]::new));
            } catch (RuntimeException e) {
                throw json.error("is refused: " + Reason.of(e), e);
            }
            node.parameters().forEach(own -> count(json, node, own.name(), own.shape()));
            node.states().forEach(own -> count(json, node, own.name(), own.shape()));
            nodes.put(node.name(), node);
        }

        private void count(JsonValue json, Node node, String name, Shape shape) {
            values += shape.elements();
            if (values > ParameterLayout.MAX_ELEMENTS || values < 0) {
                throw json.error(
                        "is refused: layer %s: with its %s of shape %s the graph has %,d parameters, more than the %,d that a model holds"
                                .formatted(node.name(), name, shape, values, ParameterLayout.MAX_ELEMENTS));
            }
        }

        private Node node(JsonValue name) {
            Node node = nodes.get(name.text());
            if (node == null) {
                throw name.error("is %s, but of the inputs and nodes before it, %s, none has this name"
                        .formatted(
                                Quote.text(name.text()),
                                Quote.names(nodes.keySet().stream().sorted().toList())));
            }
            return node;
        }
    }
}
