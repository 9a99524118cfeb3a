package dev.weft.samples;

import dev.weft.backend.Backend;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Step;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;

/** The training step of a network on one batch of images as bytes, in which all is zero; for commands that look at how it is executed. */
final class TrainingStep {
    private TrainingStep() {}

    static CompiledStep of(Network network, OptimizerName optimizer, int batch) {
        Graph graph = network.graph();
        Shape images = graph.input().shape().batch(batch);
        Columns data = Columns.of(Dataset.FEATURES, HostTensor.of(images, new byte[Math.toIntExact(images.elements())]))
                .classes(
                        Dataset.TARGETS,
                        new int[batch],
                        Math.toIntExact(graph.output().shape().elements()));
        return Step.supervised(
                        GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 0),
                        Loss.softmaxCrossEntropy(),
                        optimizer.create(network.learningRate()))
                .compile(DataTensors.of("train", data), batch);
    }

    static BoundStep bind(Network network, OptimizerName optimizer, int batch, Backend backend) {
        return BoundStep.of(of(network, optimizer, batch), backend, MemoryMode.ARENA);
    }
}
