package dev.weft.program;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;

import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Optimizer;
import dev.weft.tensor.Shape;

/** LeNet-5 and a data set of its shape, for tests of the compiler. */
final class LeNet {
    private LeNet() {}

    static final Graph GRAPH = Graph.sequential(
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
            linear(10));

    static final DataTensors DATA =
            DataTensors.of("train", Dataset.ofBytes(Shape.of(1, 28, 28), new byte[3 * 784], new int[] {0, 1, 9}, 10));

    static GraphLowering network() {
        return GraphLowering.of(ParameterLayout.DEFAULT_NAME, GRAPH, 42);
    }

    static Program training(Optimizer optimizer, int batch) {
        return Step.supervised(network(), Loss.softmaxCrossEntropy(), optimizer)
                .compile(DATA, batch)
                .program();
    }
}
