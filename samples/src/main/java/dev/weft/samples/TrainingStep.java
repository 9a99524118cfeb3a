package dev.weft.samples;

import dev.weft.backend.Backend;
import dev.weft.backend.Memory;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Optimizer;
import dev.weft.program.Compiler;
import dev.weft.program.DataTensors;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** The training step of a network with memory for it, in which all is zero; for commands that look at how it is executed. */
final class TrainingStep implements AutoCloseable {
    private final Program program;
    private final List<Memory> memories = new ArrayList<>();

    TrainingStep(Network network, OptimizerName optimizer, int batch, Backend backend) {
        Graph graph = network.graph();
        ParameterLayout layout = new ParameterLayout(graph.parameters());
        Optimizer update = optimizer.create(network.learningRate());
        DataTensors data = images(graph.input().shape(), batch);
        program = new Compiler(graph, layout, 0).training(Loss.softmaxCrossEntropy(), update, data, batch);
        try {
            memories.add(backend.allocate(List.of(layout.parameters())));
            memories.add(backend.allocate(List.of(layout.gradients())));
            memories.add(backend.allocate(layout.optimizerState(update)));
            memories.add(backend.allocate(data.tensors()));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** A data set of one batch of images as bytes. */
    private static DataTensors images(Shape image, int rows) {
        return new DataTensors(
                TensorRef.persistent("train.features", DType.U8, image.batch(rows), Role.DATA),
                TensorRef.persistent("train.targets", DType.I32, Shape.of(rows), Role.DATA),
                TensorRef.persistent("train.order", DType.I32, Shape.of(rows), Role.DATA),
                10,
                1 / 255.0,
                0);
    }

    Program program() {
        return program;
    }

    /** Of parameters, gradients, optimizer state and data. */
    List<Memory> memories() {
        return memories;
    }

    @Override
    public void close() {
        memories.forEach(Memory::close);
    }
}
