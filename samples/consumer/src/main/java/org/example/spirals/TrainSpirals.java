package org.example.spirals;

import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.tanh;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.io.Kinds;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.train.History;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Trains a small network on arrays, evaluates it, predicts, and takes it through a file. */
public final class TrainSpirals {
    private TrainSpirals() {}

    public static void main(String[] arguments) throws IOException {
        Dataset train = Spirals.points(600, 1);
        Dataset test = Spirals.points(200, 2);
        Graph network = Graph.sequential(Spirals.POINT, linear(64), new Maxout(2), linear(32), tanh(), linear(2));
        Kinds.register("maxout", Maxout.class);
        Path file = Files.createTempFile("spirals", ".safetensors");

        try (Backend backend = Backends.best();
                Model model = Model.create(network, backend, 42)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(1e-2))
                    .batch(32)
                    .epochs(500)
                    .validation(test);
            History history = trainer.callback(new EarlyStopping(trainer, 40)).fit(train);
            System.out.println("java: stopped after " + history.epochs().size() + " of 500 epochs");
            System.out.println("java: accuracy " + model.evaluate(test).accuracy());

            float[] point = test.image(0);
            System.out.println("java: point %s, class %d, probabilities %s"
                    .formatted(
                            Arrays.toString(point),
                            test.label(0),
                            Arrays.toString(model.predictProbabilities(point))));

            model.save(file);
            try (Model copy = Model.load(file, backend)) {
                boolean same = Arrays.equals(model.predict(point), copy.predict(point));
                System.out.println("java: the same prediction after saving and loading: " + same);
            }
        } finally {
            Files.delete(file);
        }
    }
}
