package dev.weft.graph;

import dev.weft.Quote;
import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.layer.Layer;
import dev.weft.layer.Parameter;
import dev.weft.layer.State;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A network: a directed acyclic graph of named layers with named inputs and outputs, mostly one of each, without any
 * device code. Shapes are those of one sample; a wrong one fails here, naming the layer.
 */
public final class Graph {
    /** Tensors, ops and random streams of these names are there beside the layers'. */
    private static final Set<String> RESERVED = Set.of("targets", "loss", "correct", "optimizer", "shuffle");

    private final List<Node> nodes;
    private final List<Node> inputs;
    private final List<Node> outputs;

    private Graph(List<Node> nodes, List<Node> outputs) {
        this.nodes = List.copyOf(nodes);
        this.inputs = inputs(nodes);
        this.outputs = List.copyOf(outputs);
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

    /** Starts a graph with one input, named {@code input}, of this shape of one sample. */
    public static Builder builder(Shape input) {
        Builder builder = builder();
        builder.input("input", input);
        return builder;
    }

    /** Starts a graph whose inputs are named by {@link Builder#input(String, Shape)}. */
    public static Builder builder() {
        return new Builder();
    }

    /** All nodes, each after the nodes that it reads. */
    public List<Node> nodes() {
        return nodes;
    }

    /** The nodes that take the sample, in the order in which they were added; they have no layers. */
    public List<Node> inputs() {
        return inputs;
    }

    /** The nodes whose values are the graph's outputs, in the order that {@link Builder#build} was given. */
    public List<Node> outputs() {
        return outputs;
    }

    /** The same graph with the value of every layer as an output, in the order of the nodes. */
    public Graph withEveryOutput() {
        return new Graph(
                nodes, nodes.stream().filter(node -> node.layer() != null).toList());
    }

    /**
     * The only input.
     *
     * @throws WeftException if there are several; the message names them
     */
    public Node input() {
        return single("input", inputs);
    }

    /**
     * The only output.
     *
     * @throws WeftException if there are several; the message names them
     */
    public Node output() {
        return single("output", outputs);
    }

    /**
     * The part of the graph that leads to one of its outputs.
     *
     * @throws WeftException if there is no output of that name; the message lists the names
     */
    public Graph part(String output) {
        for (Node node : outputs) {
            if (node.name().equals(output)) {
                Set<Node> used = leadingTo(List.of(node));
                return new Graph(nodes.stream().filter(used::contains).toList(), List.of(node));
            }
        }
        throw new WeftException("the graph has no output '%s'; there are %s".formatted(output, names(outputs)));
    }

    private static Set<Node> leadingTo(List<Node> ends) {
        Set<Node> used = new HashSet<>();
        Deque<Node> pending = new ArrayDeque<>(ends);
        while (!pending.isEmpty()) {
            Node node = pending.pop();
            if (used.add(node)) {
                pending.addAll(node.inputs());
            }
        }
        return used;
    }

    private static List<Node> inputs(List<Node> nodes) {
        return nodes.stream().filter(node -> node.layer() == null).toList();
    }

    private static Node single(String what, List<Node> nodes) {
        if (nodes.size() != 1) {
            throw new WeftException("one %s is asked for, the graph has %s"
                    .formatted(what, nodes.isEmpty() ? "none" : nodes.size() + ": " + names(nodes)));
        }
        return nodes.get(0);
    }

    private static String names(List<Node> nodes) {
        return nodes.stream().map(Node::name).collect(Collectors.joining(", "));
    }

    /** All parameters, in the order of the nodes. */
    public List<Parameter> parameters() {
        return nodes.stream().flatMap(node -> node.parameters().stream()).toList();
    }

    /** All states, in the order of the nodes. */
    public List<State> states() {
        return nodes.stream().flatMap(node -> node.states().stream()).toList();
    }

    /** Collects the nodes of a graph. */
    public static final class Builder {
        private final List<Node> nodes = new ArrayList<>();
        private final Map<String, Integer> lastNumber = new HashMap<>();
        private final Map<Integer, String> streams = new HashMap<>();
        private final Map<String, Shape> parameters = new HashMap<>();
        private final Map<String, Shape> states = new HashMap<>();
        /** The graphs that have been added, by the names that they were given. */
        private final Map<String, Graph> graphs = new HashMap<>();

        private Builder() {}

        /** Adds an input of real values, of this shape of one sample. */
        public Node input(String name, Shape shape) {
            return input(name, DType.REAL, shape);
        }

        /**
         * Adds an input.
         *
         * @param name unique among inputs and layers
         * @param type I32 for classes and indices, else REAL
         * @param shape of one sample; {@code Shape.of()} for a single value
         */
        public Node input(String name, DType type, Shape shape) {
            if (type == DType.U8) {
                throw new WeftException(
                        "input %s has the type U8: bytes are REAL, or I32, in a network".formatted(name));
            }
            return add(new Node(name, null, List.of(), type, shape, List.of(), List.of(), Map.of()));
        }

        /**
         * The only input, to connect the first layers to.
         *
         * @throws WeftException if there are several, or none as yet; the message names them
         */
        public Node input() {
            return single("input", inputs(nodes));
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
            return tie(name, layer, Map.of(), inputs);
        }

        /**
         * Adds a layer that shares parameters or states with layers before it, and has the others for itself; it reads what
         * it shares, and writes no shared state. An autoencoder whose
         * decoder {@code y = W' x + b} is tied to its encoder:
         *
         * <pre>{@code
         * Node code = b.add("encoder", linear(64), b.input());
         * Node y = b.tie("decoder", linear(784).transposed(), Map.of("weight", "encoder.weight"), code);
         * }</pre>
         *
         * @param tied by the name in the layer the name in the graph
         * @throws WeftException if the layer, or those before it, have nothing of that name
         * @throws ShapeException where the inputs do not fit the layer, or the shapes of what is tied differ
         */
        public Node tie(String name, Layer layer, Map<String, String> tied, Node... inputs) {
            for (int i = 0; i < inputs.length; i++) {
                requireOwn("layer " + name, inputs[i]);
                if (inputs[i].type() != layer.inputType(i)) {
                    throw new ShapeException(
                            "layer " + name,
                            "needs an input of type %s, got %s of type %s"
                                    .formatted(layer.inputType(i), inputs[i], inputs[i].type()));
                }
            }
            List<Shape> shapes = List.of(inputs).stream().map(Node::shape).toList();
            try {
                Shape shape = layer.infer(shapes);
                if (shape == null) {
                    throw new IllegalArgumentException("infer returns null, not the shape of the output");
                }
                List<Parameter> parameters = layer.parameters(shapes);
                List<State> states = layer.states(shapes);
                requireTies(name, parameters, states, tied);
                return add(new Node(
                        name,
                        layer,
                        List.of(inputs),
                        DType.REAL,
                        shape,
                        parameters.stream()
                                .filter(parameter -> !tied.containsKey(parameter.name()))
                                .map(parameter -> parameter.in(name))
                                .toList(),
                        states.stream()
                                .filter(state -> !tied.containsKey(state.name()))
                                .map(state -> state.in(name))
                                .toList(),
                        Map.copyOf(tied)));
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

        /**
         * Applies a layer or a graph that has been added once more, to other inputs. The parameters are the same; tensors
         * and random streams are named by {@code name}.
         *
         * @param of the name that the layer or the graph was added under
         * @throws WeftException if there is none of that name, or it is a graph with several outputs
         * @throws ShapeException where other parameters would follow from the inputs
         */
        public Node reuse(String name, String of, Node... inputs) {
            Graph graph = graphs.get(of);
            if (graph != null) {
                graph.output();
                return reuseAll(name, of, inputs).values().iterator().next();
            }
            Node node = named(of);
            return tie(name, node.layer(), node.persistentNames(), inputs);
        }

        /** The same for a graph with several outputs; they come by their names in the graph. */
        public Map<String, Node> reuseAll(String name, String of, Node... inputs) {
            Graph graph = graphs.get(of);
            if (graph == null) {
                throw new WeftException("%s reuses %s, and no graph of that name has been added; there are %s"
                        .formatted(name, of, new TreeSet<>(graphs.keySet())));
            }
            return addAll(name, graph, node -> named(of + "." + node.name()).persistentNames(), inputs);
        }

        /**
         * Adds all layers of a graph, under names of its own: {@code encoder.linear1}, with the parameter
         * {@code encoder.linear1.weight}.
         *
         * @param inputs as many as the graph has, in its order
         * @return the graph's output
         * @throws ShapeException where the inputs are not those of the graph
         * @throws WeftException if the graph has several outputs
         */
        public Node add(String name, Graph graph, Node... inputs) {
            graph.output();
            return addAll(name, graph, inputs).values().iterator().next();
        }

        /** The same for a graph with several outputs; they come by their names in the graph. */
        public Map<String, Node> addAll(String name, Graph graph, Node... inputs) {
            return addAll(
                    name,
                    graph,
                    node -> {
                        Map<String, String> tied = new HashMap<>();
                        node.tied().forEach((inLayer, inGraph) -> tied.put(inLayer, name + "." + inGraph));
                        return tied;
                    },
                    inputs);
        }

        private Map<String, Node> addAll(
                String name, Graph graph, Function<Node, Map<String, String>> tied, Node... inputs) {
            requireName(name);
            if (graphs.containsKey(name)
                    || nodes.stream().anyMatch(node -> node.name().equals(name))) {
                throw new WeftException("two layers are named " + name);
            }
            if (inputs.length != graph.inputs().size()) {
                throw new ShapeException(
                        "graph " + name,
                        "needs the inputs %s, got %s".formatted(graph.inputs(), Arrays.toString(inputs)));
            }
            Map<Node, Node> placed = new HashMap<>();
            for (int i = 0; i < inputs.length; i++) {
                Node needed = graph.inputs().get(i);
                requireOwn("graph " + name, inputs[i]);
                if (inputs[i].type() != needed.type() || !inputs[i].shape().equals(needed.shape())) {
                    throw new ShapeException(
                            "graph " + name,
                            "needs the input %s of type %s, got %s of type %s"
                                    .formatted(needed, needed.type(), inputs[i], inputs[i].type()));
                }
                placed.put(needed, inputs[i]);
            }
            for (Node node : graph.nodes()) {
                if (node.layer() != null) {
                    Node[] read = node.inputs().stream().map(placed::get).toArray(Node[]::new);
                    placed.put(node, tie(name + "." + node.name(), node.layer(), tied.apply(node), read));
                }
            }
            graphs.put(name, graph);
            Map<String, Node> outputs = new LinkedHashMap<>();
            graph.outputs().forEach(output -> outputs.put(output.name(), placed.get(output)));
            return outputs;
        }

        private Node named(String layer) {
            return nodes.stream()
                    .filter(node -> node.name().equals(layer) && node.layer() != null)
                    .findFirst()
                    .orElseThrow(() -> new WeftException("no layer %s has been added; there are %s"
                            .formatted(
                                    layer,
                                    nodes.stream()
                                            .filter(node -> node.layer() != null)
                                            .map(Node::name)
                                            .toList())));
        }

        private void requireOwn(String reader, Node node) {
            if (!nodes.contains(node)) {
                throw new WeftException(reader + " reads " + node + ", a node of another graph");
            }
        }

        /** Layers are tied to layers before them, so that there are no cycles. */
        private void requireTies(
                String name, List<Parameter> parameters, List<State> states, Map<String, String> tied) {
            tied.forEach((inLayer, inGraph) -> {
                boolean isState = states.stream().anyMatch(state -> state.name().equals(inLayer));
                Map<String, Shape> declared = new LinkedHashMap<>();
                parameters.forEach(parameter -> declared.put(parameter.name(), parameter.shape()));
                states.forEach(state -> declared.put(state.name(), state.shape()));
                Shape needed = declared.get(inLayer);
                if (needed == null) {
                    throw new WeftException("layer %s has no parameter or state %s to tie; there are %s"
                            .formatted(name, inLayer, declared.keySet()));
                }
                Map<String, Shape> before = isState ? this.states : this.parameters;
                Shape shared = before.get(inGraph);
                if (shared == null) {
                    throw new WeftException(
                            "layer %s ties its %s to %s, which is no %s of a layer before it; there are %s"
                                    .formatted(
                                            name,
                                            inLayer,
                                            inGraph,
                                            isState ? "state" : "parameter",
                                            new TreeSet<>(before.keySet())));
                }
                if (!shared.equals(needed)) {
                    throw new ShapeException(
                            "layer " + name,
                            "needs %s of shape %s, and %s, which it is tied to, has %s"
                                    .formatted(inLayer, needed, inGraph, shared));
                }
            });
        }

        private Node add(Node node) {
            requireName(node.name());
            if (graphs.containsKey(node.name())) {
                throw new WeftException("two layers are named " + node.name());
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
                if (parameters.putIfAbsent(parameter.name(), parameter.shape()) != null) {
                    throw new WeftException("two parameters are named " + parameter.name());
                }
            }
            for (State state : node.states()) {
                if (parameters.containsKey(state.name()) || states.putIfAbsent(state.name(), state.shape()) != null) {
                    throw new WeftException("two parameters or states are named " + state.name());
                }
            }
            nodes.add(node);
            return node;
        }

        private static void requireName(String name) {
            if (!name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
                throw new WeftException(
                        "a layer's name is made of letters, digits, '_', '.' and '-', got " + Quote.text(name));
            }
            if (RESERVED.contains(name.split("\\.")[0])) {
                throw new WeftException("no layer can be named " + name + ": training uses that name itself");
            }
        }

        /**
         * The graph with these outputs, each named as its node.
         *
         * @throws WeftException if an input or a layer leads to none of them
         */
        public Graph build(Node... outputs) {
            Set<Node> given = new HashSet<>();
            for (Node output : outputs) {
                if (!nodes.contains(output)) {
                    throw new WeftException("the output " + output + " is a node of another graph");
                }
                if (!given.add(output)) {
                    throw new WeftException(output.name() + " is given as an output twice");
                }
            }
            List<Node> ends = List.of(outputs);
            Set<Node> used = leadingTo(ends);
            for (Node node : nodes) {
                if (!used.contains(node)) {
                    throw new WeftException("%s does not lead to %s"
                            .formatted(
                                    node.name(),
                                    switch (ends.size()) {
                                        case 0 -> "an output, of which the graph has none";
                                        case 1 -> "the output " + names(ends);
                                        default -> "one of the outputs " + names(ends);
                                    }));
                }
            }
            return new Graph(nodes, ends);
        }
    }
}
