package dev.weft.cpu;

import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Lbfgs;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.LbfgsTrainer;
import dev.weft.train.Model;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LbfgsTrainerTest {
    private static final Loss ERROR = Loss.meanSquaredError();

    /** {@code y = 2 a - 3 b + 0.5} and an error that sums to nothing. */
    private static Dataset line() {
        float[] x = new float[2 * 24];
        float[] y = new float[24];
        for (int i = 0; i < 24; i++) {
            x[2 * i] = i % 4 - 1.5f;
            x[2 * i + 1] = i % 3 - 1;
            y[i] = 2 * x[2 * i] - 3 * x[2 * i + 1] + 0.5f;
        }
        return Dataset.ofTargets(Shape.of(2), x, Shape.of(1), y);
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void linearRegressionEndsAtItsSolution(String name) {
        try (Backend backend = Backends.open(name);
                Model model = Model.create(Graph.sequential(Shape.of(2), linear(1)), backend, 1)) {
            LbfgsTrainer.Training training =
                    LbfgsTrainer.of(model, ERROR, Lbfgs.of()).fit(line());
            assertThat(training.result().end()).isIn(Lbfgs.End.CONVERGED, Lbfgs.End.NO_LOWER_VALUE);
            assertThat(training.history().epochs()).hasSize(training.result().iterations());
            assertThat(model.parameter("linear1.weight").doubles()).containsExactly(new double[] {2, -3}, within(1e-5));
            assertThat(model.parameter("linear1.bias").doubles()).containsExactly(new double[] {0.5}, within(1e-5));
        }
    }

    /** Ridge regression of a column of variance 1.25 that the other does not correlate with: {@code 2 (2.5 / (2.5 + decay))}. */
    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void weightDecayIsThatOfRidgeRegression(String name) {
        try (Backend backend = Backends.open(name);
                Model model = Model.create(Graph.sequential(Shape.of(2), linear(1)), backend, 1)) {
            LbfgsTrainer.of(model, ERROR, Lbfgs.of()).weightDecay(0.5).fit(line());
            double[] w = model.parameter("linear1.weight").doubles();
            assertThat(w[0]).isCloseTo(2 * 2.5 / 3, within(1e-4));
            assertThat(w[1]).isCloseTo(-3 * (4 / 3.0) / (4 / 3.0 + 0.5), within(1e-4));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void callbacksSeeTheModelOfEachIterationAndMayStop(String name) {
        Graph graph = Graph.sequential(Shape.of(2), linear(6), tanh(), linear(1));
        Dataset data = line();
        try (Backend backend = Backends.open(name);
                Model model = Model.create(graph, backend, 1)) {
            List<EpochResult> seen = new ArrayList<>();
            LbfgsTrainer trainer = LbfgsTrainer.of(model, ERROR, Lbfgs.of()).validation(data);
            trainer.callback(new Callback() {
                @Override
                public void epochDone(EpochResult epoch) {
                    seen.add(epoch);
                    assertThat(model.evaluate(data, ERROR).loss())
                            .isEqualTo(epoch.test().loss());
                    if (epoch.epoch() == 5) {
                        trainer.stop();
                    }
                }
            });
            LbfgsTrainer.Training training = trainer.fit(data);
            assertThat(training.result().end()).isEqualTo(Lbfgs.End.OBSERVER);
            assertThat(training.history().epochs()).isEqualTo(seen).hasSize(5);
            for (int i = 0; i < 5; i++) {
                // on the same rows, in batches of another size
                assertThat(seen.get(i).trainLoss()).isCloseTo(seen.get(i).test().loss(), within(1e-5));
                if (i > 0) {
                    assertThat(seen.get(i).trainLoss())
                            .isLessThan(seen.get(i - 1).trainLoss());
                }
            }
            assertThat(model.evaluate(data, ERROR).loss())
                    .isEqualTo(training.history().last().test().loss());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void whatCannotBeTrainedIsRefused(String name) {
        try (Backend backend = Backends.open(name);
                Model model = Model.create(Graph.sequential(Shape.of(2), linear(1)), backend, 1);
                Model other = Model.create(Graph.sequential(Shape.of(3), linear(1)), backend, 1)) {
            assertThatThrownBy(() -> LbfgsTrainer.of(other, ERROR, Lbfgs.of()).fit(line()))
                    .isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> LbfgsTrainer.of(model, ERROR, Lbfgs.of()).weightDecay(-1))
                    .hasMessage("the weight decay must be at least 0, got -1.0");
            model.setParameter("linear1.bias", HostTensor.of(Shape.of(1), Float.NaN));
            assertThatThrownBy(() -> LbfgsTrainer.of(model, ERROR, Lbfgs.of()).fit(line()))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("L-BFGS cannot begin where the value or its gradient is not finite");
        }
    }
}
