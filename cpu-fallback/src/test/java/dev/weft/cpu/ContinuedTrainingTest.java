package dev.weft.cpu;

import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A trainer that is asked again goes on: it forgets neither the order, nor the step, nor what its optimizer remembers. */
class ContinuedTrainingTest {
    private static final Graph GRAPH = Graph.sequential(Shape.of(2), linear(8), relu(), dropout(0.3), linear(3));

    /** A short last batch at 4 rows each. */
    private static final Dataset DATA = data(22);

    private static Dataset data(int rows) {
        float[] x = new float[2 * rows];
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            x[2 * i] = (float) Math.sin(i);
            x[2 * i + 1] = (float) Math.cos(1.7 * i);
            labels[i] = i % 3;
        }
        return Dataset.ofFloats(Shape.of(2), x, labels, 3);
    }

    private static Trainer trainer(Model model, Optimizer optimizer) {
        return Trainer.of(model, Loss.softmaxCrossEntropy(), optimizer).batch(4);
    }

    private static Map<String, double[]> parameters(Model model) {
        Map<String, double[]> all = new LinkedHashMap<>();
        model.parameters().forEach((name, values) -> all.put(name, values.doubles()));
        return all;
    }

    private static void sameParameters(Model a, Model b) {
        Map<String, double[]> expected = parameters(b);
        parameters(a).forEach((name, values) -> assertThat(values).as(name).containsExactly(expected.get(name)));
    }

    @ParameterizedTest
    @CsvSource({"cpu, adam", "cpu, momentum", "cpu, sgd", "reference, adam"})
    void tenCallsOfOneEpochAreOneCallOfTen(String name, String optimizerName) {
        Optimizer optimizer = switch (optimizerName) {
            case "adam" -> Adam.of(0.01);
            case "momentum" -> Sgd.of(0.01).momentum(0.9);
            default -> Sgd.of(0.01);
        };
        try (Backend backend = Backends.open(name);
                Model once = Model.create(GRAPH, backend, 7);
                Model often = Model.create(GRAPH, backend, 7)) {
            List<EpochResult> expected =
                    trainer(once, optimizer).epochs(10).fit(DATA).epochs();
            Trainer again = trainer(often, optimizer);
            List<EpochResult> epochs = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                epochs.addAll(again.fit(DATA).epochs());
            }
            sameParameters(often, once);
            for (int i = 0; i < 10; i++) {
                assertThat(epochs.get(i).epoch()).isEqualTo(i + 1);
                assertThat(epochs.get(i).trainLoss()).isEqualTo(expected.get(i).trainLoss());
            }
        }
    }

    @Test
    void theScheduleBeginsAnew() {
        List<Long> seen = new ArrayList<>();
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 7)) {
            Trainer trainer = trainer(model, Adam.of(0.01)).schedule((step, steps, stepsPerEpoch) -> {
                assertThat(steps).isEqualTo(6);
                seen.add(step);
                return 1;
            });
            trainer.fit(DATA);
            trainer.fit(DATA);
            assertThat(seen).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 0L, 1L, 2L, 3L, 4L, 5L);
        }
    }

    @Test
    void anEpochThatWasStoppedIsBegunAgain() {
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 7)) {
            Trainer trainer = trainer(model, Adam.of(0.01));
            trainer.callback(new Callback() {
                private boolean stopped;

                @Override
                public void progress(Progress progress) {
                    assertThat(progress.epochs()).isEqualTo(progress.epoch());
                    if (progress.epoch() == 2 && !stopped) {
                        stopped = true;
                        trainer.stop();
                    }
                }
            });
            assertThat(trainer.fit(DATA).last().epoch()).isEqualTo(1);
            assertThat(trainer.fit(DATA).epochs()).isEmpty();
            assertThat(trainer.fit(DATA).last().epoch()).isEqualTo(2);
        }
    }

    @Test
    void afterAnExceptionEverythingBeginsAnew() {
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 7)) {
            boolean[] fails = {false};
            Trainer trainer = trainer(model, Adam.of(0.01)).callback(new Callback() {
                @Override
                public void epochDone(EpochResult epoch) {
                    if (fails[0]) {
                        throw new IllegalStateException("planted");
                    }
                }
            });
            assertThat(trainer.fit(DATA).last().epoch()).isEqualTo(1);
            fails[0] = true;
            assertThatThrownBy(() -> trainer.fit(DATA)).hasMessage("planted");
            fails[0] = false;
            assertThat(trainer.fit(DATA).last().epoch()).isEqualTo(1);
        }
    }
}
