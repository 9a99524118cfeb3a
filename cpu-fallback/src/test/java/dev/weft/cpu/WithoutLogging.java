package dev.weft.cpu;

import static dev.weft.layer.Layers.linear;

import dev.weft.DivergedException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import dev.weft.train.Trainer;

/** A program that gives cause for warnings, twice. */
final class WithoutLogging {
    private WithoutLogging() {}

    public static void main(String[] args) {
        for (int i = 0; i < 2; i++) {
            try (Backend backend = Backends.best();
                    Model model = Model.create(Graph.sequential(Shape.of(1), linear(2)), backend, 1)) {
                Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(1e30))
                        .epochs(1)
                        .batch(1)
                        .fit(Dataset.ofFloats(Shape.of(1), new float[] {1, 2, 3, 4}, new int[] {0, 1, 0, 1}, 2));
            } catch (DivergedException e) {
                System.out.println("caught " + e.getMessage());
            }
        }
    }
}
