package dev.weft.program;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Lowers a graph to its layers' forward ops, as often as a program needs it. Each time has a scope of its own, which is
 * put before the names of layers, tensors and random streams; parameters and states are the same and keep their names.
 *
 * @param layout of the graph's parameters and states
 * @param seed key of the random numbers that layers use while training
 */
public record GraphLowering(Graph graph, ParameterLayout layout, long seed) implements Network {

    /** A graph under a name of its own. */
    public static GraphLowering of(String name, Graph graph, long seed) {
        return new GraphLowering(graph, new ParameterLayout(name, graph.parameters(), graph.states()), seed);
    }

    @Override
    public GraphLowering lowering() {
        return this;
    }

    /**
     * Emits the graph's forward ops. While training its layers give their states new values; whoever assembles the step
     * emits these updates after its last check for non-finite values, a check of each value before it. A state is updated
     * once a step: where a graph is applied several times, all but one have their updates dropped.
     *
     * @param scope {@code fake} for layers {@code fake.conv1} and so on; empty for the names of the graph
     * @param inputs the tensor of each input, by the input's name: a batch of the input's type and shape
     * @param batch rows of the batch
     * @param ops receives the ops
     * @param stateUpdates receives the updates of states; those that it holds already are those of the step so far
     * @return the tensor of each output, by the output's name in the graph
     * @throws WeftException if an input is missing or does not fit, a layer lowers itself wrongly, or a state is updated
     *     twice; the message names it
     */
    public Map<String, TensorRef> lower(
            String scope,
            Map<String, TensorRef> inputs,
            int batch,
            boolean training,
            List<Op> ops,
            List<Op.StateUpdate> stateUpdates) {
        LoweringCheck check = new LoweringCheck(batch);
        Map<Node, TensorRef> values = new HashMap<>();
        for (Node input : graph.inputs()) {
            TensorRef x = given(scope, input, inputs, batch);
            check.given(x);
            values.put(input, x);
        }
        for (String name : inputs.keySet()) {
            if (graph.inputs().stream().noneMatch(input -> input.name().equals(name))) {
                throw new WeftException("%shas no input %s; there are %s".formatted(who(scope), name, graph.inputs()));
            }
        }
        for (Node node : graph.nodes()) {
            if (node.layer() != null) {
                List<TensorRef> xs = node.inputs().stream().map(values::get).toList();
                String name = scoped(scope, node.name());
                values.put(node, lower(node, name, xs, batch, training, check, ops, stateUpdates));
            }
        }
        Map<String, TensorRef> outputs = new LinkedHashMap<>();
        graph.outputs().forEach(output -> outputs.put(output.name(), values.get(output)));
        return outputs;
    }

    private TensorRef lower(
            Node node,
            String name,
            List<TensorRef> inputs,
            int batch,
            boolean training,
            LoweringCheck check,
            List<Op> ops,
            List<Op.StateUpdate> stateUpdates) {
        String who = "layer %s (%s)".formatted(name, node.layer().kind());
        List<Op> own = new ArrayList<>();
        List<Op.StateUpdate> updates = new ArrayList<>();
        TensorRef y;
        try {
            y = node.layer().lower(new Lowering(name, batch, training, seed, persistent(node), own, updates), inputs);
        } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
            throw new WeftException("%s: lower fails on %s: %s".formatted(who, inputs, e.getMessage()), e);
        }
        String why = "infer says %s for each of the %d rows".formatted(node.shape(), batch);
        check.check(who, own, y, node.shape().batch(batch), why);
        if (training) {
            persistent(node).forEach((parameter, view) -> {
                if (view.root().role() == Role.PARAMETER
                        && own.stream().noneMatch(op -> op.inputs().contains(view))) {
                    throw new WeftException("%s: none of its ops reads the parameter %s, so it cannot be trained"
                            .formatted(who, parameter));
                }
            });
        }
        for (Op.StateUpdate update : updates) {
            check.checkRead(who, update);
            if (training && !node.tied().containsValue(update.state().name())) {
                add(update, stateUpdates);
            }
        }
        ops.addAll(own);
        return y;
    }

    private static void add(Op.StateUpdate update, List<Op.StateUpdate> updates) {
        for (Op.StateUpdate other : updates) {
            if (other.state().equals(update.state())) {
                throw new WeftException(
                        "layers %s and %s both write the state %s in one step; apply the layer to all samples at once, or drop one of the updates"
                                .formatted(other.layer(), update.layer(), update.state()));
            }
        }
        updates.add(update);
    }

    /** The layer's parameters and states by their names in the layer. */
    private Map<String, TensorRef> persistent(Node node) {
        Map<String, TensorRef> tensors = new LinkedHashMap<>();
        node.persistentNames().forEach((inLayer, inGraph) -> tensors.put(inLayer, layout.persistent(inGraph)));
        return tensors;
    }

    private TensorRef given(String scope, Node input, Map<String, TensorRef> inputs, int batch) {
        TensorRef x = inputs.get(input.name());
        if (x == null) {
            throw new WeftException("%sneeds the input %s; there are %s".formatted(who(scope), input, inputs.keySet()));
        }
        if (!x.batched()
                || x.type() != input.type()
                || !x.shape().equals(input.shape().batch(batch))) {
            throw new ShapeException(
                    scoped(scope, input.name()),
                    "needs a batch %s of type %s, got %s of type %s%s"
                            .formatted(
                                    input.shape().batch(batch),
                                    input.type(),
                                    x,
                                    x.type(),
                                    x.batched() ? "" : ", which is no batch"));
        }
        return x;
    }

    private static String who(String scope) {
        return scope.isEmpty() ? "the graph " : "the graph under " + scope + " ";
    }

    private static String scoped(String scope, String name) {
        return scope.isEmpty() ? name : scope + "." + name;
    }
}
