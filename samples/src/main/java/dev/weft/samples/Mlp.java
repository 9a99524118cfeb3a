package dev.weft.samples;

import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;

import dev.weft.graph.Graph;
import dev.weft.tensor.Shape;

/** A multi-layer perceptron: 500 hidden units with ReLU between inputs and outputs, 784 and 10 of them for MNIST. */
public final class Mlp {
    private Mlp() {}

    /** Images {@code [1,28,28]} to 10 logits. */
    public static Graph graph() {
        return graph(Shape.of(1, 28, 28), 10);
    }

    /** Samples of any shape to a logit for each class. */
    public static Graph graph(Shape sample, int classes) {
        return Graph.sequential(sample, flatten(), linear(500), relu(), linear(classes));
    }

    static Network network() {
        return new Network(
                "mlp", "500 hidden units, then 10", Mlp::graph, 1, 500, OptimizerName.SGD, 0.5, ScheduleName.CONSTANT);
    }
}
