package dev.weft.cpu;

import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weft.NonFiniteException;
import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Schedule;
import dev.weft.optim.Sgd;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Evaluation;
import dev.weft.train.History;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What training does, on the reference and with networks that can be followed by hand. */
class TrainerTest {
    private static final Shape ONE = Shape.of(1);
    /** y = w x. */
    private static final Graph PRODUCT = Graph.sequential(ONE, linear(1).withoutBias());

    private static final Graph CLASSIFIER = Graph.sequential(Shape.of(2), linear(5), tanh(), linear(3));
    private static final long SEED = 3;

    private static Backend backend;

    @BeforeAll
    static void open() {
        backend = Backends.open("reference");
    }

    @AfterAll
    static void close() {
        backend.close();
    }

    private static Dataset line(int rows) {
        float[] x = new float[rows];
        float[] y = new float[rows];
        for (int i = 0; i < rows; i++) {
            x[i] = 1 + 0.25f * i;
            y[i] = 3 * x[i] + (i % 3 - 1);
        }
        return Dataset.ofTargets(ONE, x, ONE, y);
    }

    /** Three classes, told apart by the sum of the two values. */
    private static Dataset classes(int rows) {
        float[] x = new float[2 * rows];
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            x[2 * i] = (float) Math.sin(i);
            x[2 * i + 1] = (float) Math.cos(1.7 * i);
            double sum = x[2 * i] + x[2 * i + 1];
            labels[i] = sum < -0.4 ? 0 : sum < 0.4 ? 1 : 2;
        }
        return Dataset.ofFloats(Shape.of(2), x, labels, 3);
    }

    private static double weight(Model model) {
        return model.parameter("linear1.weight").get(0);
    }

    /** Gradient descent on mean (w x - y)^2 by hand: batches in shuffled order, the last one short. */
    @ParameterizedTest
    @CsvSource({"7, 3", "6, 3", "7, 1", "3, 10", "1, 1"})
    void everyBatchOfEveryEpochIsTakenOnceTheLastOneShort(int rows, int batch) {
        Dataset data = line(rows);
        double rate = 0.01;
        int epochs = 3;
        try (Model model = Model.create(PRODUCT, backend, SEED)) {
            double w = weight(model);
            List<Double> losses = new ArrayList<>();
            for (int epoch = 1; epoch <= epochs; epoch++) {
                int[] order = Shuffle.order(rows, SEED, epoch);
                double lossSum = 0;
                for (int start = 0; start < rows; start += batch) {
                    int size = Math.min(batch, rows - start);
                    double gradient = 0;
                    for (int i = start; i < start + size; i++) {
                        double x = data.features().get(order[i]);
                        double error = w * x - data.targets().get(order[i]);
                        lossSum += error * error;
                        gradient += 2 * error * x / size;
                    }
                    w -= rate * gradient;
                }
                losses.add(lossSum / rows);
            }
            History history = Trainer.of(model, Loss.meanSquaredError(), Sgd.of(rate))
                    .batch(batch)
                    .epochs(epochs)
                    .fit(data);
            assertThat(weight(model)).isCloseTo(w, within(1e-12));
            assertThat(history.epochs()).hasSize(epochs);
            for (int i = 0; i < epochs; i++) {
                EpochResult result = history.epochs().get(i);
                assertThat(result.epoch()).isEqualTo(i + 1);
                assertThat(result.trainLoss()).isCloseTo(losses.get(i), within(1e-9));
                assertThat(result.trainAccuracy()).isNaN();
                assertThat(result.test()).isNull();
            }
        }
    }

    @Test
    void theScheduleFollowsTheStepsAcrossEpochs() {
        List<Long> seen = new ArrayList<>();
        Schedule schedule = (step, steps, stepsPerEpoch) -> {
            assertThat(steps).isEqualTo(9);
            assertThat(stepsPerEpoch).isEqualTo(3);
            seen.add(step);
            return 0;
        };
        try (Model model = Model.create(PRODUCT, backend, SEED)) {
            double before = weight(model);
            Trainer.of(model, Loss.meanSquaredError(), Sgd.of(1))
                    .batch(3)
                    .epochs(3)
                    .schedule(schedule)
                    .fit(line(7));
            assertThat(seen).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
            assertThat(weight(model)).isEqualTo(before);
        }
    }

    @Test
    void trainingFindsTheClassesAndValidatesAfterEveryEpoch() {
        List<EpochResult> reported = new ArrayList<>();
        Dataset test = classes(50);
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            History history = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.03))
                    .batch(16)
                    .epochs(12)
                    .validation(test)
                    .callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            reported.add(epoch);
                            assertThat(epoch.test()).isEqualTo(model.evaluate(test));
                        }
                    })
                    .fit(classes(200));
            assertThat(reported).isEqualTo(history.epochs()).hasSize(12);
            assertThat(history.last().test().accuracy()).isGreaterThan(0.9);
            assertThat(history.last().test().samples()).isEqualTo(50);
            assertThat(history.last().trainLoss())
                    .isLessThan(history.epochs().get(0).trainLoss());
            assertThat(history.last().trainAccuracy()).isBetween(0.85, 1.0);
        }
    }

    @Test
    void progressCountsEveryStep() {
        List<Callback.Progress> reports = new ArrayList<>();
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.01))
                    .batch(16)
                    .epochs(2)
                    .callback(new Callback() {
                        @Override
                        public void progress(Progress progress) {
                            reports.add(progress);
                        }
                    })
                    .fit(classes(100));
        }
        assertThat(reports).allSatisfy(p -> {
            assertThat(p.stepsPerEpoch()).isEqualTo(7);
            assertThat(p.epochs()).isEqualTo(2);
            assertThat(p.step()).isBetween(1, 7);
            assertThat(p.loss()).isPositive();
            assertThat(p.accuracy()).isBetween(0.0, 1.0);
            assertThat(p.imagesPerSecond()).isPositive();
        });
        assertThat(reports.get(reports.size() - 1).epoch()).isEqualTo(2);
        assertThat(reports.get(reports.size() - 1).step()).isEqualTo(7);
    }

    /** Progress is reported before the short last batch at the latest, so the third epoch is never finished. */
    @Test
    void stopEndsTheTrainingAndLeavesOutTheUnfinishedEpoch() {
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.01))
                    .batch(10)
                    .epochs(100);
            History history = trainer.callback(new Callback() {
                        @Override
                        public void progress(Progress progress) {
                            if (progress.epoch() == 3 && progress.epochs() == 100) {
                                trainer.stop();
                            }
                        }
                    })
                    .fit(classes(1005));
            assertThat(history.epochs()).hasSize(2);
            // a later training is not stopped
            assertThat(trainer.epochs(1).fit(classes(20)).epochs()).hasSize(1);
        }
    }

    @Test
    void aFrozenGroupKeepsItsBits() {
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Map<String, HostTensor> before = model.parameters();
            Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.01).group(name -> name.startsWith("linear1"), 0, 0))
                    .batch(8)
                    .fit(classes(40));
            Map<String, HostTensor> after = model.parameters();
            for (String name : List.of("linear1.weight", "linear1.bias")) {
                assertThat(after.get(name).doubles())
                        .containsExactly(before.get(name).doubles());
            }
            for (String name : List.of("linear2.weight", "linear2.bias")) {
                assertThat(after.get(name).doubles())
                        .isNotEqualTo(before.get(name).doubles());
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameWeightsAndAnotherSeedOthers() {
        assertThat(trained(1)).isEqualTo(trained(1)).isNotEqualTo(trained(2));
    }

    private static double[] trained(long seed) {
        try (Model model = Model.create(CLASSIFIER, backend, seed)) {
            Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.01))
                    .batch(7)
                    .fit(classes(40));
            return model.parameter("linear2.weight").doubles();
        }
    }

    // ---------------------------------------------------------------- non-finite values

    /** The bad row comes third; the twin is trained on good data and takes no step from the third on. */
    @Test
    void aNonFiniteStepIsNamedAndLeavesTheWeightsOfTheStepBefore() {
        int rows = 5;
        int bad = Shuffle.order(rows, SEED, 1)[2];
        Dataset good = line(rows);
        float[] x = good.features().floats().clone();
        x[bad] = Float.NaN;
        Dataset data = Dataset.ofTargets(ONE, x, ONE, good.targets().floats());
        try (Model model = Model.create(PRODUCT, backend, SEED);
                Model twin = Model.create(PRODUCT, backend, SEED)) {
            Trainer trainer =
                    Trainer.of(model, Loss.meanSquaredError(), Sgd.of(0.01)).batch(1);
            NonFiniteException e = catchThrowableOfType(NonFiniteException.class, () -> trainer.fit(data));
            assertThat(e.epoch()).isEqualTo(1);
            assertThat(e.step()).isEqualTo(2);
            assertThat(e.op()).startsWith("features gather_rows");
            assertThat(e).hasMessageContaining("epoch 1, step 2, first written by: features gather_rows");
            Trainer.of(twin, Loss.meanSquaredError(), Sgd.of(0.01))
                    .batch(1)
                    .schedule((step, steps, stepsPerEpoch) -> step < 2 ? 1 : 0)
                    .fit(good);
            assertThat(weight(model)).isEqualTo(weight(twin)).isNotEqualTo(initialWeight());
        }
    }

    private static double initialWeight() {
        try (Model model = Model.create(PRODUCT, backend, SEED)) {
            return weight(model);
        }
    }

    @Test
    void aTrainingThatDivergesNamesTheOpInALaterEpoch() {
        try (Model model = Model.create(PRODUCT, backend, SEED)) {
            Trainer trainer = Trainer.of(model, Loss.meanSquaredError(), Sgd.of(1e40))
                    .batch(4)
                    .epochs(50);
            NonFiniteException e = catchThrowableOfType(NonFiniteException.class, () -> trainer.fit(line(4)));
            assertThat(e.epoch()).isGreaterThan(1);
            assertThat(e.step()).isEqualTo(e.epoch() - 1);
            assertThat(e.op()).isEqualTo("loss squared_error linear1[4,1], targets[4,1] -> loss.rows[4]");
            assertThat(weight(model)).isFinite();
        }
    }

    // ---------------------------------------------------------------- misuse

    @Test
    void asManyRowsAndEpochsAsNoneAreRefused() {
        try (Model model = Model.create(PRODUCT, backend, SEED)) {
            Trainer trainer = Trainer.of(model, Loss.meanSquaredError(), Sgd.of(1));
            assertThatThrownBy(() -> trainer.batch(0))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("a batch needs at least 1 sample, got 0");
            assertThatThrownBy(() -> trainer.epochs(-1))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("training needs at least 1 epoch, got -1");
        }
    }

    @Test
    void dataThatDoesNotFitTheGraphIsRefusedAndTheModelStaysUsable() {
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(1));
            assertThatThrownBy(() -> trainer.fit(line(4))).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> model.evaluate(line(4))).isInstanceOf(ShapeException.class);
            assertThat(model.evaluate(classes(4)).samples()).isEqualTo(4);
        }
    }

    @Test
    void aValidationThatDoesNotFitIsRefusedBeforeTheFirstStep() {
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Map<String, HostTensor> before = model.parameters();
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(1))
                    .validation(Dataset.ofFloats(Shape.of(3), new float[6], new int[2], 3));
            assertThatThrownBy(() -> trainer.fit(classes(10)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("the data set has [3]");
            before.forEach((name, values) ->
                    assertThat(model.parameter(name).doubles()).as(name).containsExactly(values.doubles()));
        }
    }

    @Test
    void aTrainingStoppedInItsFirstEpochHasNoLastOne() {
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(1));
            History history = trainer.batch(8)
                    .callback(new Callback() {
                        @Override
                        public void progress(Progress progress) {
                            trainer.stop();
                        }
                    })
                    .fit(classes(12));
            assertThat(history.epochs()).isEmpty();
            assertThatThrownBy(history::last)
                    .isInstanceOf(WeftException.class)
                    .hasMessage("the training was stopped or interrupted before its first epoch was done");
        }
    }

    /** No later step sees what the last update has done, so the end of the epoch has to. */
    @Test
    void aLastUpdateThatDivergesIsNoticed() {
        Dataset data = Dataset.ofTargets(ONE, new float[] {3e38f}, ONE, new float[] {1});
        try (Model model = Model.create(PRODUCT, backend, SEED)) {
            Trainer trainer =
                    Trainer.of(model, Loss.meanSquaredError(), Sgd.of(1e300)).batch(1);
            assertThatThrownBy(() -> trainer.fit(data))
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("epoch 1, step 0")
                    .hasMessageContaining("update of the parameters");
        }
    }

    @Test
    void aGraphThatEndsInASoftmaxIsRefusedByTheLossThatHoldsOne() {
        Graph graph = Graph.sequential(Shape.of(2), linear(3), softmax());
        Dataset data = Dataset.ofFloats(Shape.of(2), new float[] {1, 2}, new int[] {1}, 3);
        try (Model model = Model.create(graph, backend, SEED)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(0.1));
            assertThatThrownBy(() -> trainer.fit(data))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("ends in the softmax softmax1");
        }
    }

    @Test
    void aGraphWithoutParametersIsRefused() {
        Graph graph = Graph.sequential(Shape.of(3, 1), flatten(), relu());
        Dataset data = Dataset.ofFloats(Shape.of(3, 1), new float[6], new int[] {0, 2}, 3);
        try (Model model = Model.create(graph, backend, SEED)) {
            assertThatThrownBy(() -> Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(1))
                            .fit(data))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("no parameters");
            Evaluation evaluation = model.evaluate(data);
            assertThat(evaluation.loss()).isCloseTo(Math.log(3), within(1e-12));
            assertThat(evaluation.accuracy()).isEqualTo(0.5);
        }
    }

    @Test
    void aSecondThreadIsTurnedAwayWhileTheModelTrains() throws InterruptedException {
        List<Throwable> caught = new ArrayList<>();
        try (Model model = Model.create(CLASSIFIER, backend, SEED)) {
            Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(0.1))
                    .callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            Thread second = new Thread(() -> model.predict(new float[2]));
                            second.setUncaughtExceptionHandler((thread, e) -> caught.add(e));
                            second.start();
                            try {
                                second.join();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                            // the training thread itself may look on
                            assertThat(model.predict(new float[2])).hasSize(3);
                        }
                    })
                    .fit(classes(10));
            assertThat(caught)
                    .singleElement()
                    .satisfies(e -> assertThat(e)
                            .isInstanceOf(WeftException.class)
                            .hasMessageContaining("in use by another thread"));
            Thread later = new Thread(() -> model.predict(new float[2]));
            later.setUncaughtExceptionHandler((thread, e) -> caught.add(e));
            later.start();
            later.join();
            assertThat(caught).hasSize(1);
        }
    }
}
