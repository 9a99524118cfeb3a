package dev.weft.samples;

import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;

import dev.weft.graph.Graph;
import dev.weft.tensor.Shape;

/** A multi-layer perceptron: 784 inputs, 500 hidden units with ReLU, 10 outputs. */
public final class Mlp {
    private Mlp() {}

    /** Images {@code [1,28,28]} to 10 logits. */
    public static Graph graph() {
        return Graph.sequential(Shape.of(1, 28, 28), flatten(), linear(500), relu(), linear(10));
    }

    static Network network() {
        return new Network("mlp", "500 hidden units, then 10", graph(), 1, 500, OptimizerName.SGD, 0.5);
    }
}
