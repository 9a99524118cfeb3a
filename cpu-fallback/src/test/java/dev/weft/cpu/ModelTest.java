package dev.weft.cpu;

import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.reshape;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import dev.weft.NonFiniteException;
import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.Centered;
import dev.weft.conformance.Lenet5;
import dev.weft.data.Dataset;
import dev.weft.data.Preparation;
import dev.weft.data.TableForm;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.init.Initializer;
import dev.weft.io.GraphFile;
import dev.weft.io.SafeTensors;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Sgd;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.train.Evaluation;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model gives and keeps, on the reference. */
class ModelTest {
    private static final Graph GRAPH = Graph.sequential(Shape.of(4), linear(6), tanh(), dropout(0.5), linear(3));

    private static Backend backend;

    @BeforeAll
    static void open() {
        backend = Backends.open("reference");
    }

    @AfterAll
    static void close() {
        backend.close();
    }

    private static float[][] samples(int rows) {
        float[][] samples = new float[rows][4];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < 4; j++) {
                samples[i][j] = (float) Math.sin(1 + i * 4 + j);
            }
        }
        return samples;
    }

    private static Dataset data(int rows) {
        float[] values = new float[rows * 4];
        int[] labels = new int[rows];
        for (int i = 0; i < values.length; i++) {
            values[i] = samples(rows)[i / 4][i % 4];
            labels[i / 4] = i / 4 % 3;
        }
        return Dataset.ofFloats(Shape.of(4), values, labels, 3);
    }

    @Test
    void aPredictionIsTheGraphsOutput() {
        Graph graph = Graph.sequential(Shape.of(2), linear(2));
        try (Model model = Model.create(graph, backend, 1)) {
            model.setParameter("linear1.weight", HostTensor.of(Shape.of(2, 2), 1f, 2f, 3f, 4f));
            model.setParameter("linear1.bias", HostTensor.of(Shape.of(2), 10f, 20f));
            assertThat(model.predict(new float[] {1, 10})).containsExactly(31, 63);
            float[] p = model.predictProbabilities(new float[] {0, 0});
            assertThat(p[0] + p[1]).isCloseTo(1, within(1e-6f));
            assertThat(p[1] / p[0]).isCloseTo((float) Math.exp(10), within(1f));
        }
    }

    /** One batch of two rows with the means 2 and 20. */
    @Test
    void theStatesOfLayersAreTrainedSavedAndLoadedAndLeftAloneByABadStep(@TempDir Path folder) {
        Graph graph = Graph.sequential(Shape.of(2), new Centered(), linear(1));
        Dataset data = Dataset.ofTargets(Shape.of(2), new float[] {1, 10, 3, 30}, Shape.of(1), new float[2]);
        Dataset bad = Dataset.ofTargets(Shape.of(2), new float[] {1, 10, 3, Float.NaN}, Shape.of(1), new float[2]);
        Path file = folder.resolve("model.safetensors");
        try (Model model = Model.create(graph, backend, 1);
                Model other = Model.create(graph, backend, 2)) {
            assertThat(model.parameter("centered1.mean").floats()).containsExactly(0.5f, 0.5f);
            Trainer trainer =
                    Trainer.of(model, Loss.meanSquaredError(), Sgd.of(0.001)).batch(2);
            trainer.fit(data);
            float[] mean = model.states().get("centered1.mean").floats().clone();
            assertThat(mean).containsExactly(0.75f * 0.5f + 0.25f * 2, 0.75f * 0.5f + 0.25f * 20);

            model.evaluate(data);
            model.predict(new float[2]);
            assertThatThrownBy(() -> trainer.fit(bad)).isInstanceOf(NonFiniteException.class);
            assertThat(model.parameter("centered1.mean").floats()).containsExactly(mean);

            model.save(file);
            other.loadParameters(file);
            assertThat(other.states().get("centered1.mean").floats()).containsExactly(mean);
            // the reference computes in double, the file holds floats
            float[] x = {5, 6};
            assertThat(other.predict(x)[0]).isCloseTo(model.predict(x)[0], within(1e-5f));
            other.setParameter("centered1.mean", HostTensor.of(Shape.of(1, 2), 7f, 8f));
            assertThat(other.parameter("centered1.mean").floats()).containsExactly(7, 8);
            assertThat(other.parameters()).containsOnlyKeys("linear1.weight", "linear1.bias");
        }
    }

    /** The first input or output alone would be a guess. */
    @Test
    void aGraphWithSeveralInputsOrOutputsIsNotPredictedByOneSample() {
        Graph.Builder b = Graph.builder(Shape.of(2));
        Graph graph = b.build(b.add("mean", linear(2), b.input()), b.add("scale", linear(2), b.input()));
        try (Model model = Model.create(graph, backend, 1)) {
            assertThatThrownBy(() -> model.predict(new float[2]))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("one output is asked for, the graph has 2: mean, scale");
        }
    }

    /** tanh and softmax are checked against their formulas, the linear layers with it. */
    @Test
    void theActivationsAreTheValuesOfEveryLayer() {
        Graph graph =
                Graph.sequential(Shape.of(4), linear(6), tanh(), dropout(0.5), reshape(2, 3), flatten(), linear(3));
        float[][] samples = samples(70);
        for (String name : List.of("reference", "cpu")) {
            try (Backend opened = Backends.open(name);
                    Model model = Model.create(graph, opened, 1)) {
                Map<String, HostTensor> all = model.activations(samples);
                assertThat(all.keySet())
                        .containsExactly("linear1", "tanh1", "dropout1", "reshape1", "flatten1", "linear2");
                assertThat(all.get("reshape1").shape()).isEqualTo(Shape.of(70, 2, 3));
                HostTensor linear = all.get("linear1");
                HostTensor tanh = all.get("tanh1");
                HostTensor w = model.parameter("linear1.weight");
                for (int i = 0; i < 70 * 6; i++) {
                    double sum = 0;
                    for (int k = 0; k < 4; k++) {
                        sum += w.get(i % 6 * 4 + k) * samples[i / 6][k];
                    }
                    assertThat(linear.get(i)).isCloseTo(sum, within(1e-6));
                    assertThat(tanh.get(i)).isCloseTo(Math.tanh(sum), within(1e-6));
                    assertThat(all.get("dropout1").get(i)).isEqualTo(tanh.get(i));
                    assertThat(all.get("flatten1").get(i)).isEqualTo(tanh.get(i));
                }
                for (int i = 0; i < 70; i++) {
                    assertThat(all.get("linear2").rows(i, i + 1).floats()).containsExactly(model.predict(samples[i]));
                }
                assertThat(model.activations(HostTensor.of(Shape.of(1, 4), samples[3]))
                                .get("tanh1")
                                .doubles())
                        .containsExactly(tanh.rows(3, 4).doubles());
                model.setParameter("linear2.bias", HostTensor.of(Shape.of(3), 100f, 200, 300));
                assertThat(model.activations(samples[0]).get("linear2").get(2)).isGreaterThan(290);
                assertThatThrownBy(() -> model.activations(new float[5]))
                        .isInstanceOf(ShapeException.class)
                        .hasMessageContaining("sample 0 has 5 values");
            }
        }
    }

    /** What is fused for predictions is kept here, and the same to the bit. */
    @Test
    void theActivationsOfAConvolutionalNetworkLeadToItsPrediction() {
        try (Backend cpu = Backends.open("cpu");
                Model model = Model.create(Lenet5.graph(), cpu, 1);
                Model exact = Model.create(Lenet5.graph(), backend, 1)) {
            Dataset images = Lenet5.images(3);
            float[][] samples = {images.image(0), images.image(1), images.image(2)};
            Map<String, HostTensor> all = model.activations(samples);
            Map<String, HostTensor> expected = exact.activations(samples);
            assertThat(all.keySet())
                    .containsExactlyElementsOf(expected.keySet())
                    .hasSize(12);
            expected.forEach((name, values) ->
                    assertThat(all.get(name).doubles()).as(name).containsExactly(values.doubles(), within(1e-4)));
            float[] last = all.get("linear3").floats();
            for (int i = 0; i < 3; i++) {
                assertThat(Arrays.copyOfRange(last, i * 10, (i + 1) * 10)).containsExactly(model.predict(samples[i]));
            }
        }
    }

    /** One step of plain gradient descent at rate 1 moves each parameter by its gradient. */
    @Test
    void theGradientsAreThoseThatTrainingDescends() {
        Graph graph = Graph.sequential(Shape.of(4), linear(6), tanh(), linear(3));
        try (Model model = Model.create(graph, backend, 1)) {
            Dataset data = data(7);
            Map<String, HostTensor> before = model.parameters();
            Map<String, HostTensor> gradients = model.gradients(data, Loss.softmaxCrossEntropy());
            assertThat(gradients.keySet()).containsExactlyElementsOf(before.keySet());
            before.forEach((name, values) ->
                    assertThat(model.parameter(name).doubles()).containsExactly(values.doubles()));
            Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(1)).batch(7).fit(data);
            before.forEach((name, values) -> {
                HostTensor gradient = gradients.get(name);
                HostTensor after = model.parameter(name);
                assertThat(gradient.shape()).isEqualTo(values.shape());
                assertThat(gradient.doubles()).isNotEqualTo(new double[gradient.elements()]);
                for (int i = 0; i < gradient.elements(); i++) {
                    assertThat(gradient.get(i)).isCloseTo(values.get(i) - after.get(i), within(1e-12));
                }
            });
        }
    }

    @Test
    void gradientsLeaveStatesAloneAndAreZeroWhereNothingIsAffected() {
        Graph.Builder b = Graph.builder(Shape.of(2));
        Node centered = b.add("centered", new Centered(), b.input());
        Graph graph = b.build(b.add("used", linear(1), centered));
        try (Model model = Model.create(graph, backend, 1)) {
            Dataset data = Dataset.ofTargets(Shape.of(2), new float[] {1, 10, 3, 30}, Shape.of(1), new float[2]);
            double[] mean = model.states().get("centered.mean").doubles().clone();
            Map<String, HostTensor> gradients = model.gradients(data, Loss.meanSquaredError());
            // L = mean of y^2, so dL/db = 2 mean y
            double sum = model.predict(data.image(0))[0] + model.predict(data.image(1))[0];
            assertThat(gradients.get("used.bias").get(0)).isCloseTo(sum, within(1e-5));
            assertThat(model.states().get("centered.mean").doubles()).containsExactly(mean);
            assertThatThrownBy(() -> model.gradients(data, Loss.softmaxCrossEntropy()))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("this loss needs classes");
        }
        try (Model model = Model.create(Graph.sequential(Shape.of(2), tanh()), backend, 1)) {
            Dataset data = Dataset.ofTargets(Shape.of(2), new float[2], Shape.of(2), new float[2]);
            assertThatThrownBy(() -> model.gradients(data, Loss.meanSquaredError()))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("has no parameters");
        }
    }

    @Test
    void theProbabilitiesOfAGraphThatEndsInASoftmaxAreItsOutput() {
        Graph graph = Graph.sequential(Shape.of(2), linear(3), softmax());
        try (Model model = Model.create(graph, backend, 1)) {
            float[] x = {0.5f, -2};
            assertThat(model.predictProbabilities(x)).containsExactly(model.predict(x));
        }
    }

    /** More samples than one batch holds, the last batch padded. */
    /** Of NaN, 8 and NaN a search for the largest takes the first, which here would be right. */
    @Test
    void notANumberIsAnErrorThatNamesItsSource() {
        for (Graph graph : List.of(
                Graph.sequential(Shape.of(1), linear(3)), Graph.sequential(Shape.of(1), linear(3), softmax()))) {
            Loss loss = graph.output().layer().kind().equals("linear")
                    ? Loss.softmaxCrossEntropy()
                    : Loss.meanSquaredError();
            try (Model model = Model.create(graph, backend, 1)) {
                model.setParameter("linear1.bias", HostTensor.of(Shape.of(3), Float.NaN, 8f, Float.NaN));
                Dataset data = loss.equals(Loss.softmaxCrossEntropy())
                        ? Dataset.ofFloats(Shape.of(1), new float[] {1}, new int[] {0}, 3)
                        : Dataset.ofTargets(Shape.of(1), new float[] {1}, Shape.of(3), new float[3]);
                assertThatThrownBy(() -> model.predictProbabilities(new float[] {1}))
                        .isInstanceOf(WeftException.class)
                        .hasMessageContaining("a probability of sample 0 is NaN")
                        .hasMessageContaining("parameter linear1.bias has the value NaN");
                assertThatThrownBy(() -> model.evaluate(data, loss))
                        .isInstanceOf(WeftException.class)
                        .hasMessageContaining("evaluate: the loss is NaN")
                        .hasMessageContaining("parameter linear1.bias has the value NaN");
            }
        }
        try (Model model = Model.create(GRAPH, backend, 1)) {
            float[][] samples = samples(70);
            samples[66][2] = Float.NaN;
            assertThatThrownBy(() -> model.predictProbabilities(samples))
                    .hasMessageContaining("a probability of sample 66 is NaN; sample 66 has the value NaN");
            float[] values = new float[300 * 4];
            values[270 * 4 + 1] = Float.POSITIVE_INFINITY;
            Dataset data = Dataset.ofFloats(Shape.of(4), values, new int[300], 3);
            model.setParameter("linear1.weight", HostTensor.of(Shape.of(6, 4), new float[24]));
            assertThatThrownBy(() -> model.evaluate(data))
                    .hasMessageContaining("evaluate: the loss is NaN; sample 270 has the value Infinity");
        }
    }

    @Test
    void manySamplesGiveWhatSingleOnesGive() {
        try (Model model = Model.create(GRAPH, backend, 1)) {
            float[][] samples = samples(70);
            float[][] all = model.predict(samples);
            assertThat(all).hasDimensions(70, 3);
            for (int i = 0; i < samples.length; i++) {
                assertThat(all[i]).containsExactly(model.predict(samples[i]));
            }
            assertThat(model.predict(new float[0][])).isEmpty();
        }
    }

    @Test
    void aSampleOfAnotherSizeIsRefused() {
        try (Model model = Model.create(GRAPH, backend, 1)) {
            assertThatThrownBy(() -> model.predict(new float[][] {new float[4], new float[5]}))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("predict: sample 1 has 5 values, the graph needs 4 for shape [4]");
        }
    }

    /** 300 rows do not divide into batches of 256; the evaluation equals that of its parts, weighted. */
    @Test
    void anEvaluationIsTheMeanOverAllRows() {
        try (Model model = Model.create(GRAPH, backend, 1)) {
            Dataset data = data(300);
            Evaluation all = model.evaluate(data);
            Evaluation first = model.evaluate(data.slice(0, 7));
            Evaluation rest = model.evaluate(data.slice(7, 300));
            assertThat(all.samples()).isEqualTo(300);
            assertThat(first.samples()).isEqualTo(7);
            assertThat(rest.samples()).isEqualTo(293);
            assertThat(all.loss()).isCloseTo((7 * first.loss() + 293 * rest.loss()) / 300, within(1e-12));
            assertThat(all.accuracy()).isCloseTo((7 * first.accuracy() + 293 * rest.accuracy()) / 300, within(1e-12));
            int correct = 0;
            for (int i = 0; i < 300; i++) {
                float[] y = model.predict(data.image(i));
                int best = y[0] >= y[1] && y[0] >= y[2] ? 0 : y[1] >= y[2] ? 1 : 2;
                correct += best == data.label(i) ? 1 : 0;
            }
            assertThat(all.accuracy()).isCloseTo(correct / 300.0, within(1e-12));
        }
    }

    /** A used model has the data set in the backend's memory already. */
    @Test
    void aFreshModelAndAUsedOneSeeTheSameDataWhenItsArrayChanges() {
        float[] values = data(20).features().floats().clone();
        Dataset data = Dataset.ofFloats(Shape.of(4), values, new int[20], 3);
        try (Model used = Model.create(GRAPH, backend, 1);
                Model fresh = Model.create(GRAPH, backend, 1)) {
            Evaluation before = used.evaluate(data);
            Arrays.fill(values, 100);
            assertThat(used.evaluate(data)).isEqualTo(before);
            assertThat(fresh.evaluate(data)).isEqualTo(before);
        }
    }

    @Test
    void aSavedModelIsLoadedWithTheSamePredictions(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        float[] x = samples(1)[0];
        try (Model model = Model.create(GRAPH, backend, 1);
                Model other = Model.create(GRAPH, backend, 2)) {
            assertThat(other.predict(x)).isNotEqualTo(model.predict(x));
            model.save(file);
            other.loadParameters(file);
            assertThat(other.predict(x)).containsExactly(model.predict(x));
            assertThat(SafeTensors.read(file))
                    .containsOnlyKeys("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias");
        }
    }

    @Test
    void aSavedModelIsLoadedWithoutItsGraph(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        Graph graph = Graph.sequential(Shape.of(4), linear(6).init(Initializer.heNormal()), tanh(), linear(3));
        Dataset data = Dataset.ofFloats(Shape.of(4), data(20).features().floats(), new int[20], 3)
                .normalized(0.5, 2)
                .withClassNames(List.of("a", "b\nc", "\"d\""));
        try (Model model = Model.create(graph, backend, -7)) {
            assertThat(model.preparation()).isEmpty();
            Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(1e-2)).fit(data);
            model.save(file);
            try (Model loaded = Model.load(file, backend);
                    Model other = Model.create(graph, backend, 1)) {
                other.loadParameters(file);
                assertThat(GraphFile.write(loaded.graph())).isEqualTo(GraphFile.write(graph));
                assertThat(loaded.seed()).isEqualTo(-7);
                assertSameParameters(loaded, model);
                assertThat(loaded.preparation())
                        .contains(new Preparation(0.5, 2, List.of("a", "b\nc", "\"d\""), Optional.empty()));
                float[] x = samples(1)[0];
                assertThat(loaded.predict(x)).containsExactly(other.predict(x));
            }
        }
    }

    private static void assertSameParameters(Model one, Model other) {
        assertThat(one.parameters().keySet()).isEqualTo(other.parameters().keySet());
        one.parameters()
                .forEach((name, values) -> assertThat(values.floats())
                        .containsExactly(other.parameter(name).floats()));
    }

    @Test
    void theLastTrainingSaysHowSamplesArePreparedAndATablesFormStays() {
        Dataset data = Dataset.ofFloats(Shape.of(4), data(20).features().floats(), new int[20], 3);
        TableForm form = new TableForm(List.of(new TableForm.Column("x", 0.5, 2)), "class", 1);
        try (Model model = Model.create(GRAPH, backend, 1)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(1e-2));
            model.setPreparation(Preparation.of(data).with(form));
            trainer.fit(data);
            assertThat(model.preparation()).contains(Preparation.of(data).with(form));
            trainer.fit(data.normalized(0, 3));
            assertThat(model.preparation()).contains(new Preparation(0, 3, List.of("0", "1", "2"), Optional.empty()));
        }
    }

    @Test
    void aFileOfValuesAloneIsLoadedByCode(@TempDir Path folder) {
        Path file = folder.resolve("values.safetensors");
        try (Model model = Model.create(GRAPH, backend, 1)) {
            SafeTensors.write(file, model.parameters(), Map.of("format", "weft"));
            assertThatThrownBy(() -> Model.load(file, backend))
                    .isInstanceOf(DataException.class)
                    .hasMessage(file
                            + " holds values without a graph: make the model by Model.create, and use loadParameters");
            SafeTensors.write(file, model.parameters(), Map.of("graph", GraphFile.write(GRAPH), "seed", "many"));
            assertThatThrownBy(() -> Model.load(file, backend))
                    .isInstanceOf(DataException.class)
                    .hasMessage(file + ": its seed is 'many', no whole number");
            SafeTensors.write(
                    file,
                    model.parameters(),
                    Map.of(
                            "graph",
                            GraphFile.write(GRAPH),
                            "preparation",
                            "{\"mean\": 0, \"deviation\": 0, \"classes\": [], \"table\": null}"));
            assertThatThrownBy(() -> Model.load(file, backend))
                    .isInstanceOf(DataException.class)
                    .hasMessage(
                            file
                                    + " (preparation), line 1, column 1: is refused: samples have a finite mean and a positive deviation, got 0.0 and 0.0");
        }
    }

    /** An initializer that is a lambda has no name; the values are saved all the same. */
    @Test
    void aGraphThatNoFileCanHoldIsLeftOut(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        Graph graph = Graph.sequential(
                Shape.of(4), linear(3).init((values, fanIn, fanOut, random) -> Arrays.fill(values, 0.25f)));
        try (Model model = Model.create(graph, backend, 1);
                Model other = Model.create(graph, backend, 1)) {
            model.setParameter("linear1.bias", HostTensor.of(Shape.of(3), 1f, 2f, 3f));
            model.save(file);
            assertThat(SafeTensors.metadata(file)).doesNotContainKey("graph");
            other.loadParameters(file);
            assertSameParameters(other, model);
        }
    }

    @Test
    void aFileThatDoesNotFitLeavesTheModelAsItIs(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        try (Model model = Model.create(GRAPH, backend, 1);
                Model other = Model.create(GRAPH, backend, 2)) {
            float[] before = model.parameter("linear1.weight").floats();
            Map<String, HostTensor> tensors = new LinkedHashMap<>(other.parameters());
            HostTensor last = tensors.remove("linear2.bias");
            SafeTensors.write(file, tensors, Map.of());
            assertThatThrownBy(() -> model.loadParameters(file))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("no tensor linear2.bias")
                    .hasMessageContaining("linear1.weight");
            tensors.put("linear2.bias", HostTensor.of(Shape.of(1, 3), last.floats()));
            SafeTensors.write(file, tensors, Map.of());
            assertThatThrownBy(() -> model.loadParameters(file))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("linear2.bias: the graph needs shape [3]")
                    .hasMessageContaining("[1,3]");
            assertThat(model.parameter("linear1.weight").floats()).containsExactly(before);
        }
    }

    @Test
    void parametersAreReadAndWrittenByName() {
        try (Model model = Model.create(GRAPH, backend, 1)) {
            assertThat(model.parameters().keySet())
                    .containsExactly("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias");
            assertThat(model.parameter("linear1.bias").doubles()).containsOnly(0);
            assertThatThrownBy(() -> model.parameter("linear9.bias"))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("no parameter linear9.bias")
                    .hasMessageContaining("linear2.bias");
            assertThatThrownBy(() -> model.setParameter("linear1.bias", HostTensor.of(Shape.of(1, 6), new float[6])))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("linear1.bias: needs shape [6], got [1,6]");
        }
    }

    @Test
    void freshParametersDependOnSeedAndNameAlone() {
        Graph longer = Graph.sequential(Shape.of(4), linear(6), tanh(), linear(3), tanh(), linear(2));
        try (Model a = Model.create(GRAPH, backend, 1);
                Model b = Model.create(longer, backend, 1);
                Model c = Model.create(GRAPH, backend, 2)) {
            for (String name : List.of("linear1.weight", "linear2.weight")) {
                assertThat(b.parameter(name).doubles())
                        .containsExactly(a.parameter(name).doubles());
                assertThat(c.parameter(name).doubles())
                        .isNotEqualTo(a.parameter(name).doubles());
            }
        }
    }

    @Test
    void probabilitiesNeedAVector() {
        Graph graph = Graph.sequential(Shape.of(2, 3), tanh());
        try (Model model = Model.create(graph, backend, 1)) {
            assertThatThrownBy(() -> model.predictProbabilities(new float[6]))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("tanh1: probabilities need an output [C], got [2,3]");
        }
    }

    @Test
    void aClosedModelSaysSo(@TempDir Path folder) {
        Model model = Model.create(GRAPH, backend, 1);
        model.predict(new float[4]);
        model.evaluate(data(3));
        model.activations(new float[4]);
        model.close();
        model.close();
        List<ThrowingCallable> uses = List.of(
                () -> model.predict(new float[4]),
                () -> model.evaluate(data(3)),
                () -> model.activations(new float[4]),
                () -> model.gradients(data(3), Loss.softmaxCrossEntropy()),
                model::predictor,
                model::parameters,
                () -> model.parameter("linear1.bias"),
                () -> model.setParameter("linear1.bias", HostTensor.of(Shape.of(6), new float[6])),
                () -> model.save(folder.resolve("model.safetensors")),
                () -> Trainer.of(model, Loss.softmaxCrossEntropy(), Sgd.of(1)).fit(data(3)));
        for (ThrowingCallable use : uses) {
            assertThatThrownBy(use).isInstanceOf(WeftException.class).hasMessage("the model is closed");
        }
        assertThat(folder).isEmptyDirectory();
    }
}
