package dev.weft.cpu;

import static dev.weft.layer.Layers.linear;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.DivergedException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.io.SafeTensors;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.History;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a training ends other than by its last epoch, and what is refused while it runs. */
class TrainingEndTest {
    private static final Graph GRAPH = Graph.sequential(Shape.of(2), linear(3));
    private static final Dataset DATA = Dataset.ofFloats(Shape.of(2), values(80), labels(40), 3);

    private static float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) Math.sin(i);
        }
        return values;
    }

    private static int[] labels(int count) {
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 3;
        }
        return labels;
    }

    private static Trainer trainer(Model model, double rate) {
        return Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(rate)).batch(4);
    }

    @Test
    void anInterruptEndsTheTrainingAndTheModelIsSaved(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 1)) {
            History history = trainer(model, 0.01)
                    .epochs(1_000_000)
                    .callback(new Callback() {
                        @Override
                        public void progress(Progress progress) {
                            if (progress.epoch() == 3) {
                                Thread.currentThread().interrupt();
                            }
                        }
                    })
                    .fit(DATA);
            assertThat(history.epochs()).hasSizeBetween(2, 3);
            model.save(file);
            assertThat(Thread.interrupted()).as("still interrupted").isTrue();
            assertThat(SafeTensors.read(file).get("linear1.weight").floats())
                    .containsExactly(model.parameter("linear1.weight").floats());
        } finally {
            // so that a failure does not reach other tests
            Thread.interrupted();
        }
    }

    @Test
    void fitAndCloseAreRefusedInACallback() {
        List<String> refused = new ArrayList<>();
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 1)) {
            Trainer trainer = trainer(model, 0.01);
            trainer.callback(new Callback() {
                @Override
                public void epochDone(EpochResult epoch) {
                    for (Runnable use : List.<Runnable>of(model::close, () -> trainer.fit(DATA))) {
                        refused.add(catchThrowableOfType(WeftException.class, use::run)
                                .getMessage());
                    }
                    assertThat(model.predict(new float[2])).hasSize(3);
                }
            });
            assertThat(trainer.epochs(2).fit(DATA).epochs()).hasSize(2);
            assertThat(refused)
                    .hasSize(4)
                    .startsWith(
                            "close was called in a callback of the model's training; call Trainer.stop there, and close when"
                                    + " fit has returned",
                            "fit was called in a callback of the model's training; call Trainer.stop there, and fit when"
                                    + " fit has returned");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e30, 1e4})
    void aTrainingWhoseLossRunsAwaySaysSo(double rate) {
        List<EpochResult> seen = new ArrayList<>();
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 1)) {
            Trainer trainer = trainer(model, rate).epochs(2).callback(new Callback() {
                @Override
                public void epochDone(EpochResult epoch) {
                    seen.add(epoch);
                }
            });
            DivergedException e = catchThrowableOfType(DivergedException.class, () -> trainer.fit(DATA));
            assertThat(seen).hasSize(2);
            assertThat(e.epoch()).isEqualTo(2);
            assertThat(e.loss()).isGreaterThan(100).isFinite();
            assertThat(e).hasMessageContaining("lower learning rate");
        }
    }

    @Test
    void aTrainingThatIsStoppedWhenItsLossRunsAwayReturnsItsEpochs() {
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 1)) {
            Trainer trainer = trainer(model, 1e30).epochs(5);
            History history = trainer.callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            trainer.stop();
                        }
                    })
                    .fit(DATA);
            assertThat(history.last().trainLoss()).isGreaterThan(1e20);
        }
    }

    @Test
    void whoComesFromAnotherThreadIsToldWhatToDo() throws InterruptedException {
        try (Backend backend = Backends.open("cpu");
                Model model = Model.create(GRAPH, backend, 1)) {
            Thread[] threads = new Thread[1];
            trainer(model, 0.01)
                    .callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            threads[0] = new Thread(() -> assertThatThrownBy(() -> model.predict(new float[2]))
                                    .isInstanceOf(WeftException.class)
                                    .hasMessage(
                                            "the model is in use by another thread, and serves one at a time. To predict"
                                                    + " while fit runs, do it in a Callback, or save the model there and load the file"
                                                    + " into a second one"));
                            threads[0].setUncaughtExceptionHandler((thread, e) -> threads[0] = null);
                            threads[0].start();
                            try {
                                threads[0].join();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        }
                    })
                    .fit(DATA);
            assertThat(threads[0]).as("no assertion failed there").isNotNull();
        }
    }
}
