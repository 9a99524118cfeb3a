package dev.weft.cpu;

import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import dev.weft.NonFiniteException;
import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.conformance.Centered;
import dev.weft.conformance.StepRuns;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Schedule;
import dev.weft.optim.Sgd;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.Step;
import dev.weft.program.StepBuilder;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import dev.weft.train.Training;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TrainingTest {
    private static final Graph GRAPH = Graph.sequential(Shape.of(2), linear(5), tanh(), linear(1));
    private static final Loss ERROR = Loss.meanSquaredError();

    private final Backend backend = CpuBackend.open(2);
    private final Model model = Model.create(GRAPH, backend, 1);

    @AfterEach
    void close() {
        model.close();
        backend.close();
    }

    private static Columns data(int rows) {
        float[] x = new float[2 * rows];
        float[] y = new float[rows];
        for (int i = 0; i < rows; i++) {
            x[2 * i] = i % 5 / 2f - 1;
            x[2 * i + 1] = i % 7 / 3f - 1;
            y[i] = x[2 * i] * x[2 * i + 1];
        }
        return Columns.of("x", HostTensor.of(Shape.of(rows, 2), x)).with("y", HostTensor.of(Shape.of(rows, 1), y));
    }

    private Step step() {
        return Step.of("product", s -> {
            TensorRef loss = s.loss(ERROR, s.apply(model, s.column("x")), s.column("y"));
            s.minimise(loss, model, Adam.of(0.02));
            s.metric("error", loss);
        });
    }

    @Test
    void itLearnsAndGoesOnWhereItEnded() {
        try (Training training = Training.of(backend, step(), data(35), 8)) {
            List<Training.Epoch> first = training.run(1);
            List<Training.Epoch> more = training.run(60);
            assertThat(first).extracting(Training.Epoch::number).containsExactly(1);
            assertThat(more.get(0).number()).isEqualTo(2);
            assertThat(training.stepsDone()).isEqualTo(61 * 5);
            assertThat(training.epochsDone()).isEqualTo(61);
            assertThat(more.get(59).metrics().get("error"))
                    .isLessThan(0.2 * first.get(0).metrics().get("error"));
        }
    }

    /** A supervised step by hand, with the names of the short form, gives its bits. */
    @Test
    void trainerIsTheShortForm() {
        Dataset data = Dataset.ofTargets(
                Shape.of(2),
                data(35).column("x").values().floats(),
                Shape.of(1),
                data(35).column("y").values().floats());
        Trainer.of(model, ERROR, Adam.of(0.02))
                .batch(8)
                .epochs(3)
                .schedule(Schedule.cosine())
                .fit(data);
        try (Model other = Model.create(GRAPH, backend, 1)) {
            Step step = Step.of("train", s -> {
                        TensorRef loss = s.loss(ERROR, s.apply(other, s.column("features")), s.column("targets"));
                        s.minimise(loss, other, Adam.of(0.02));
                    })
                    .seed(1);
            try (Training training = Training.of(backend, step, data, 8)) {
                training.schedule(Schedule.cosine()).run(3);
            }
            assertThat(other.parameter("linear1.weight").floats())
                    .containsExactly(model.parameter("linear1.weight").floats());
        }
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBits() {
        for (StepRuns.Case c : StepRuns.all()) {
            Map<String, double[]> expected = StepRuns.run(c, backend, MemoryMode.ARENA, 4);
            for (int threads : new int[] {1, 3}) {
                try (Backend other = CpuBackend.open(threads)) {
                    StepRuns.run(c, other, MemoryMode.ARENA, 4)
                            .forEach((name, values) -> assertThat(values)
                                    .as("%s, %s, %d threads", c, name, threads)
                                    .containsExactly(expected.get(name)));
                }
            }
        }
    }

    private Step online() {
        return Step.of("online", s -> {
            TensorRef y = s.apply(model, s.input("x", Shape.of(2)));
            TensorRef loss = s.loss(ERROR, y, s.input("y", Shape.of(1)));
            s.minimise(loss, model, Sgd.of(0.1));
            s.metric("error", loss);
            s.output(y);
        });
    }

    /** Shuffled, the last batch of five epochs is the last two rows by one chance in 15^5. */
    @Test
    void rowsAreTakenInTheirOrderWhereThatIsAskedFor() {
        Columns numbers = Columns.of("number", HostTensor.of(Shape.of(6), 0f, 1f, 2f, 3f, 4f, 5f));
        Step step = Step.of("order", s -> {
            s.output(s.column("number"));
            s.metric("mean", s.loss(Loss.meanSquaredError(), s.column("number"), 0));
        });
        try (Training training = Training.of(backend, step, numbers, 2).inOrder()) {
            for (int epoch = 0; epoch < 5; epoch++) {
                training.run(1);
                assertThat(training.read("number").floats()).containsExactly(4, 5);
            }
        }
    }

    @Test
    void batchesAreHandedOverOneByOne() {
        HostTensor x = HostTensor.of(Shape.of(1, 2), 0.5f, -1f);
        HostTensor y = HostTensor.of(Shape.of(1, 1), 0.25f);
        float before = model.predict(x.floats())[0];
        try (Training training = Training.of(backend, online(), 1)) {
            training.step(Map.of("x", x, "y", y));
            assertThat(training.read("linear2").floats()).containsExactly(before);
            assertThat(training.metric("error")).isCloseTo((before - 0.25) * (before - 0.25), within(1e-6));
            for (int i = 0; i < 100; i++) {
                training.step(Map.of("x", x, "y", y));
            }
            assertThat(training.metric("error")).isLessThan(1e-6);
            assertThat(training.stepsDone()).isEqualTo(101);
        }
        assertThat(model.predict(x.floats())[0]).isCloseTo(0.25f, within(1e-3f));
    }

    @Test
    void aStepOnTheCallersBatchAllocatesLessThanOneKilobyte() {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Map<String, HostTensor> batch =
                Map.of("x", HostTensor.of(Shape.of(1, 2), 0.5f, -1f), "y", HostTensor.of(Shape.of(1, 1), 0.25f));
        try (Training training = Training.of(backend, online(), 1)) {
            List<Long> bytes = new ArrayList<>();
            // while methods are still interpreted, vectors lie on the heap
            for (int window = 0; window < 400 && (bytes.isEmpty() || last(bytes) >= 1024); window++) {
                long start = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 500; i++) {
                    training.step(batch);
                }
                bytes.add((threads.getCurrentThreadAllocatedBytes() - start) / 500);
            }
            assertThat(last(bytes)).as("bytes a step, by window: %s", bytes).isLessThan(1024);
        }
    }

    private static long last(List<Long> values) {
        return values.get(values.size() - 1);
    }

    @Test
    void aBadBatchIsNamedAndLeavesTheModel() {
        float[] before = model.parameter("linear1.weight").floats();
        try (Training training = Training.of(backend, online(), 1)) {
            assertThatThrownBy(() -> training.step(Map.of(
                            "x", HostTensor.of(Shape.of(1, 2), Float.NaN, 0f),
                            "y", HostTensor.of(Shape.of(1, 1), 1f))))
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("linear1 mat_mul x[1,2]");
        }
        assertThat(model.parameter("linear1.weight").floats()).containsExactly(before);
    }

    /** A network whose own schedule is 0 from its second step on stays; the other one goes on, also in a further call. */
    @Test
    void anUpdateMayHaveAScheduleOfItsOwn() {
        try (Model other = Model.create("other", GRAPH, backend, 2)) {
            Step step = Step.of("two", s -> {
                TensorRef x = s.column("x");
                TensorRef one = s.loss(ERROR, s.apply("one", model, x), s.column("y"));
                TensorRef two = s.loss(ERROR, s.apply("two", other, x), s.column("y"));
                s.gradients(s.sum(one, two), model, other);
                s.update(model, Sgd.of(0.1), (n, steps, perEpoch) -> n == 0 ? 1 : 0);
                s.update(other, Sgd.of(0.1));
            });
            Columns data = data(8).with("not read", HostTensor.of(Shape.of(8), new byte[8]));
            try (Training training = Training.of(backend, step, data, 4)) {
                for (int call = 0; call < 2; call++) {
                    float[] before = model.parameter("linear1.weight").floats().clone();
                    float[] others = other.parameter("linear1.weight").floats().clone();
                    training.run(1);
                    // the schedule of each call begins anew
                    assertThat(model.parameter("linear1.weight").floats()).isNotEqualTo(before);
                    assertThat(other.parameter("linear1.weight").floats()).isNotEqualTo(others);
                }
            }
            float[] once = model.parameter("linear1.weight").floats().clone();
            Step still = Step.of("still", s -> {
                s.gradients(s.loss(ERROR, s.apply(model, s.column("x")), s.column("y")), model);
                s.update(model, Sgd.of(0.1), (n, steps, perEpoch) -> 0);
            });
            try (Training training = Training.of(backend, still, data, 4)) {
                training.schedule(Schedule.cosine()).run(2);
            }
            assertThat(model.parameter("linear1.weight").floats()).containsExactly(once);
        }
    }

    /** The last batch is short, and counts as little. */
    @Test
    void theMetricsOfAnEpochAreMeansOverItsRows() {
        Columns data = data(5);
        Step step = Step.of(
                "measured", s -> s.metric("error", s.loss(ERROR, s.apply(model, s.column("x")), s.column("y"))));
        double expected = 0;
        for (int i = 0; i < 5; i++) {
            double error =
                    model.predict(data.column("x").values().rows(i, i + 1).floats())[0]
                            - data.column("y").values().get(i);
            expected += error * error / 5;
        }
        try (Training training = Training.of(backend, step, data, 4)) {
            assertThat(training.run(1).get(0).metrics().get("error")).isCloseTo(expected, within(1e-6));
        }
    }

    @Test
    void aGradientOfOnesOwnIsCheckedBeforeTheUpdate() {
        Step step = Step.of("own", s -> {
            s.gradient(model, "linear2.bias", db -> new Op.BiasGradient("own", s.column("y"), db));
            s.update(model, Sgd.of(1));
        });
        Map<String, HostTensor> before = model.parameters();
        Columns bad = Columns.of("y", HostTensor.of(Shape.of(4, 1), 1, 2, Float.NaN, 4f));
        try (Training training = Training.of(backend, step, bad, 4)) {
            assertThatThrownBy(() -> training.run(1)).isInstanceOf(NonFiniteException.class);
        }
        before.forEach((name, values) ->
                assertThat(model.parameter(name).floats()).as(name).containsExactly(values.floats()));
        float bias = model.parameter("linear2.bias").floats()[0];
        Columns good = Columns.of("y", HostTensor.of(Shape.of(4, 1), 1f, 2f, 3f, 4f));
        try (Training training = Training.of(backend, step, good, 4)) {
            training.run(1);
        }
        assertThat(model.parameter("linear2.bias").floats()).containsExactly(bias - 10);
    }

    /** Weight decay would move a frozen parameter, too. */
    @Test
    void aFrozenParameterStays() {
        HostTensor bias = HostTensor.of(Shape.of(5), 1f, 2f, 3f, 4f, 5f);
        model.setParameter("linear1.bias", bias);
        Step step = Step.of("frozen", s -> {
            TensorRef loss = s.loss(ERROR, s.apply(model, s.column("x")), s.column("y"));
            s.minimise(
                    loss,
                    model,
                    name -> !name.equals("linear1.bias"),
                    Sgd.of(0.1).weightDecay(0.5));
        });
        Map<String, HostTensor> before = model.parameters();
        try (Training training = Training.of(backend, step, data(8), 4)) {
            training.run(1);
        }
        assertThat(model.parameter("linear1.bias").floats()).containsExactly(bias.floats());
        for (String trained : List.of("linear1.weight", "linear2.weight", "linear2.bias")) {
            assertThat(model.parameter(trained).floats())
                    .as(trained)
                    .isNotEqualTo(before.get(trained).floats());
        }
    }

    @Test
    void aRowCountsAsItsWeightSays() {
        float[] weights = {1, 0, 0.5f, -2};
        Columns data = data(4).with("weight", HostTensor.of(Shape.of(4), weights));
        Step step = Step.of(
                "weighted",
                s -> s.metric("loss", s.loss(ERROR, s.apply(model, s.column("x")), s.column("y"), s.column("weight"))));
        double expected = 0;
        for (int i = 0; i < 4; i++) {
            float[] x = data.column("x").values().rows(i, i + 1).floats();
            double error = model.predict(x)[0] - data.column("y").values().get(i);
            expected += weights[i] * error * error / 4;
        }
        try (Training training = Training.of(backend, step, data, 4)) {
            assertThat(training.run(1).get(0).metrics().get("loss")).isCloseTo(expected, within(1e-6));
        }
    }

    /** A second optimizer of the rate 0 changes nothing, not even what the first one remembers. */
    @Test
    void twoOptimizersOfOneModelRememberApart() {
        float[][] weights = new float[2][];
        for (int also = 0; also < 2; also++) {
            boolean both = also == 1;
            try (Model one = Model.create("one", GRAPH, backend, 1)) {
                Step step = Step.of("momentum", s -> {
                    TensorRef x = s.column("x");
                    if (both) {
                        s.minimise(
                                s.loss(ERROR, s.apply("first", one, x), 3),
                                one,
                                Sgd.of(0).momentum(0.9));
                    }
                    TensorRef loss = s.loss(ERROR, s.apply("second", one, x), s.column("y"));
                    s.minimise(loss, one, Sgd.of(0.1).momentum(0.9));
                });
                try (Training training = Training.of(backend, step, data(16), 4)) {
                    training.run(2);
                }
                weights[also] = one.parameter("linear1.weight").floats().clone();
            }
        }
        assertThat(weights[1]).containsExactly(weights[0]);
    }

    /** Two rows with the means 2 and 20; the second application sees a hundred times as much. */
    @Test
    void theFirstApplicationInAStepWritesTheStates() {
        Graph graph = Graph.sequential(Shape.of(2), new Centered(), linear(1));
        try (Model centered = Model.create("centered", graph, backend, 1)) {
            Step step = Step.of("twice", s -> {
                TensorRef x = s.column("x");
                TensorRef first = s.loss(ERROR, s.apply("first", centered, x), 0);
                TensorRef second = s.loss(ERROR, s.apply("second", centered, s.scale(100, x)), 0);
                s.minimise(s.sum(first, second), centered, Sgd.of(1e-7));
            });
            Columns rows = Columns.of("x", HostTensor.of(Shape.of(2, 2), 1f, 10f, 3f, 30f));
            try (Training training = Training.of(backend, step, rows, 2)) {
                training.run(1);
            }
            assertThat(centered.parameter("centered1.mean").floats())
                    .containsExactly(0.75f * 0.5f + 0.25f * 2, 0.75f * 0.5f + 0.25f * 20);
        }
    }

    @Test
    void aScheduleNeedsToKnowHowManyStepsThereAre() {
        Map<String, HostTensor> batch =
                Map.of("x", HostTensor.of(Shape.of(1, 2), 0.5f, -1f), "y", HostTensor.of(Shape.of(1, 1), 0.25f));
        try (Training training = Training.of(backend, online(), 1)) {
            training.schedule(Schedule.cosine());
            assertThatThrownBy(() -> training.step(batch))
                    .hasMessage("step online: a schedule needs the number of steps: schedule(course, steps)");
            training.schedule(Schedule.cosine(), 2).step(batch);
            float[] before = model.parameter("linear1.weight").floats().clone();
            training.step(batch);
            assertThat(model.parameter("linear1.weight").floats())
                    .isNotEqualTo(before)
                    .doesNotContain(Float.NaN);
        }
        Step own = Step.of("own", s -> {
            s.gradients(s.loss(ERROR, s.apply(model, s.input("x", Shape.of(2))), 1), model);
            s.update(model, Sgd.of(0.1), Schedule.cosine());
        });
        try (Training training = Training.of(backend, own, 1)) {
            assertThatThrownBy(() -> training.step(Map.of("x", batch.get("x"))))
                    .hasMessage("step own: a schedule needs the number of steps: schedule(course, steps)");
        }
    }

    @Test
    void aClosedTrainingIsToldSo() {
        Training first = Training.of(backend, step(), data(8), 4);
        Training second = Training.of(backend, step(), data(8), 4);
        first.close();
        first.close();
        assertThatThrownBy(() -> first.run(1)).hasMessage("the training of step product is closed");
        // the second of that name still holds the model
        assertThatThrownBy(model::close).hasMessageContaining("bound by the training of step product");
        second.close();
    }

    // ---------------------------------------------------------------- bad input

    private void refused(String message, Consumer<StepBuilder> body) {
        assertThatThrownBy(() ->
                        Training.of(backend, Step.of("bad", body), data(8), 4).close())
                .isInstanceOf(WeftException.class)
                .hasMessageContaining(message);
    }

    private TensorRef loss(StepBuilder s) {
        return s.loss(ERROR, s.apply(model, s.column("x")), s.column("y"));
    }

    @Test
    void twoBackendsInOneStepAreRefused() {
        try (Backend other = CpuBackend.open(1);
                Model elsewhere = Model.create("elsewhere", GRAPH, other, 1)) {
            refused(
                    "step bad: the model elsewhere is on the backend cpu, the training on cpu, opened a second time",
                    s -> s.minimise(
                            s.loss(ERROR, s.apply("other", elsewhere, s.column("x")), s.column("y")),
                            elsewhere,
                            Sgd.of(1)));
        }
    }

    @Test
    void aModelCannotBeClosedWhileItIsBound() {
        Model bound = Model.create("bound", GRAPH, backend, 1);
        Step step = Step.of(
                "holds",
                s -> s.minimise(s.loss(ERROR, s.apply(bound, s.column("x")), s.column("y")), bound, Sgd.of(1)));
        try (Training training = Training.of(backend, step, data(8), 4)) {
            assertThatThrownBy(bound::close)
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("the model is bound by the training of step holds: close that first");
            training.run(1);
        }
        bound.close();
        assertThatThrownBy(() -> Training.of(backend, step, data(8), 4))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("the model is closed");
    }

    @Test
    void aColumnThatIsMissingOrOfAnotherKindIsNamed() {
        refused("z: the data set has no column of this name; there are [x, y]", s -> s.column("z"));
        refused(
                "input: the graph needs samples of shape [2], the data set has [1] as y",
                s -> s.apply(model, s.column("y")));
        refused(
                "this loss needs classes, y[4,1] holds target values",
                s -> s.loss(Loss.softmaxCrossEntropy(), s.apply(model, s.column("x")), s.column("y")));
        assertThatThrownBy(() -> data(3).with("x", HostTensor.of(Shape.of(3), 1f, 2f, 3f)))
                .isInstanceOf(DataException.class)
                .hasMessage("two columns are named x");
        assertThatThrownBy(() -> data(3).with("w", HostTensor.of(Shape.of(2), 1f, 2f)))
                .isInstanceOf(DataException.class)
                .hasMessage("column w has 2 rows, column x has 3");
        assertThatThrownBy(() -> data(3).classes("c", new int[] {0, 1, 2}, 2))
                .isInstanceOf(DataException.class)
                .hasMessage("column c: label 2 of row 2 is not within 0 to 1");
    }

    @Test
    void namesOfMetricsScopesAndModelsAreUnique() {
        refused("step bad: two metrics are named loss", s -> {
            TensorRef loss = loss(s);
            s.metric("loss", loss);
            s.metric("loss", loss);
        });
        refused("step bad: two networks are applied under the scope again", s -> {
            s.apply("again", model, s.column("x"));
            s.apply("again", model, s.column("x"));
        });
        refused("step bad: it reports gone[1], which no op writes", s -> {
            loss(s);
            s.metric("gone", TensorRef.unbatched("gone", DType.REAL, Shape.of(1)));
        });
        refused("step bad: two tensors are named x", s -> s.fill("x", 1, s.column("x")));
        refused("step bad: z and z would draw the same random numbers", s -> {
            s.normal("z", Shape.of(2));
            s.emit(new Op.RandomNormal(
                    "z",
                    0,
                    1,
                    0,
                    dev.weft.random.Philox.stream("z"),
                    TensorRef.batched("z2", DType.REAL, Shape.of(4, 2))));
        });
        try (Model other = Model.create(GRAPH, backend, 2)) {
            refused("step bad: two networks are named model: give each a name of its own", s -> {
                s.apply("one", model, s.column("x"));
                s.apply("two", other, s.column("x"));
            });
        }
    }

    @Test
    void gradientsThatGoNowhereOrComeTooLateAreRefused() {
        refused(
                "step bad: no parameter of other that is to be trained affects loss[1]",
                s -> s.minimise(loss(s), GraphLowering.of("other", GRAPH, 1), Sgd.of(1)));
        refused(
                "step bad: gradients of model were computed, and no update uses them",
                s -> s.gradients(loss(s), model));
        refused("step bad: model is updated, and no gradient of it was computed before", s -> {
            loss(s);
            s.update(model, Sgd.of(1));
        });
        refused("loss[1] was computed with", s -> {
            TensorRef first = loss(s);
            s.minimise(first, model, Sgd.of(1));
            s.minimise(first, model, Sgd.of(1));
        });
        refused("is computed twice before an update of model", s -> {
            TensorRef first = loss(s);
            s.gradients(first, model);
            s.gradients(first, model);
        });
        refused(
                "a loss to differentiate is one number, got linear2[4,1]",
                s -> s.minimise(s.apply(model, s.column("x")), model, Sgd.of(1)));
        refused(
                "does not affect loss[1], so there is no gradient of it",
                s -> s.gradientOf(loss(s), s.normal("z", Shape.of(2))));
    }

    @Test
    void aHostInputThatIsNotWrittenIsNamed() {
        try (Training training = Training.of(backend, online(), 1)) {
            HostTensor x = HostTensor.of(Shape.of(1, 2), 0f, 0f);
            assertThatThrownBy(() -> training.step(Map.of("x", x)))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("step online reads the host input y[1,1], which was not written");
            assertThatThrownBy(() -> training.step(Map.of("x", x, "y", x, "z", x)))
                    .hasMessage("step online has no host input 'z'; there are [x[1,2], y[1,1]]");
            assertThatThrownBy(() -> training.step(Map.of("x", x, "y", x))).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> training.run(1)).hasMessageContaining("there is no data set to go through");
            assertThatThrownBy(() -> training.metric("error")).hasMessage("step online: no step has been made");
        }
        try (Training training = Training.of(backend, online(), data(4), 1)) {
            assertThatThrownBy(() -> training.run(1))
                    .hasMessage("step online reads the host input x[1,2], which only step() writes");
        }
        assertThatThrownBy(() -> Training.of(backend, step(), 4))
                .hasMessage("step product: it reads column x, but gets no data set");
    }

    @Test
    void aNetworkWithoutValuesIsToldFromAModel() {
        refused(
                "step bad: plain is a graph without values; create a Model of it",
                s -> s.apply(GraphLowering.of("plain", GRAPH, 1), s.column("x")));
    }
}
