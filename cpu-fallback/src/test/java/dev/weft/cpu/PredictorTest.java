package dev.weft.cpu;

import static dev.weft.layer.Layers.add;
import static dev.weft.layer.Layers.avgPool2d;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Kernels;
import dev.weft.conformance.Centered;
import dev.weft.conformance.Lenet5;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Sgd;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import dev.weft.train.Predictor;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Predictions for many threads: the same bits as one by one. */
@Timeout(120)
class PredictorTest {
    private static final Graph SMALL = Graph.sequential(Shape.of(4), linear(6), tanh(), linear(3));

    private static Backend open(String backend) {
        return backend.equals("reference")
                ? Backends.open(backend)
                : Backends.open("cpu", new BackendOptions(2, Kernels.of(backend)));
    }

    private static float[][] samples(Graph graph, int rows) {
        float[][] samples =
                new float[rows][Math.toIntExact(graph.input().shape().elements())];
        Random random = new Random(3);
        for (float[] sample : samples) {
            for (int i = 0; i < sample.length; i++) {
                sample[i] = (float) random.nextGaussian();
            }
        }
        return samples;
    }

    /** One by one. */
    private static float[][] serial(Model model, float[][] samples) {
        return Arrays.stream(samples).map(model::predict).toArray(float[][]::new);
    }

    /** So many threads at once, each with its number. */
    private static <T> List<Future<T>> together(int threads, java.util.function.IntFunction<Callable<T>> work)
            throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Callable<T>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                Callable<T> one = work.apply(i);
                all.add(() -> {
                    start.await();
                    return one.call();
                });
            }
            return pool.invokeAll(all);
        } finally {
            pool.shutdown();
        }
    }

    /** Networks whose products and convolutions are tiled, whole, wide, long and narrow. */
    private static List<Graph> networks() {
        return List.of(
                Lenet5.graph(),
                Graph.sequential(Shape.of(784), linear(512), relu(), linear(300), tanh(), linear(33)),
                Graph.sequential(Shape.of(3000), linear(1)),
                Graph.sequential(Shape.of(4), new Centered(), linear(6), tanh(), linear(3), softmax()),
                Graph.sequential(
                        Shape.of(3, 12, 12),
                        conv2d(20, 3).padding(1),
                        sigmoid(),
                        avgPool2d(2),
                        conv2d(33, 3),
                        flatten(),
                        linear(7)));
    }

    /** What {@link Backend#batchInvariant} says, on which the predictor's choice of a batch rests. */
    @ParameterizedTest
    @ValueSource(strings = {"vector", "scalar", "reference"})
    void batchesOfAnySizeGiveTheSameBits(String name) {
        try (Backend backend = open(name)) {
            assertThat(backend.batchInvariant()).isTrue();
            for (Graph graph : networks()) {
                try (Model model = Model.create(graph, backend, 1)) {
                    float[][] samples = samples(graph, name.equals("reference") ? 17 : 70);
                    float[][] serial = serial(model, samples);
                    for (int rows : new int[] {2, 4, 5, 16, 17, 64, 65, 70}) {
                        if (rows <= samples.length) {
                            float[][] batch =
                                    model.predict(Arrays.copyOfRange(samples, samples.length - rows, samples.length));
                            for (int i = 0; i < rows; i++) {
                                assertThat(batch[i])
                                        .as("%d rows", rows)
                                        .containsExactly(serial[samples.length - rows + i]);
                            }
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vector", "scalar", "reference"})
    void sixteenThreadsGetTheBitsOfSerialCalls(String name) throws Exception {
        Graph graph = name.equals("vector") ? Lenet5.graph() : SMALL;
        try (Backend backend = open(name);
                Model model = Model.create(graph, backend, 1);
                Predictor predictor = model.predictor()) {
            float[][] samples = samples(graph, 97);
            float[][] serial = serial(model, samples);
            float[][] probabilities =
                    Arrays.stream(samples).map(model::predictProbabilities).toArray(float[][]::new);
            List<Future<Void>> threads = together(16, number -> () -> {
                for (int i = 0; i < 60; i++) {
                    int at = (i * 7 + number * 11) % samples.length;
                    switch ((i + number) % 4) {
                        case 0 ->
                            assertThat(predictor.predictProbabilities(samples[at]))
                                    .containsExactly(probabilities[at]);
                        case 1 -> {
                            int end = Math.min(samples.length, at + 1 + i);
                            assertThat(predictor.predict(Arrays.copyOfRange(samples, at, end)))
                                    .isDeepEqualTo(Arrays.copyOfRange(serial, at, end));
                        }
                        default -> assertThat(predictor.predict(samples[at])).containsExactly(serial[at]);
                    }
                }
                return null;
            });
            for (Future<Void> thread : threads) {
                thread.get();
            }
        }
    }

    @Test
    void itsParametersAndStatesAreThoseOfItsMaking() {
        Graph graph = Graph.sequential(Shape.of(2), new Centered(), linear(2));
        float[] x = {3, 4};
        try (Backend backend = open("vector")) {
            Model model = Model.create(graph, backend, 1);
            float[] before = model.predict(x);
            try (Predictor predictor = Predictor.of(model)) {
                Dataset data = Dataset.ofTargets(Shape.of(2), new float[] {1, 10, 3, 30}, Shape.of(2), new float[4]);
                Trainer.of(model, Loss.meanSquaredError(), Sgd.of(0.01))
                        .callback(new dev.weft.train.Callback() {
                            @Override
                            public void epochDone(dev.weft.train.EpochResult epoch) {
                                assertThat(predictor.predict(x)).containsExactly(before);
                            }
                        })
                        .fit(data);
                float[] after = model.predict(x);
                assertThat(after).isNotEqualTo(before);
                try (Predictor later = Predictor.of(model)) {
                    assertThat(later.predict(x)).containsExactly(after);
                }
                model.close();
                assertThat(predictor.predict(x)).containsExactly(before);
            }
            assertThatThrownBy(() -> Predictor.of(model))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("the model is closed");
        }
    }

    /** In the batches of the others. */
    @Test
    void aWrongRequestDoesNotReachOthers() throws Exception {
        try (Backend backend = open("vector");
                Model model = Model.create(SMALL, backend, 1);
                Predictor predictor = model.predictor()) {
            float[][] samples = samples(SMALL, 8);
            float[][] serial = serial(model, samples);
            List<Future<Void>> threads = together(8, number -> () -> {
                for (int i = 0; i < 200; i++) {
                    if (number == 0) {
                        assertThatThrownBy(() -> predictor.predict(new float[5]))
                                .isInstanceOf(ShapeException.class)
                                .hasMessage("predict: sample 0 has 5 values, the graph needs 4 for shape [4]");
                    } else if (number == 1) {
                        assertThatThrownBy(() -> predictor.predictProbabilities(new float[] {1, 2, Float.NaN, 4}))
                                .isInstanceOf(WeftException.class)
                                .hasMessage(
                                        "predict: a probability of sample 0 is NaN; sample 0 has the value NaN: check the data");
                    } else {
                        assertThat(predictor.predict(samples[number])).containsExactly(serial[number]);
                    }
                }
                return null;
            });
            for (Future<Void> thread : threads) {
                thread.get();
            }
        }
    }

    @Test
    void aProbabilityThatIsNotANumberNamesTheParameter() {
        try (Backend backend = open("vector");
                Model model = Model.create(SMALL, backend, 1)) {
            model.setParameter("linear2.bias", HostTensor.of(Shape.of(3), 1, Float.NaN, 3));
            try (Predictor predictor = model.predictor()) {
                model.setParameter("linear2.bias", HostTensor.of(Shape.of(3), 1f, 2, 3));
                assertThatThrownBy(() -> predictor.predictProbabilities(new float[4]))
                        .hasMessageContaining(
                                "a probability of sample 0 is NaN; parameter linear2.bias has the value NaN");
            }
        }
    }

    private static Graph twoByTwo() {
        Graph.Builder b = Graph.builder();
        Node left = b.add("left", linear(3), b.input("x", Shape.of(4)));
        Node right = b.add("right", linear(3), b.input("z", Shape.of(2)));
        Node sum = b.add("sum", add(), left, right);
        return b.build(b.add("mean", linear(2), sum), b.add("scale", linear(5), sum));
    }

    @Test
    void severalInputsAndOutputsHaveNames() {
        try (Backend backend = open("vector");
                Model model = Model.create(twoByTwo(), backend, 1);
                Predictor predictor = model.predictor()) {
            HostTensor x = HostTensor.of(Shape.of(70, 4), flat(samples(SMALL, 70)));
            HostTensor z = HostTensor.of(Shape.of(70, 2), flat(samples(SMALL, 35)));
            Map<String, HostTensor> all = predictor.predict(Map.of("x", x, "z", z));
            assertThat(all.keySet()).containsExactly("mean", "scale");
            assertThat(all.get("scale").shape()).isEqualTo(Shape.of(70, 5));
            for (int i : new int[] {0, 63, 64, 69}) {
                Map<String, HostTensor> one = model.predict(Map.of("x", x.rows(i, i + 1), "z", z.rows(i, i + 1)));
                all.forEach((name, values) -> assertThat(values.rows(i, i + 1).floats())
                        .containsExactly(one.get(name).floats()));
            }
            assertThatThrownBy(() -> predictor.predict(Map.of("x", x)))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("predict: the input z[2] is missing; there are [x]");
            assertThatThrownBy(() -> predictor.predict(Map.of("x", x, "z", z, "y", z)))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("predict: the graph has no input y; there are [x[4], z[2]]");
            assertThatThrownBy(() -> predictor.predict(Map.of("x", x, "z", z.rows(0, 69))))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("predict: the input z needs REAL[70,2], got REAL[69,2]");
            assertThatThrownBy(() ->
                            predictor.predict(Map.of("x", x, "z", HostTensor.of(Shape.of(70, 2), new int[140]))))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("predict: the input z needs REAL[70,2], got I32[70,2]");
            assertThatThrownBy(() -> predictor.predict(new float[4]))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("the graph has 2: mean, scale");
        }
    }

    private static float[] flat(float[][] samples) {
        float[] all = new float[samples.length * samples[0].length];
        for (int i = 0; i < samples.length; i++) {
            System.arraycopy(samples[i], 0, all, i * samples[0].length, samples[0].length);
        }
        return all;
    }

    /** What a model of its own would be needed for: each sample less the mean of its batch. */
    private record BatchCentered() implements Layer {
        @Override
        public String kind() {
            return "centered";
        }

        @Override
        public Shape infer(List<Shape> inputs) {
            return Layer.single(inputs);
        }

        @Override
        public TensorRef lower(Lowering l, List<TensorRef> inputs) {
            TensorRef x = inputs.get(0);
            TensorRef y = l.output(x.shape().sample());
            TensorRef weights = l.inner("weights", Shape.of(l.batch()));
            l.emit(new Op.Fill(l.layer(), 1.0 / l.batch(), weights));
            l.emit(new Op.MatMul(l.layer(), weights, x, false, false, y));
            return y;
        }
    }

    @Test
    void samplesThatDependOnEachOtherAreNotGathered() {
        try (Backend backend = open("vector");
                Model model = Model.create(Graph.sequential(Shape.of(4), linear(2), new BatchCentered()), backend, 1)) {
            assertThatThrownBy(() -> Predictor.of(model))
                    .isInstanceOf(WeftException.class)
                    .hasMessageContaining("samples of a batch depend on each other")
                    .hasMessageContaining("centered1");
        }
    }

    @Test
    void aClosedPredictorSaysSoAndThoseWhoWaitedAreServed() throws Exception {
        try (Backend backend = open("vector");
                Model model = Model.create(Lenet5.graph(), backend, 1)) {
            float[][] samples = samples(Lenet5.graph(), 64);
            float[][] serial = serial(model, samples);
            Predictor predictor = model.predictor();
            CountDownLatch warm = new CountDownLatch(8);
            ExecutorService pool = Executors.newFixedThreadPool(8);
            List<Future<Integer>> threads = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                threads.add(pool.submit(() -> {
                    for (int served = 0; ; served++) {
                        try {
                            assertThat(predictor.predict(samples)).isDeepEqualTo(serial);
                        } catch (WeftException e) {
                            assertThat(e).hasMessage("the predictor is closed");
                            return served;
                        }
                        warm.countDown();
                    }
                }));
            }
            warm.await();
            predictor.close();
            predictor.close();
            for (Future<Integer> thread : threads) {
                assertThat(thread.get()).isPositive();
            }
            pool.shutdown();
            assertThatThrownBy(() -> predictor.predict(samples[0]))
                    .isInstanceOf(WeftException.class)
                    .hasMessage("the predictor is closed");
        }
    }

    /** A thread is interrupted in the queue; the others get what they asked for. */
    @Test
    void anInterruptEndsTheWaitOfOneThreadAlone() throws Exception {
        try (Backend backend = open("vector");
                Model model = Model.create(Lenet5.graph(), backend, 1);
                Predictor predictor = model.predictor()) {
            float[][] samples = samples(Lenet5.graph(), 64);
            float[][] serial = serial(model, samples);
            AtomicReference<Throwable> seen = new AtomicReference<>();
            CountDownLatch ended = new CountDownLatch(1);
            Thread interrupted = new Thread(() -> {
                Thread.currentThread().interrupt();
                try {
                    // alone it need not wait, and an interrupt does not matter
                    while (true) {
                        float[] y = predictor.predict(samples[0]);
                        if (!Arrays.equals(y, serial[0])
                                || !Thread.currentThread().isInterrupted()) {
                            throw new AssertionError("another result, or the interrupt is lost");
                        }
                    }
                } catch (WeftException | AssertionError e) {
                    seen.set(e);
                    if (!Thread.currentThread().isInterrupted()) {
                        seen.set(new AssertionError("the interrupt is lost", e));
                    }
                } finally {
                    ended.countDown();
                }
            });
            ExecutorService pool = Executors.newFixedThreadPool(4);
            List<Future<Void>> others = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                others.add(pool.submit(() -> {
                    do {
                        assertThat(predictor.predict(samples)).isDeepEqualTo(serial);
                    } while (ended.getCount() > 0);
                    return null;
                }));
            }
            interrupted.start();
            assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
            for (Future<Void> other : others) {
                other.get();
            }
            pool.shutdown();
            assertThat(seen.get())
                    .isInstanceOf(WeftException.class)
                    .hasMessage("predict: the thread was interrupted while it waited for others");
            assertThat(predictor.predict(samples[1])).containsExactly(serial[1]);
        }
    }

    /** A failure of the backend reaches all whom the batch was for, and nobody waits for ever. */
    @Test
    void aFailingBackendIsAnErrorForAll() throws Exception {
        Backend backend = open("vector");
        try (Model model = Model.create(Lenet5.graph(), backend, 1);
                Predictor predictor = model.predictor()) {
            backend.close();
            float[][] samples = samples(Lenet5.graph(), 16);
            for (Future<float[]> thread : together(16, number -> () -> predictor.predict(samples[number]))) {
                assertThatThrownBy(thread::get)
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .hasMessage("the backend cpu is closed");
            }
        }
    }
}
