package dev.weft.samples;

import static dev.weft.layer.Layers.activation;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;

import dev.weft.graph.Graph;
import dev.weft.layer.Activations;
import dev.weft.layer.Layer;
import dev.weft.op.expr.Function;
import dev.weft.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** A multi-layer perceptron: 500 hidden units with ReLU between inputs and outputs, 784 and 10 of them for MNIST, or others. */
public final class Mlp {
    private static final List<Integer> HIDDEN = List.of(500);
    private static final Function ACTIVATION = Activations.relu();

    private Mlp() {}

    /** Images {@code [1,28,28]} to 10 logits. */
    public static Graph graph() {
        return graph(Shape.of(1, 28, 28), 10);
    }

    /** Samples of any shape to a logit for each class. */
    public static Graph graph(Shape sample, int classes) {
        return graph(sample, classes, HIDDEN, ACTIVATION);
    }

    /**
     * The same with other hidden layers.
     *
     * @param hidden the units of each
     */
    public static Graph graph(Shape sample, int classes, List<Integer> hidden, Function activation) {
        List<Layer> layers = new ArrayList<>(List.of(flatten()));
        for (int units : hidden) {
            layers.add(linear(units));
            layers.add(activation(activation));
        }
        layers.add(linear(classes));
        return Graph.sequential(sample, layers.toArray(Layer[]::new));
    }

    static Network network() {
        return new Network(
                "mlp", "500 hidden units, then 10", Mlp::graph, 1, 500, OptimizerName.SGD, 0.5, ScheduleName.CONSTANT);
    }

    /**
     * The network with other hidden layers.
     *
     * @param hidden null for the usual ones
     * @param activation null for the usual one
     */
    static Network with(Network mlp, List<Integer> hidden, Function activation) {
        List<Integer> units = hidden == null ? HIDDEN : hidden;
        Function function = activation == null ? ACTIVATION : activation;
        return mlp.with((sample, classes) -> graph(sample, classes, units, function));
    }
}
