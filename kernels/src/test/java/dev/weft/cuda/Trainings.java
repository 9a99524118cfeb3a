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
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Schedule;
import dev.weft.program.BoundStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
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
        private final BoundStep bound;

        Steps(Backend backend, Graph graph, Dataset dataset, int batch, MemoryMode mode) {
            this(backend, graph, dataset, batch, mode, Loss.softmaxCrossEntropy());
        }

        Steps(Backend backend, Graph graph, Dataset dataset, int batch, MemoryMode mode, Loss loss) {
            GraphLowering network = GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 1);
            DataTensors data = DataTensors.of("train", dataset);
            bound = BoundStep.of(Step.supervised(network, loss, Adam.of(0.01)).compile(data, batch), backend, mode);
            bound.write(dataset.columns());
        }

        Executable executable() {
            return bound.executable();
        }

        List<Memory> memories() {
            return bound.memories();
        }

        Program program() {
            return bound.step().program();
        }

        StepRange range(int count) {
            return StepRange.withoutLearning(program(), count);
        }

        @Override
        public void close() {
            bound.close();
        }
    }
}
