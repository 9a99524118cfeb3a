package dev.weft.cpu;

import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.io.SafeTensors;
import dev.weft.loss.Loss;
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
            other.load(file);
            assertThat(other.predict(x)).containsExactly(model.predict(x));
            assertThat(SafeTensors.read(file))
                    .containsOnlyKeys("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias");
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
            assertThatThrownBy(() -> model.load(file))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("no tensor linear2.bias")
                    .hasMessageContaining("linear1.weight");
            tensors.put("linear2.bias", HostTensor.of(Shape.of(1, 3), last.floats()));
            SafeTensors.write(file, tensors, Map.of());
            assertThatThrownBy(() -> model.load(file))
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
        model.close();
        model.close();
        List<ThrowingCallable> uses = List.of(
                () -> model.predict(new float[4]),
                () -> model.evaluate(data(3)),
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
