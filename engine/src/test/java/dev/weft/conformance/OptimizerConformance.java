package dev.weft.conformance;

import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.ParameterGroup;
import dev.weft.optim.RuleOptimizer;
import dev.weft.optim.Rules;
import dev.weft.optim.Schedule;
import dev.weft.optim.Sgd;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import dev.weft.train.Training;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Every optimizer on a backend: fifty steps against the formula of its paper in plain double code, and what can be made of each.
 * All constants are numbers that a float holds exactly, so that the reference has to agree to the last digits of a double.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class OptimizerConformance {
    private static final int STEPS = 50;
    private static final int SIZE = 21;

    private static final double LR = 1 / 64.0;
    private static final double BETA1 = 0.875;
    private static final double BETA2 = 1 - 1 / 64.0;
    private static final double EPSILON = 1 / 1048576.0;
    private static final double L1 = 1 / 16.0;
    private static final double L2 = 1 / 8.0;

    /** As many roundings of a step's terms, a few each for the means, the root, the quotient and the constants. */
    private static final int ROUNDINGS = 32;

    private Backend backend;

    /** Opens the backend under test; it is closed after the last test. */
    protected abstract Backend open();

    /** Half the distance from 1 to the next number that the backend computes with. */
    protected double roundoff() {
        return 0x1p-24;
    }

    @BeforeAll
    void openBackend() {
        backend = open();
    }

    @AfterAll
    void closeBackend() {
        backend.close();
    }

    // ---------------------------------------------------------------- formulas

    private record Case(String name, RuleOptimizer optimizer, Supplier<PublishedOptimizer> published) {}

    private static Case of(String name, RuleOptimizer optimizer, Supplier<PublishedOptimizer> published) {
        return new Case(name, optimizer, published);
    }

    private static RuleOptimizer adam() {
        return RuleOptimizer.of(Rules.adam(BETA1, BETA2, EPSILON), LR);
    }

    private static PublishedOptimizer publishedAdam() {
        return PublishedOptimizer.adam(LR, BETA1, BETA2, EPSILON, 0);
    }

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.add(of("sgd", RuleOptimizer.of(Rules.sgd(0, false), LR), () -> PublishedOptimizer.sgd(LR)));
        cases.add(of(
                "momentum",
                RuleOptimizer.of(Rules.sgd(BETA1, false), LR),
                () -> PublishedOptimizer.momentum(LR, BETA1)));
        cases.add(of(
                "nesterov",
                RuleOptimizer.of(Rules.sgd(BETA1, true), LR),
                () -> PublishedOptimizer.nesterov(LR, BETA1)));
        cases.add(of(
                "adagrad",
                RuleOptimizer.of(Rules.adagrad(EPSILON), LR),
                () -> PublishedOptimizer.adagrad(LR, EPSILON)));
        cases.add(of(
                "adadelta",
                RuleOptimizer.of(Rules.adadelta(BETA1, EPSILON), 1),
                () -> PublishedOptimizer.adadelta(1, BETA1, EPSILON)));
        for (double momentum : new double[] {0, 0.75}) {
            for (boolean centred : new boolean[] {false, true}) {
                cases.add(of(
                        "rmsprop, momentum %s, centred %s".formatted(momentum, centred),
                        RuleOptimizer.of(Rules.rmsprop(BETA1, EPSILON, momentum, centred), LR),
                        () -> PublishedOptimizer.rmsprop(LR, BETA1, EPSILON, momentum, centred)));
            }
        }
        cases.add(of("adam", adam(), OptimizerConformance::publishedAdam));
        cases.add(of(
                "adamw",
                adam().decoupledWeightDecay(L2),
                () -> PublishedOptimizer.adam(LR, BETA1, BETA2, EPSILON, L2)));
        cases.add(of(
                "adamax",
                RuleOptimizer.of(Rules.adamax(BETA1, BETA2, EPSILON), LR),
                () -> PublishedOptimizer.adamax(LR, BETA1, BETA2, EPSILON)));
        RuleOptimizer nadam = RuleOptimizer.of(Rules.nadam(BETA1, BETA2, EPSILON, 0.004), LR);
        cases.add(of("nadam", nadam, () -> PublishedOptimizer.nadam(LR, BETA1, BETA2, EPSILON, 0.004, 0)));
        cases.add(of(
                "nadamw",
                nadam.decoupledWeightDecay(L2),
                () -> PublishedOptimizer.nadam(LR, BETA1, BETA2, EPSILON, 0.004, L2)));
        cases.add(of(
                "amsgrad",
                RuleOptimizer.of(Rules.amsgrad(BETA1, BETA2, EPSILON), LR),
                () -> PublishedOptimizer.amsgrad(LR, BETA1, BETA2, EPSILON)));
        cases.add(of(
                "radam",
                RuleOptimizer.of(Rules.radam(BETA1, BETA2, EPSILON), LR),
                () -> PublishedOptimizer.radam(LR, BETA1, BETA2, EPSILON)));
        cases.add(of(
                "lion",
                RuleOptimizer.of(Rules.lion(BETA1, BETA2), LR),
                () -> PublishedOptimizer.lion(LR, BETA1, BETA2)));
        cases.addAll(madeOfOthers());
        return cases;
    }

    private static List<Case> madeOfOthers() {
        RuleOptimizer momentum = RuleOptimizer.of(Rules.sgd(BETA1, false), LR);
        return List.of(
                of("L2", adam().weightDecay(L2), () -> PublishedOptimizer.coupled(publishedAdam(), 0, L2)),
                of("L1", adam().elasticNet(L1, 0), () -> PublishedOptimizer.coupled(publishedAdam(), L1, 0)),
                of("elastic net", adam().elasticNet(L1, L2), () -> PublishedOptimizer.coupled(publishedAdam(), L1, L2)),
                of(
                        "decoupled L1",
                        adam().decoupledElasticNet(L1, 0),
                        () -> PublishedOptimizer.decoupled(publishedAdam(), LR, L1, 0)),
                of(
                        "decoupled elastic net",
                        adam().decoupledElasticNet(L1, L2),
                        () -> PublishedOptimizer.decoupled(publishedAdam(), LR, L1, L2)),
                of(
                        "clipped by value, then decayed",
                        momentum.weightDecay(L2).clipValue(0.5),
                        () -> PublishedOptimizer.clipped(
                                PublishedOptimizer.coupled(PublishedOptimizer.momentum(LR, BETA1), 0, L2), 0.5)),
                of("accumulated", adam().accumulate(4), () -> PublishedOptimizer.accumulated(publishedAdam(), 4)),
                of(
                        "lookahead",
                        momentum.lookahead(5, 0.5),
                        () -> PublishedOptimizer.lookahead(PublishedOptimizer.momentum(LR, BETA1), 5, 0.5)),
                of(
                        "all together, in another order",
                        adam().accumulate(2).lookahead(3, 0.25).clipValue(0.5).decoupledWeightDecay(L2),
                        () -> PublishedOptimizer.accumulated(
                                PublishedOptimizer.lookahead(
                                        PublishedOptimizer.clipped(
                                                PublishedOptimizer.decoupled(publishedAdam(), LR, 0, L2), 0.5),
                                        3,
                                        0.25),
                                2)));
    }

    @TestFactory
    Stream<DynamicTest> fiftyStepsAreThoseOfThePaper() {
        return cases().stream().map(next -> dynamicTest(next.name, () -> check(next)));
    }

    /**
     * Each step rounds the parameter once, and its direction a few times. The terms of a direction are about as large as the
     * largest step, though they may cancel.
     */
    private void check(Case c) {
        double[][] course =
                run(c.optimizer.update("o", W, DW, state(c.optimizer), c.optimizer.group("w"), 0), c.optimizer);
        for (int i = 0; i < SIZE; i++) {
            PublishedOptimizer published = c.published.get();
            double w = start(i);
            double largest = 0;
            double longest = 0;
            for (int t = 1; t <= STEPS; t++) {
                double next = published.next(w, gradient(i, t), t);
                largest = Math.max(largest, Math.abs(next));
                longest = Math.max(longest, Math.abs(next - w));
                w = next;
                double tolerance = t * roundoff() * (largest + ROUNDINGS * longest);
                assertThat(course[t - 1][i])
                        .as("%s, parameter %d after step %d", c.name, i, t)
                        .isCloseTo(w, within(tolerance));
            }
        }
    }

    private static final TensorRef W = TensorRef.persistent("w", DType.REAL, Shape.of(SIZE), Role.PARAMETER);
    private static final TensorRef DW = TensorRef.persistent("dw", DType.REAL, Shape.of(SIZE), Role.GRADIENT);

    private static List<TensorRef> state(Optimizer optimizer) {
        return IntStream.range(0, optimizer.slots())
                .mapToObj(k -> TensorRef.persistent("s" + k, DType.REAL, Shape.of(SIZE), Role.OPTIMIZER))
                .toList();
    }

    private static double start(int i) {
        return (float) Philox.sequence(1, "w" + i, 0).nextUniform() - 0.5f;
    }

    /** Of the sizes 1/1000, 1 and 1000; of some parameters mostly 0. */
    private static float gradient(int i, int t) {
        double size = List.of(1.0, 1e-3, 1e3).get(i % 3);
        boolean rare = i >= SIZE - 3 && t % 7 != 3;
        return rare ? 0 : (float) (size * (Philox.sequence(2, "g" + i, t).nextUniform() - 0.375));
    }

    /** The parameters after each step. */
    private double[][] run(Op.Update update, Optimizer optimizer) {
        Program program = new Program("updates", 1, List.of(update), List.of(), List.of(), List.of());
        List<TensorRef> tensors =
                update.inputs().stream().map(TensorRef::root).distinct().toList();
        double[][] course = new double[STEPS][];
        try (Memory memory = backend.allocate(tensors);
                Executable executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                        .get(0)) {
            memory.write(W, tensor(i -> (float) start(i)));
            for (int t = 1; t <= STEPS; t++) {
                int step = t;
                memory.write(DW, tensor(i -> gradient(i, step)));
                StepRange range = new StepRange(t - 1, 1, 0, 1, 1, new double[StepRange.RATES]);
                range.fillRates(0, optimizer, Schedule.constant(), STEPS, 10);
                executable.run(range);
                course[t - 1] = memory.read(W).doubles().clone();
            }
        }
        return course;
    }

    private interface Values {
        float at(int i);
    }

    private static HostTensor tensor(Values values) {
        float[] all = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            all[i] = values.at(i);
        }
        return HostTensor.of(Shape.of(SIZE), all);
    }

    // ---------------------------------------------------------------- ops of their own

    /** The ops of SGD and Adam do what their rules do; some kernels contract a product and a sum, or share a quotient. */
    @TestFactory
    Stream<DynamicTest> theOpsOfSgdAndAdamDoWhatTheirRulesDo() {
        Map<Optimizer, RuleOptimizer> pairs = new LinkedHashMap<>();
        pairs.put(Sgd.of(LR), RuleOptimizer.of(Rules.sgd(0, false), LR));
        pairs.put(
                Sgd.of(LR).momentum(BETA1).weightDecay(L2),
                RuleOptimizer.of(Rules.sgd(BETA1, false), LR).weightDecay(L2));
        pairs.put(
                Sgd.of(LR).momentum(BETA1).withNesterov().weightDecay(L2),
                RuleOptimizer.of(Rules.sgd(BETA1, true), LR).weightDecay(L2));
        pairs.put(Adam.of(LR).betas(BETA1, BETA2).epsilon(EPSILON), adam());
        pairs.put(Adam.adamW(LR, L2).betas(BETA1, BETA2).epsilon(EPSILON), adam().decoupledWeightDecay(L2));
        return pairs.entrySet().stream()
                .map(pair -> dynamicTest(String.valueOf(pair.getKey()), () -> {
                    Optimizer own = pair.getKey();
                    RuleOptimizer rule = pair.getValue();
                    ParameterGroup group = rule.group("w");
                    Op.Update form = new Op.RuleUpdate(
                            "o",
                            "form",
                            rule.rule().bind(1, group.weightDecay()).code(),
                            W,
                            DW,
                            state(rule),
                            0);
                    double[][] actual = run(own.update("o", W, DW, state(own), own.group("w"), 0), own);
                    double[][] expected = run(form, rule);
                    double largest = 1e-30;
                    for (int t = 0; t < STEPS; t++) {
                        for (int i = 0; i < SIZE; i++) {
                            largest = Math.max(largest, Math.abs(expected[t][i]));
                        }
                    }
                    for (int t = 0; t < STEPS; t++) {
                        assertThat(actual[t])
                                .as("step %d", t + 1)
                                .containsExactly(expected[t], within(8 * (t + 1) * roundoff() * largest));
                    }
                }));
    }

    // ---------------------------------------------------------------- trainings

    private static final Graph GRAPH = Graph.sequential(Shape.of(3), linear(5), tanh(), linear(2));
    private static final Loss ERROR = Loss.meanSquaredError();

    private static Dataset data(int rows) {
        float[] x = new float[3 * rows];
        float[] y = new float[2 * rows];
        Philox.Sequence random = Philox.sequence(3, "data", 0);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < 3; j++) {
                x[3 * i + j] = (float) random.nextUniform() - 0.5f;
            }
            y[2 * i] = x[3 * i] * x[3 * i + 1];
            y[2 * i + 1] = x[3 * i + 2] - x[3 * i];
        }
        return Dataset.ofTargets(Shape.of(3), x, Shape.of(2), y);
    }

    private static Step step(Model model, Optimizer optimizer) {
        return Step.supervised(model, ERROR, optimizer);
    }

    private Map<String, HostTensor> trained(Optimizer optimizer, int batch) {
        try (Model model = Model.create(GRAPH, backend, 1);
                Training training = Training.of(backend, step(model, optimizer), data(48), batch)) {
            training.run(3);
            return model.parameters();
        }
    }

    /**
     * Four batches of 3 are one of 12 but for the order of sums: each of a gradient's 12 terms is rounded a few times, and a
     * step's direction has the size of the learning rate.
     */
    @Test
    void accumulatedBatchesAreALargerOne() {
        RuleOptimizer rule = RuleOptimizer.of(Rules.adagrad(EPSILON), LR).elasticNet(1 / 1024.0, 1 / 1024.0);
        Map<String, HostTensor> expected = trained(rule, 12);
        Map<String, HostTensor> actual = trained(rule.accumulate(4), 3);
        expected.forEach((name, values) -> assertThat(actual.get(name).doubles())
                .as(name)
                .containsExactly(values.doubles(), within(12 * 64 * roundoff())));
        assertThat(trained(rule, 3).get("linear1.weight").doubles())
                .isNotEqualTo(actual.get("linear1.weight").doubles());
    }

    @Test
    void groupsHaveRatesAndDecaysOfTheirOwn() {
        RuleOptimizer rule = RuleOptimizer.of(Rules.lion(BETA1, BETA2), LR)
                .weightDecay(0.5)
                .group(name -> name.endsWith("bias"), 2, 0)
                .group(name -> name.startsWith("linear2"), 0, 0);
        RuleOptimizer decayed = RuleOptimizer.of(Rules.lion(BETA1, BETA2), LR).weightDecay(0.5);
        RuleOptimizer twice = RuleOptimizer.of(Rules.lion(BETA1, BETA2), 2 * LR);
        try (Model model = Model.create(GRAPH, backend, 1)) {
            Map<String, HostTensor> before = model.parameters();
            Dataset data = data(12);
            Map<String, Map<String, HostTensor>> after = new LinkedHashMap<>();
            for (Map.Entry<String, RuleOptimizer> one :
                    Map.of("groups", rule, "decayed", decayed, "twice", twice).entrySet()) {
                before.forEach(model::setParameter);
                try (Training training = Training.of(backend, step(model, one.getValue()), data, 12)) {
                    training.run(1);
                }
                after.put(one.getKey(), model.parameters());
            }
            Map<String, HostTensor> groups = after.get("groups");
            assertThat(groups.get("linear1.weight").doubles())
                    .containsExactly(after.get("decayed").get("linear1.weight").doubles());
            assertThat(groups.get("linear1.bias").doubles())
                    .containsExactly(after.get("twice").get("linear1.bias").doubles());
            assertThat(groups.get("linear2.weight").doubles())
                    .containsExactly(before.get("linear2.weight").doubles());
        }
    }

    // ---------------------------------------------------------------- clipping

    private static final Graph ONE = Graph.sequential(Shape.of(3), linear(2));

    /** The gradients that an update sees where all weights have the gradient {@code weight} and all biases {@code bias}. */
    private Map<String, HostTensor> clipped(RuleOptimizer optimizer, float weight, float bias) {
        try (Model model = Model.create(ONE, backend, 1)) {
            model.parameters()
                    .forEach((name, w) -> model.setParameter(name, HostTensor.of(w.shape(), new float[w.elements()])));
            Step step = Step.of("clipping", s -> {
                s.gradient(model, "linear1.weight", dw -> new Op.Fill("weight", weight, dw));
                s.gradient(model, "linear1.bias", dw -> new Op.Fill("bias", bias, dw));
                s.update(model, optimizer);
            });
            try (Training training = Training.of(backend, step, 1)) {
                training.step(Map.of());
                return model.parameters();
            }
        }
    }

    private static RuleOptimizer descent() {
        return RuleOptimizer.of(Rules.sgd(0, false), 1);
    }

    private void clippedTo(
            RuleOptimizer optimizer, double weight, double bias, double expectedWeight, double expectedBias) {
        Map<String, HostTensor> w = clipped(optimizer, (float) weight, (float) bias);
        double error = 16 * roundoff();
        for (double value : w.get("linear1.weight").doubles()) {
            assertThat(-value).isCloseTo(expectedWeight, within(error * Math.abs(expectedWeight)));
        }
        for (double value : w.get("linear1.bias").doubles()) {
            assertThat(-value).isCloseTo(expectedBias, within(error * Math.abs(expectedBias)));
        }
    }

    @Test
    void normsAreLimited() {
        // six weights of 2 have the norm sqrt(24), two biases of 3 sqrt(18); together sqrt(42)
        clippedTo(descent().clipNorm(1), 2, 3, 2 / Math.sqrt(24), 3 / Math.sqrt(18));
        clippedTo(descent().clipGlobalNorm(1), 2, 3, 2 / Math.sqrt(42), 3 / Math.sqrt(42));
        clippedTo(descent().clipNorm(4.5), 2, 3, 2 * 4.5 / Math.sqrt(24), 3);
        clippedTo(descent().clipGlobalNorm(6.5), 2, 3, 2, 3);
        clippedTo(descent().clipGlobalNorm(1), 0, 0, 0, 0);
        clippedTo(descent().clipValue(1), -2, 0.5, -1, 0.5);
    }

    /** Groups split the range of parameters, not its norm. */
    @Test
    void theGlobalNormIsThatOfAllGroups() {
        clippedTo(
                descent().clipGlobalNorm(1).group(name -> name.endsWith("bias"), 0.5, 0),
                2,
                3,
                2 / Math.sqrt(42),
                1.5 / Math.sqrt(42));
    }

    @Test
    void gradientsWhoseSquaresOverflowAreClippedLikeOthers() {
        for (double size : new double[] {0x1p100, 3e38, 0x1p-100}) {
            double limit = Math.min(1, size);
            clippedTo(descent().clipGlobalNorm(limit), size, -size, limit / Math.sqrt(8), -limit / Math.sqrt(8));
            clippedTo(descent().clipNorm(limit), size, -size, limit / Math.sqrt(6), -limit / Math.sqrt(2));
        }
    }

    // ---------------------------------------------------------------- averages

    @Test
    void averagesAreThoseOfTheParametersAfterEachStep() {
        double decay = 0.75;
        RuleOptimizer plain = RuleOptimizer.of(Rules.adagrad(EPSILON), LR);
        try (Model model = Model.create(GRAPH, backend, 1);
                Model other = Model.create(GRAPH, backend, 1);
                Training averaging = Training.of(backend, step(model, plain.averaged(decay)), data(12), 12);
                Training without = Training.of(backend, step(other, plain), data(12), 12)) {
            String name = "linear1.weight";
            assertThat(averaging.averages(model).get(name).doubles())
                    .containsExactly(model.parameter(name).doubles());
            double[] sums = new double[15];
            double weights = 0;
            for (int t = 0; t < 6; t++) {
                averaging.run(1);
                without.run(1);
                double[] w = model.parameter(name).doubles();
                assertThat(w).containsExactly(other.parameter(name).doubles());
                weights = decay * weights + 1;
                for (int i = 0; i < w.length; i++) {
                    sums[i] = decay * sums[i] + w[i];
                }
            }
            double[] expected = sums.clone();
            for (int i = 0; i < expected.length; i++) {
                expected[i] /= weights;
            }
            Map<String, HostTensor> averages = averaging.averages(model);
            assertThat(averages.keySet())
                    .containsExactlyInAnyOrderElementsOf(model.parameters().keySet());
            assertThat(averages.get(name).doubles()).containsExactly(expected, within(32 * roundoff()));

            double[] own = model.parameter(name).doubles().clone();
            double[] seen =
                    averaging.withAverages(() -> model.parameter(name).doubles().clone());
            assertThat(seen).containsExactly(averages.get(name).doubles());
            assertThat(model.parameter(name).doubles()).containsExactly(own);
        }
    }

    @Test
    void aTrainerValidatesTheAverages() {
        RuleOptimizer rule = RuleOptimizer.of(Rules.adagrad(EPSILON), 0.25).averaged(0.875);
        Dataset data = data(12);
        try (Model model = Model.create(GRAPH, backend, 1)) {
            List<Double> seen = new ArrayList<>();
            double test = Trainer.of(model, ERROR, rule)
                    .batch(4)
                    .epochs(2)
                    .validation(data)
                    .callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            seen.add(model.evaluate(data, ERROR).loss());
                        }
                    })
                    .fit(data)
                    .last()
                    .test()
                    .loss();
            assertThat(seen).hasSize(2).last().isEqualTo(test);
            assertThat(model.evaluate(data, ERROR).loss()).isNotEqualTo(test);
        }
    }
}
