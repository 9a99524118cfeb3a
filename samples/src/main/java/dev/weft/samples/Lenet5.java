package dev.weft.samples;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;

import dev.weft.graph.Graph;
import dev.weft.tensor.Shape;

/**
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition") as it is
 * built today: ReLU and max-pooling in place of the tanh and the trained sub-sampling, softmax in place of the radial basis
 * functions.
 */
public final class Lenet5 {
    private Lenet5() {}

    /** Images {@code [1,28,28]} to 10 logits. */
    public static Graph graph() {
        return graph(10);
    }

    /** Images {@code [1,28,28]} to a logit for each class. */
    public static Graph graph(int classes) {
        return Graph.sequential(
                Shape.of(1, 28, 28),
                conv2d(6, 5).padding(2),
                relu(),
                maxPool2d(2),
                conv2d(16, 5),
                relu(),
                maxPool2d(2),
                flatten(),
                linear(120),
                relu(),
                linear(84),
                relu(),
                linear(classes));
    }

    static Network network() {
        return new Network(
                "lenet5",
                "convolutions 6@5x5 and 16@5x5 with 2x2 max-pooling, then 120, 84 and 10 units",
                (sample, classes) -> graph(classes),
                5,
                128,
                OptimizerName.ADAM,
                1e-3,
                ScheduleName.COSINE);
    }
}
