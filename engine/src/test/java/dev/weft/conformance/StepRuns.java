package dev.weft.conformance;

import static dev.weft.layer.Layers.bidirectional;
import static dev.weft.layer.Layers.concat;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.embedding;
import static dev.weft.layer.Layers.gru;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.lstm;
import static dev.weft.layer.Layers.maxOverTime;
import static dev.weft.layer.Layers.meanOverTime;
import static dev.weft.layer.Layers.recurrent;
import static dev.weft.layer.Layers.sigmoid;
import static dev.weft.layer.Layers.simpleRnn;
import static dev.weft.layer.Layers.tanh;
import static dev.weft.layer.Layers.timeDistributed;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.StepRange;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.data.Columns;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.layer.Cells;
import dev.weft.layer.Layers;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.op.expr.Functions;
import dev.weft.optim.Adam;
import dev.weft.optim.Schedule;
import dev.weft.optim.Sgd;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.Network;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Steps of several networks, losses, optimizers, random tensors and gradients that no loss has: what supervised training has not. */
public final class StepRuns {
    private static final int BATCH = 5;
    private static final int ROWS = 4 * BATCH;

    private StepRuns() {}

    /** A step with the data that it reads. */
    public record Case(String name, Step step, Columns data) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** All steps. */
    public static List<Case> all() {
        return List.of(generativePair(), boltzmannMachine(), policy(), adversarial(), words(), series());
    }

    /** Two networks and two optimizers; the generator is judged by the critic as its update has left it. */
    public static Case generativePair() {
        Network generator = GraphLowering.of(
                "generator", Graph.sequential(Shape.of(3), linear(7), tanh(), dropout(0.2), linear(6), sigmoid()), 1);
        Network critic = GraphLowering.of("critic", Graph.sequential(Shape.of(6), linear(8), tanh(), linear(1)), 2);
        Loss error = Loss.meanSquaredError();
        Step step = Step.of("pair", s -> {
            TensorRef fake = s.apply("fake", generator, s.normal("z", Shape.of(3)));
            TensorRef judged = s.sum(
                    s.loss(error, s.apply("onReal", critic, s.column("image")), 1),
                    s.loss(error, s.apply("onFake", critic, s.constant(fake)), 0));
            s.minimise(judged, critic, Adam.of(0.02));
            TensorRef fooled = s.loss(error, s.apply("again", critic, fake), 1);
            s.minimise(s.scale(0.5, fooled), generator, Sgd.of(0.1).momentum(0.9));
            s.metric("critic", judged);
            s.metric("generator", fooled);
        });
        byte[] image = new byte[ROWS * 6];
        for (int i = 0; i < image.length; i++) {
            image[i] = (byte) (37 * i);
        }
        return new Case("generative pair", step.seed(3), Columns.of("image", HostTensor.of(Shape.of(ROWS, 6), image)));
    }

    /** Contrastive divergence: gradients by ops, and hidden units that are drawn. */
    private static Case boltzmannMachine() {
        Graph.Builder b = Graph.builder();
        Node up = b.add("up", linear(4), b.input("visible", Shape.of(6)));
        Node down =
                b.tie("down", linear(6).transposed(), Map.of("weight", "up.weight"), b.input("hidden", Shape.of(4)));
        Network machine = GraphLowering.of(
                "machine", b.build(b.add("upper", Layers.sigmoid(), up), b.add("lower", Layers.sigmoid(), down)), 1);
        Step step = Step.of("cd", s -> {
            TensorRef v = s.column("visible");
            TensorRef h = s.apply("data", machine, "upper", v);
            TensorRef v1 = s.apply("back", machine, "lower", s.bernoulli("drawn", h));
            TensorRef h1 = s.apply("model", machine, "upper", v1);
            double n = s.batch();
            s.gradient(
                    machine,
                    "up.weight",
                    dw -> Op.Map.of("cd", Functions.scale(1 / n), dw, s.difference(s.outer(h1, v1), s.outer(h, v))));
            s.gradient(
                    machine, "up.bias", db -> new Op.BiasGradient("cd", s.scale(1 / n, s.sum(h1, s.scale(-1, h))), db));
            s.update(machine, Sgd.of(0.1));
        });
        float[] visible = new float[ROWS * 6];
        for (int i = 0; i < visible.length; i++) {
            visible[i] = i % 7 % 2;
        }
        return new Case("Boltzmann machine", step, Columns.of("visible", HostTensor.of(Shape.of(ROWS, 6), visible)));
    }

    /** Sentences of one to six words: their class, and for each word the next one. */
    private static Case words() {
        int steps = 6;
        Graph.Builder b = Graph.builder();
        Node words = b.input("words", DType.I32, Shape.of(steps));
        Node lengths = b.input("lengths", DType.I32, Shape.of());
        Node vectors = b.add(embedding(9, 4).padding(0), words);
        Node both = b.add(bidirectional(lstm(3).withLengths()), vectors, lengths);
        Node last = b.add(recurrent(Cells.lstmOfStates(), 5).withLengths().last(), both, lengths);
        Node mean = b.add(meanOverTime().withLengths(), both, lengths);
        Node max = b.add(maxOverTime().withLengths(), both, lengths);
        Node classes = b.add("classes", linear(3), b.add(concat(), last, mean, max));
        Node next = b.add("next", timeDistributed(linear(9)), b.add(gru(4).withLengths(), vectors, lengths));
        Network network = GraphLowering.of("model", b.build(classes, next), 1);
        Step step = Step.of("words", s -> {
            Map<String, TensorRef> y =
                    s.apply("", network, Map.of("words", s.column("words"), "lengths", s.column("lengths")));
            TensorRef ofClass = s.loss(Loss.softmaxCrossEntropy(), y.get("classes"), s.column("class"));
            TensorRef ofNext = s.loss(
                    Loss.weightedCrossEntropy(List.of(0.0, 1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 0.5)),
                    y.get("next"),
                    s.column("words"),
                    s.column("weights"));
            s.minimise(s.sum(ofClass, ofNext), network, Adam.of(0.01));
            s.metric("loss", ofClass);
        });
        Philox.Sequence random = Philox.sequence(5, "words", 0);
        int[] indices = new int[ROWS * steps];
        float[] weights = new float[ROWS * steps];
        int[] ofLengths = new int[ROWS];
        int[] ofClasses = new int[ROWS];
        for (int n = 0; n < ROWS; n++) {
            ofLengths[n] = 1 + random.nextInt(steps);
            ofClasses[n] = random.nextInt(3);
            for (int t = 0; t < ofLengths[n]; t++) {
                indices[n * steps + t] = 1 + random.nextInt(8);
                weights[n * steps + t] = 1;
            }
        }
        return new Case(
                "words",
                step,
                Columns.of("words", HostTensor.of(Shape.of(ROWS, steps), indices))
                        .with("lengths", HostTensor.of(Shape.of(ROWS), ofLengths))
                        .with("weights", HostTensor.of(Shape.of(ROWS, steps), weights))
                        .classes("class", ofClasses, 3));
    }

    /** Windows of series, each of which begins with the states that the one before it ended in. */
    private static Case series() {
        Graph graph = Graph.sequential(
                Shape.of(3, 2),
                lstm(4).carryStates(BATCH),
                simpleRnn(3).carryStates(BATCH),
                timeDistributed(linear(2)));
        Network network = GraphLowering.of("model", graph, 1);
        Step step = Step.of("series", s -> {
            TensorRef x = s.column("series");
            TensorRef loss = s.loss(Loss.meanSquaredError(), s.apply(network, x), x);
            s.minimise(loss, network, Sgd.of(0.1));
            s.metric("loss", loss);
        });
        Philox.Sequence random = Philox.sequence(5, "series", 0);
        float[] values = new float[ROWS * 6];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextNormal();
        }
        return new Case("series", step, Columns.of("series", HostTensor.of(Shape.of(ROWS, 3, 2), values)));
    }

    /** A loss with a weight for each row, of a network of which a part is frozen. */
    private static Case policy() {
        Network policy = GraphLowering.of("model", Graph.sequential(Shape.of(4), linear(8), tanh(), linear(3)), 1);
        Step step = Step.of("policy", s -> {
            TensorRef logits = s.apply(policy, s.column("state"));
            TensorRef loss = s.loss(Loss.softmaxCrossEntropy(), logits, s.column("action"), s.column("reward"));
            s.minimise(loss, policy, name -> !name.equals("linear1.bias"), Adam.of(0.01));
            s.metric("loss", loss);
        });
        Philox.Sequence random = Philox.sequence(5, "policy", 0);
        float[] states = new float[ROWS * 4];
        float[] rewards = new float[ROWS];
        int[] actions = new int[ROWS];
        for (int i = 0; i < states.length; i++) {
            states[i] = (float) random.nextNormal();
        }
        for (int i = 0; i < ROWS; i++) {
            rewards[i] = (float) random.nextNormal();
            actions[i] = random.nextInt(3);
        }
        return new Case(
                "policy",
                step,
                Columns.of("state", HostTensor.of(Shape.of(ROWS, 4), states))
                        .classes("action", actions, 3)
                        .with("reward", HostTensor.of(Shape.of(ROWS), rewards)));
    }

    /** Training on samples that are moved along the gradient of the loss with respect to them. */
    private static Case adversarial() {
        Network network = GraphLowering.of("model", Graph.sequential(Shape.of(4), linear(8), tanh(), linear(3)), 1);
        Loss loss = Loss.meanSquaredError();
        Step step = Step.of("adversarial", s -> {
            TensorRef x = s.column("x");
            TensorRef target = s.column("y");
            TensorRef clean = s.loss(loss, s.apply("clean", network, x), target);
            TensorRef moved = s.sum(x, s.scale(0.5, s.gradientOf(clean, x)));
            TensorRef hard = s.loss(loss, s.apply("hard", network, s.constant(moved)), target);
            s.minimise(s.sum(clean, hard), network, Sgd.of(0.1));
            s.metric("clean", clean);
            s.metric("hard", hard);
        });
        float[] x = new float[ROWS * 4];
        float[] y = new float[ROWS * 3];
        for (int i = 0; i < x.length; i++) {
            x[i] = (i * 29 % 17) / 8f - 1;
        }
        for (int i = 0; i < y.length; i++) {
            y[i] = (i * 31 % 13) / 6f - 1;
        }
        return new Case(
                "adversarial",
                step,
                Columns.of("x", HostTensor.of(Shape.of(ROWS, 4), x)).with("y", HostTensor.of(Shape.of(ROWS, 3), y)));
    }

    private static Map<TensorRef, HostTensor> parameters(CompiledStep step) {
        Map<TensorRef, HostTensor> values = new LinkedHashMap<>();
        for (Network network : step.networks()) {
            network.lowering().layout().views().values().forEach(view -> {
                Philox.Sequence random = Philox.sequence(9, view.name(), 0);
                float[] all = new float[view.elements()];
                for (int i = 0; i < all.length; i++) {
                    all[i] = (float) (0.4 * random.nextNormal());
                }
                values.put(view, HostTensor.of(view.shape(), all));
            });
        }
        return values;
    }

    static void everyOpAgrees(Case c, Backend reference, Backend candidate, MemoryMode mode) {
        Map<String, HostTensor> parameters = new LinkedHashMap<>();
        parameters(c.step.compile(DataTensors.of("check", c.data), BATCH))
                .forEach((view, values) -> parameters.put(view.name(), values));
        try (BackendCheck check = new BackendCheck(c.step, parameters, c.data, BATCH, reference, candidate, mode)) {
            for (int i = 0; i < 3; i++) {
                CheckReport report = check.step(i);
                assertThat(report.differences()).isNotEmpty();
                assertThat(report).matches(CheckReport::passed, "all outputs are equal");
            }
        }
    }

    /** What four steps leave: parameters, optimizers' slots, and the metrics of each step. */
    public static Map<String, double[]> run(Case c, Backend backend, MemoryMode mode, int stepsPerRun) {
        CompiledStep step = c.step.compile(DataTensors.of("data", c.data), BATCH);
        Map<String, double[]> results = new LinkedHashMap<>();
        try (BoundStep bound = BoundStep.of(step, backend, mode)) {
            bound.write(c.data);
            parameters(step).forEach(bound::write);
            List<Double> metrics = new ArrayList<>();
            for (int first = 0; first < 4; first += stepsPerRun) {
                double[] values = run(bound, first, stepsPerRun);
                Arrays.stream(values).forEach(metrics::add);
                assertThat(bound.executable().nonFiniteStep()).isEqualTo(-1);
            }
            results.put("metrics", metrics.stream().mapToDouble(x -> x).toArray());
            read(bound, results);
        }
        return results;
    }

    private static double[] run(BoundStep bound, int first, int count) {
        int optimizers = bound.step().program().optimizers();
        StepRange range = new StepRange(
                first, count, first * BATCH, BATCH, optimizers, new double[count * optimizers * StepRange.RATES]);
        bound.step().fillRates(range, Schedule.cosine(), 0, 8, 4);
        bound.executable().run(range);
        double[] metrics = new double[count * bound.step().program().metrics().size()];
        bound.executable().metrics(metrics);
        return metrics;
    }

    private static void read(BoundStep bound, Map<String, double[]> results) {
        for (Role role : List.of(Role.PARAMETER, Role.OPTIMIZER)) {
            bound.step()
                    .buffers(role)
                    .forEach(buffer -> results.put(
                            buffer.name(), bound.read(buffer).doubles().clone()));
        }
    }

    static void runsGiveTheBitsOfSingleSteps(Case c, Backend backend) {
        Map<String, double[]> atOnce = run(c, backend, MemoryMode.ARENA, 4);
        // in the other modes every kernel is launched by itself
        for (MemoryMode mode : MemoryMode.values()) {
            Map<String, double[]> single = run(c, backend, mode, 1);
            assertThat(single).containsOnlyKeys(atOnce.keySet());
            single.forEach((name, values) ->
                    assertThat(values).as("%s, %s, %s", c, name, mode).containsExactly(atOnce.get(name)));
        }
        assertThat(atOnce.values().stream().flatMapToDouble(Arrays::stream)).allMatch(Double::isFinite);
    }

    /** A NaN among the critic's images, so neither network nor optimizer moves. */
    static void aBadStepChangesNothing(Backend backend) {
        Case c = generativePair();
        CompiledStep step = c.step.compile(DataTensors.of("data", c.data), BATCH);
        try (BoundStep bound = BoundStep.of(step, backend, MemoryMode.ARENA)) {
            bound.write(c.data);
            parameters(step).forEach(bound::write);
            run(bound, 0, 1);
            TensorRef weight = ((GraphLowering) step.networks().get(1)).layout().view("linear1.weight");
            float[] values = bound.read(weight).floats().clone();
            values[3] = Float.NaN;
            bound.write(weight, HostTensor.of(weight.shape(), values));
            Map<String, double[]> before = new LinkedHashMap<>();
            read(bound, before);
            run(bound, 1, 2);
            assertThat(bound.executable().nonFiniteStep()).isEqualTo(1);
            Map<String, double[]> after = new LinkedHashMap<>();
            read(bound, after);
            before.forEach((name, all) -> assertThat(after.get(name)).as(name).isEqualTo(all));
        }
    }
}
