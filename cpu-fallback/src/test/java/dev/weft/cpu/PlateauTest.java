package dev.weft.cpu;

import static dev.weft.layer.Layers.linear;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.backend.Backend;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Schedule;
import dev.weft.optim.Sgd;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import dev.weft.train.Plateau;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlateauTest {
    private static double now(Schedule plateau) {
        return plateau.factor(0, 100, 10);
    }

    @Test
    void theRateFallsAfterSoManyEpochsWithoutABetterLoss() {
        Plateau plateau = Plateau.of(2, 0.5).threshold(0.1).lowest(0.2);
        double[] losses = {1, 0.95, 0.8, 0.75, 0.79, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, Double.NaN};
        double[] factors = {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2};
        for (int i = 0; i < losses.length; i++) {
            plateau.observe(losses[i]);
            assertThat(now(plateau)).as("after epoch %d", i + 1).isEqualTo(factors[i]);
        }
        assertThatThrownBy(() -> Plateau.of(0, 0.5)).hasMessage("the patience must be at least 1 epoch, got 0");
        assertThatThrownBy(() -> Plateau.of(1, 1)).hasMessageContaining("factor must be at least 0.0 and below 1.0");
    }

    /**
     * {@code w = w - lr 2 w} with the rate 1 goes from 1 to -1 and back, without end; with 0.25 it halves w in each step, and so
     * the loss is a quarter of the one before.
     */
    @Test
    void aTrainerLowersItsRate() {
        Dataset data = Dataset.ofTargets(Shape.of(1), new float[] {1}, Shape.of(1), new float[] {0});
        Graph graph = Graph.sequential(Shape.of(1), linear(1).withoutBias());
        try (Backend backend = CpuBackend.open(1);
                Model model = Model.create(graph, backend, 1)) {
            model.setParameter("linear1.weight", HostTensor.of(Shape.of(1, 1), 1f));
            Plateau plateau = Plateau.of(3, 0.25);
            List<Double> losses = new ArrayList<>();
            Trainer.of(model, Loss.meanSquaredError(), Sgd.of(1))
                    .batch(1)
                    .epochs(7)
                    .schedule(plateau)
                    .callback(plateau)
                    .callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            losses.add(epoch.trainLoss());
                        }
                    })
                    .fit(data);
            assertThat(losses).containsExactly(1.0, 1.0, 1.0, 1.0, 1.0, 0.25, 0.0625);
            assertThat(now(plateau)).isCloseTo(0.25, within(0.0));
        }
    }
}
