package dev.weft.cuda;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.tanh;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Schedule;
import dev.weft.program.Compiler;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small trainings for tests. */
final class Trainings {
    private Trainings() {}

    /** A network with a convolution and dropout. */
    static Graph convolutional() {
        return Graph.sequential(
                Shape.of(1, 6, 6),
                conv2d(3, 3).padding(1),
                relu(),
                maxPool2d(2),
                flatten(),
                linear(5),
                tanh(),
                dropout(0.3),
                linear(3));
    }

    static Graph perceptron() {
        return Graph.sequential(Shape.of(36), linear(4), relu(), linear(3));
    }

    /** Random samples of three classes. */
    static Dataset samples(Shape shape, int rows) {
        Philox.Sequence random = Philox.sequence(3, "samples", 0);
        byte[] bytes = new byte[Math.toIntExact(rows * shape.elements())];
        int[] labels = new int[rows];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt();
        }
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(3);
        }
        return Dataset.ofBytes(shape, bytes, labels, 3).normalized(0.5, 0.3);
    }

    /** Trains two epochs with a short last batch and a learning rate that falls, and returns the parameters. */
    static Map<String, float[]> train(Backend backend, Graph graph, Dataset data, int batch) {
        Map<String, float[]> parameters = new LinkedHashMap<>();
        try (Model model = Model.create(graph, backend, 9)) {
            Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.01))
                    .batch(batch)
                    .epochs(2)
                    .schedule(Schedule.cosine())
                    .validation(data)
                    .fit(data);
            model.parameters().forEach((name, values) -> parameters.put(name, values.floats()));
        }
        return parameters;
    }

    /** A training program bound to memory of its own, to be run step by step. */
    static final class Steps implements AutoCloseable {
        private final Program program;
        private final Memory memory;
        private final Executable executable;

        Steps(Backend backend, Graph graph, Dataset dataset, int batch, MemoryMode mode) {
            this(backend, graph, dataset, batch, mode, Loss.softmaxCrossEntropy());
        }

        Steps(Backend backend, Graph graph, Dataset dataset, int batch, MemoryMode mode, Loss loss) {
            ParameterLayout layout = new ParameterLayout(graph.parameters());
            DataTensors data = DataTensors.of("train", dataset);
            Adam adam = Adam.of(0.01);
            program = new Compiler(graph, layout, 1).training(loss, adam, data, batch);
            List<TensorRef> persistent = new ArrayList<>(data.tensors());
            persistent.add(layout.parameters());
            persistent.add(layout.gradients());
            persistent.addAll(layout.optimizerState(adam));
            memory = backend.allocate(persistent);
            memory.write(data.features(), dataset.features());
            memory.write(data.targets(), dataset.targets());
            memory.write(data.order(), HostTensor.of(Shape.of(dataset.size()), Shuffle.identity(dataset.size())));
            executable = backend.bind(List.of(program), List.of(memory), mode).get(0);
        }

        Executable executable() {
            return executable;
        }

        Program program() {
            return program;
        }

        Memory memory() {
            return memory;
        }

        StepRange range(int count) {
            return new StepRange(0, count, 0, program.batch(), new double[count * StepRange.RATES]);
        }

        @Override
        public void close() {
            executable.close();
            memory.close();
        }
    }
}
