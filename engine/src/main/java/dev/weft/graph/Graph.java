package dev.weft.graph;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.layer.Layer;
import dev.weft.layer.Parameter;
import dev.weft.random.Philox;
import dev.weft.tensor.Shape;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network: a directed acyclic graph of named layers with one input and one output, without any device code. Shapes are
 * those of one sample; a wrong one fails here, naming the layer.
 */
public final class Graph {
    /** Tensors, ops and random streams of these names are there beside the layers'. */
    private static final Set<String> RESERVED = Set.of("targets", "loss", "correct", "optimizer", "shuffle");

    private final List<Node> nodes;
    private final Node output;

    private Graph(List<Node> nodes, Node output) {
        this.nodes = List.copyOf(nodes);
        this.output = output;
    }

    /**
     * A chain of layers. They are named by kind and number: {@code conv1 relu1 pool1 conv2 ...}.
     *
     * @param input the shape of one sample, for example {@code [1,28,28]}
     * @throws ShapeException where a layer does not fit the one before it
     */
    public static Graph sequential(Shape input, Layer... layers) {
        Builder builder = builder(input);
        Node last = builder.input();
        for (Layer layer : layers) {
            last = builder.add(layer, last);
        }
        return builder.build(last);
    }

    /** Starts a graph whose input has this shape of one sample. */
    public static Builder builder(Shape input) {
        return new Builder(input);
    }

    /** All nodes, the input first, each after the nodes that it reads. */
    public List<Node> nodes() {
        return nodes;
    }

    /** The node that takes the sample; it has no layer. */
    public Node input() {
        return nodes.get(0);
    }

    /** The node whose value is the graph's output. */
    public Node output() {
        return output;
    }

    /** All parameters, in the order of the nodes. */
    public List<Parameter> parameters() {
        return nodes.stream().flatMap(node -> node.parameters().stream()).toList();
    }

    /** Collects the nodes of a graph. */
    public static final class Builder {
        private final List<Node> nodes = new ArrayList<>();
        private final Map<String, Integer> lastNumber = new HashMap<>();
        private final Map<Integer, String> streams = new HashMap<>();
        private final Set<String> parameterNames = new HashSet<>();

        private Builder(Shape input) {
            add(new Node("input", null, List.of(), input, List.of()));
        }

        /** The node that takes the sample, to connect the first layers to. */
        public Node input() {
            return nodes.get(0);
        }

        /** Adds a layer under the name of its kind and the next number: {@code conv2}. */
        public Node add(Layer layer, Node... inputs) {
            return add(layer.kind() + lastNumber.merge(layer.kind(), 1, Integer::sum), layer, inputs);
        }

        /**
         * Adds a layer.
         *
         * @param name unique and stable: it names the layer's parameters in files and keys its random numbers
         * @throws ShapeException where the inputs do not fit the layer
         */
        public Node add(String name, Layer layer, Node... inputs) {
            for (Node input : inputs) {
                if (!nodes.contains(input)) {
                    throw new WeftException("layer " + name + " reads " + input + ", a node of another graph");
                }
            }
            List<Shape> shapes = List.of(inputs).stream().map(Node::shape).toList();
            try {
                Shape shape = layer.infer(shapes);
                if (shape == null) {
                    throw new IllegalArgumentException("infer returns null, not the shape of the output");
                }
                List<Parameter> parameters = layer.parameters(shapes).stream()
                        .map(parameter -> parameter.in(name))
                        .toList();
                return add(new Node(name, layer, List.of(inputs), shape, parameters));
            } catch (IndexOutOfBoundsException e) {
                throw new ShapeException(
                        "layer " + name, "takes no inputs of shapes %s: %s".formatted(shapes, e.getMessage()));
            } catch (IllegalArgumentException e) {
                throw new ShapeException("layer " + name, e.getMessage());
            } catch (ArithmeticException e) {
                throw new ShapeException(
                        "layer " + name, "more elements than can be counted follow from the input " + shapes);
            }
        }

        private Node add(Node node) {
            if (!node.name().matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
                throw new WeftException(
                        "a layer's name is made of letters, digits, '_', '.' and '-', got '" + node.name() + "'");
            }
            if (RESERVED.contains(node.name())) {
                throw new WeftException("no layer can be named " + node.name() + ": training uses that name itself");
            }
            String other = streams.put(Philox.stream(node.name()), node.name());
            if (other != null) {
                throw new WeftException(
                        other.equals(node.name())
                                ? "two layers are named " + other
                                : "layers %s and %s would share one random stream: rename one"
                                        .formatted(other, node.name()));
            }
            for (Parameter parameter : node.parameters()) {
                if (!parameterNames.add(parameter.name())) {
                    throw new WeftException("two parameters are named " + parameter.name());
                }
            }
            nodes.add(node);
            return node;
        }

        /**
         * The graph that ends in {@code output}.
         *
         * @throws WeftException if a layer does not lead to the output
         */
        public Graph build(Node output) {
            Set<Node> used = new HashSet<>();
            Deque<Node> pending = new ArrayDeque<>(List.of(output));
            while (!pending.isEmpty()) {
                Node node = pending.pop();
                if (used.add(node)) {
                    pending.addAll(node.inputs());
                }
            }
            for (Node node : nodes) {
                if (!used.contains(node)) {
                    throw new WeftException(node.name() + " does not lead to the output " + output.name());
                }
            }
            return new Graph(nodes, output);
        }
    }
}
