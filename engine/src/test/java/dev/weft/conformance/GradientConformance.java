package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.whole;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.OpTable;
import dev.weft.backend.StepRange;
import dev.weft.conformance.Networks.Network;
import dev.weft.op.Op;
import dev.weft.optim.Sgd;
import dev.weft.program.MemoryMode;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Proves every gradient rule by finite differences in double precision, on the reference; and proves of that proof that
 * it fails when a rule is wrong. To be run once, wherever the reference is on the class path.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class GradientConformance {
    private Backend reference;

    @BeforeAll
    void openReference() {
        reference = Backends.open("reference");
    }

    @AfterAll
    void closeReference() {
        reference.close();
    }

    private static List<GradientProblem> singleOps() {
        return Cases.all().stream()
                .filter(opCase -> opCase.op() instanceof Op.Differentiable && opCase.smooth())
                .map(GradientProblem::of)
                .toList();
    }

    @Test
    void everyRealInputOfADifferentiableOpHasAGradientRule() {
        Set<Class<? extends Op>> seen = new HashSet<>();
        for (OpCase opCase : Cases.all()) {
            if (opCase.op() instanceof Op.Differentiable op) {
                seen.add(op.getClass());
                Set<String> needed = op.inputs().stream()
                        .filter(x -> x.type() == DType.REAL)
                        .map(x -> RecordingAutodiff.rule(op, x))
                        .collect(Collectors.toSet());
                assertThat(RecordingAutodiff.rules(op)).isNotEmpty().isEqualTo(needed);
            }
        }
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(OpTable.allKinds().stream()
                        .filter(Op.Differentiable.class::isAssignableFrom)
                        .toList());
    }

    @TestFactory
    Stream<DynamicTest> everyGradientRuleAgreesWithFiniteDifferences() {
        return Stream.of(singleOps(), programs(), severalInputs())
                .flatMap(List::stream)
                .map(problem -> DynamicTest.dynamicTest(
                        problem.name(),
                        () -> assertThat(problem.firstError(reference)).isEmpty()));
    }

    @Test
    void aFlippedSignOfAnyGradientRuleIsSeen() {
        Map<String, List<GradientProblem>> problems = new LinkedHashMap<>();
        Set<String> all = new TreeSet<>();
        for (OpCase opCase : Cases.all()) {
            if (opCase.op() instanceof Op.Differentiable op) {
                all.addAll(RecordingAutodiff.rules(op));
            }
        }
        for (GradientProblem problem : singleOps()) {
            problem.rules()
                    .forEach(rule -> problems.computeIfAbsent(rule, key -> new ArrayList<>())
                            .add(problem));
        }
        assertThat(problems).containsOnlyKeys(all);
        for (Op.Nonlinearity function : Op.Nonlinearity.values()) {
            assertThat(all).anyMatch(rule -> rule.contains(function.name().toLowerCase(Locale.ROOT)));
        }
        List<String> unseen = problems.keySet().stream()
                .filter(rule -> problems.get(rule).stream()
                        .allMatch(problem -> problem.firstError(reference, rule).isEmpty()))
                .toList();
        System.out.println(problems.size() + " gradient rules flipped, " + (problems.size() - unseen.size())
                + " seen by finite differences: " + problems.keySet());
        assertThat(unseen).isEmpty();
    }

    // ---------------------------------------------------------------- several ops

    /** Programs in which gradients meet, part and pass through. */
    private static List<GradientProblem> programs() {
        TensorRef x = batched("x", 3, 4);
        TensorRef w = whole("w", 4, 4);
        TensorRef a = batched("a", 3, 4);
        TensorRef b = batched("b", 3, 4);
        TensorRef c = batched("c", 3, 4);
        TensorRef d = batched("d", 3, 4);
        TensorRef twice = batched("twice", 3, 8);
        TensorRef bias = whole("bias", 4);
        return List.of(
                problem(
                        "a tensor read by three ops",
                        List.of(x),
                        tanh(x, a),
                        new Op.Add("sum", a, a, b),
                        sigmoid(a, c),
                        new Op.Add("sum", b, c, d)),
                problem("a weight shared by two layers", List.of(x, w), matMul(x, w, a), tanh(a, b), matMul(b, w, c)),
                problem(
                        "a weight multiplied with itself",
                        List.of(w),
                        new Op.MatMul("square", w, w, false, true, whole("square", 4, 4))),
                problem(
                        "parameters that gradients pass through to",
                        List.of(x, b, bias),
                        new Op.Add("sum", x, b, a),
                        new Op.AddBias("bias", a, bias, c)),
                problem(
                        "a parameter added twice",
                        List.of(x, b),
                        new Op.Add("sum", x, b, a),
                        new Op.Add("sum", a, b, c)),
                problem(
                        "a tensor concatenated with itself",
                        List.of(x),
                        sigmoid(x, a),
                        new Op.Concat("both", List.of(a, a), 1, twice),
                        tanh(twice, batched("y", 3, 8))),
                problem(
                        "parts of a tensor, one of them twice",
                        List.of(x),
                        tanh(x, a),
                        new Op.Slice("first", a, 1, 0, batched("first", 3, 2)),
                        new Op.Slice("middle", a, 1, 1, batched("middle", 3, 1)),
                        new Op.Concat(
                                "joined",
                                List.of(batched("middle", 3, 1), batched("first", 3, 2), batched("middle", 3, 1)),
                                1,
                                b),
                        sigmoid(b, c)),
                problem(
                        "a residual block",
                        List.of(x, w),
                        matMul(x, w, a),
                        tanh(a, b),
                        new Op.Add("sum", b, x, c),
                        sigmoid(c, d)),
                problem("an output that leads nowhere", List.of(x), tanh(x, a), sigmoid(x, b), tanh(a, c)));
    }

    /** Every parameter where both outputs count, and those before one output where nobody reads the other. */
    private static List<GradientProblem> severalInputs() {
        List<GradientProblem> problems = new ArrayList<>();
        for (boolean all : new boolean[] {true, false}) {
            String name = all ? "a graph of two inputs and two outputs, applied twice" : "an output that nobody reads";
            List<TensorRef> wanted = SeveralInputs.LAYOUT.views().values().stream()
                    .filter(view -> all || !view.name().startsWith("other"))
                    .toList();
            List<TensorRef> inputs =
                    new ArrayList<>(SeveralInputs.LAYOUT.views().values());
            inputs.addAll(List.of(SeveralInputs.X, SeveralInputs.Z));
            List<Op> forward = new ArrayList<>();
            TensorRef rows = SeveralInputs.forward(all, forward);
            StepRange range = StepRange.single(0, SeveralInputs.BATCH);
            problems.add(
                    new GradientProblem(name, forward, rows, values(name, inputs), wanted, SeveralInputs.BATCH, range));
        }
        return problems;
    }

    private static Op tanh(TensorRef x, TensorRef y) {
        return new Op.Activation("tanh", Op.Nonlinearity.TANH, x, y);
    }

    private static Op sigmoid(TensorRef x, TensorRef y) {
        return new Op.Activation("sigmoid", Op.Nonlinearity.SIGMOID, x, y);
    }

    private static Op matMul(TensorRef x, TensorRef w, TensorRef y) {
        return new Op.MatMul("linear", x, w, false, true, y);
    }

    private static GradientProblem problem(String name, List<TensorRef> inputs, Op... forward) {
        TensorRef y = forward[forward.length - 1].outputs().get(0);
        return new GradientProblem(name, List.of(forward), y, values(name, inputs), inputs, 3, StepRange.single(0, 3));
    }

    private static Map<TensorRef, HostTensor> values(String name, List<TensorRef> inputs) {
        Map<TensorRef, HostTensor> values = new LinkedHashMap<>();
        for (TensorRef x : inputs) {
            Philox.Sequence random = Philox.sequence(4, name + x.name(), 0);
            double[] numbers = new double[x.elements()];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = random.nextNormal();
            }
            values.put(x, HostTensor.of(x.shape(), numbers));
        }
        return values;
    }

    // ---------------------------------------------------------------- whole networks

    @TestFactory
    Stream<DynamicTest> everyParameterOfANetworkAgreesWithFiniteDifferences() {
        return Networks.all().stream()
                .map(network -> DynamicTest.dynamicTest(network.name(), () -> checkParameters(network)));
    }

    /**
     * A learning rate of 0 leaves the parameters where they are; the dropout of a step is always the same, and every step
     * begins with the initial states.
     */
    private void checkParameters(Network network) {
        int step = 1;
        try (NetworkRun run = new NetworkRun(network, Sgd.of(0), reference, MemoryMode.SEPARATE)) {
            for (Map.Entry<String, TensorRef> parameter : run.layout().views().entrySet()) {
                TensorRef w = parameter.getValue();
                run.bound().resetStates();
                run.loss(step);
                double[] gradient = run.bound()
                        .read(run.layout().gradient(parameter.getKey()))
                        .doubles();
                assertThat(Arrays.stream(gradient)).as(parameter.getKey()).anyMatch(g -> g != 0);
                double[] values = run.bound().read(w).doubles();
                int stride = Math.max(1, values.length / 8);
                for (int i = 0; i < values.length; i += stride) {
                    double difference = (lossAt(run, step, w, values, i, GradientProblem.STEP)
                                    - lossAt(run, step, w, values, i, -GradientProblem.STEP))
                            / (2 * GradientProblem.STEP);
                    run.bound().write(w, HostTensor.of(w.shape(), values));
                    assertThat(difference)
                            .as("%s at %d", w, i)
                            .isCloseTo(gradient[i], within(GradientProblem.TOLERANCE * (1 + Math.abs(gradient[i]))));
                }
            }
        }
    }

    private static double lossAt(NetworkRun run, int step, TensorRef w, double[] values, int element, double shift) {
        double[] moved = values.clone();
        moved[element] += shift;
        run.bound().write(w, HostTensor.of(w.shape(), moved));
        run.bound().resetStates();
        return run.loss(step);
    }
}
