package dev.weft.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.ShapeException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.OpTable;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.backend.StepRange;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.conformance.Networks.Network;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.graph.Graph;
import dev.weft.layer.Layers;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Sgd;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every backend has to pass. A backend's tests extend this class and open the backend; where it has several forms
 * (with and without vectors, kernels of its own and of a library), each gets a subclass that opens that form. The
 * reference is found through {@link java.util.ServiceLoader}.
 *
 * <p>Nothing here knows of a kernel: new kernels and fused forms are covered because the backend picks them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendConformance {
    private final Map<Class<? extends Op>, Integer> casesRun = new LinkedHashMap<>();
    private Backend reference;
    private Backend candidate;

    /** Opens the backend under test; it is closed after the last test. */
    protected abstract Backend open();

    /** Whether the backend executes layers of large weights in another way than others. */
    protected boolean dependsOnSizeOfWeights() {
        return false;
    }

    private List<Network> networks() {
        List<Network> networks = new ArrayList<>(Networks.all());
        if (dependsOnSizeOfWeights()) {
            networks.addAll(Networks.ofLargeWeights());
        }
        return networks;
    }

    @BeforeAll
    void openBackends() {
        reference = Backends.open("reference");
        candidate = open();
    }

    @AfterAll
    void closeBackendsAndPrintCounts() {
        candidate.close();
        reference.close();
        if (!casesRun.isEmpty()) {
            System.out.println(counts());
        }
    }

    private String counts() {
        StringBuilder table = new StringBuilder("%s, cases run (each by run and trace, in %d memory modes):%n"
                .formatted(candidate.description(), Agreement.CASE_MODES.length));
        int total = 0;
        for (Class<? extends Op> kind : OpTable.allKinds()) {
            int count = casesRun.getOrDefault(kind, 0);
            table.append("%-30s %4d%n".formatted(kind.getSimpleName(), count));
            total += count;
        }
        return table.append("%-30s %4d".formatted("all", total)).toString();
    }

    @Test
    void everyKindOfOpHasAKernel() {
        assertThat(candidate.ops()).containsExactlyInAnyOrderElementsOf(OpTable.allKinds());
    }

    // ---------------------------------------------------------------- single ops

    @TestFactory
    Stream<DynamicNode> everyOpAgreesWithTheReference() {
        Map<Class<? extends Op>, List<OpCase>> cases = Cases.byKind();
        Stream<DynamicNode> kinds = OpTable.allKinds().stream()
                .map(kind -> dynamicContainer(
                        kind.getSimpleName(),
                        cases.getOrDefault(kind, List.of()).stream()
                                .map(opCase -> dynamicTest(opCase.toString(), () -> check(opCase)))));
        DynamicNode last = dynamicTest(
                "cases ran for every kind of op", () -> assertThat(casesRun).containsOnlyKeys(OpTable.allKinds()));
        return Stream.concat(kinds, Stream.of(last));
    }

    @TestFactory
    Stream<DynamicNode> sumsOfAHundredThousandTermsAgreeWithTheReference() {
        return LongSumCases.cases().stream()
                .map(opCase -> dynamicTest(opCase.toString(), () -> Agreement.checkOnce(opCase, reference, candidate)));
    }

    /** How many functions made at random are tried; {@code weft.expressions} tells another number. */
    protected int randomExpressions() {
        return 2_000;
    }

    @Test
    void functionsMadeAtRandomAgreeWithTheReference() {
        ExpressionRuns.compare(Integer.getInteger("weft.expressions", randomExpressions()), reference, candidate);
    }

    private void check(OpCase opCase) {
        Agreement.check(opCase, reference, candidate);
        casesRun.merge(opCase.op().getClass(), 1, Integer::sum);
    }

    // ---------------------------------------------------------------- whole programs

    @ParameterizedTest
    @EnumSource(
            value = MemoryMode.class,
            names = {"SEPARATE", "POISONED_ARENA"})
    void everyOpOfATrainingStepAgreesWithTheReference(MemoryMode mode) {
        Agreement.ofNetworks(networks(), reference, candidate, mode);
    }

    @Test
    void everyOpOfATrainingStepWithPaddingAgreesWithTheReference() {
        networks().forEach(network -> Agreement.ofFirstStep(network.lackingARow(), reference, candidate));
    }

    @ParameterizedTest
    @EnumSource(MemoryMode.class)
    void everyOpOfAGraphOfSeveralInputsAndOutputsAgreesWithTheReference(MemoryMode mode) {
        Program program = SeveralInputs.program();
        ParameterLayout layout = SeveralInputs.LAYOUT;
        List<TensorRef> persistent = List.of(layout.parameters(), layout.gradients());
        try (Memory expected = reference.allocate(persistent);
                Memory memory = candidate.allocate(persistent);
                Executable definition = reference
                        .bind(List.of(program), List.of(expected), MemoryMode.SEPARATE)
                        .get(0);
                Executable executable =
                        candidate.bind(List.of(program), List.of(memory), mode).get(0)) {
            expected.write(layout.parameters(), random(layout.parameters(), 0.3));
            memory.write(layout.parameters(), random(layout.parameters(), 0.3));
            for (TensorRef input : program.inputs()) {
                definition.write(input, random(input, 1));
                executable.write(input, random(input, 1));
            }
            StepRange step = StepRange.single(0, SeveralInputs.BATCH);
            CheckReport report =
                    BackendCheck.compare((ReferenceExecutable) definition, executable, candidate.unitRoundoff(), step);
            assertThat(report.differences()).hasSizeGreaterThan(20);
            assertThat(report).matches(CheckReport::passed, "all outputs are equal");
        }
    }

    /** A few steps of a smooth network multiply the rounding errors of one, some hundred u, by a small factor. */
    @Test
    void aFreeRunHasTheLossesOfTheReference() {
        double allowed = 1e4 * candidate.unitRoundoff();
        for (Network network : networks()) {
            try (BackendCheck check = Agreement.backendCheck(
                    network, Sgd.of(0.05).momentum(0.9), reference, candidate, MemoryMode.ARENA)) {
                BackendCheck.FreeRun run = check.freeRun(6);
                assertThat(run.reference()).hasSize(6).doesNotHaveDuplicates();
                assertThat(run.maxRelative()).as(network.name()).isLessThanOrEqualTo(allowed);
            }
        }
    }

    @Test
    void aRunOfManyStepsGivesTheBitsOfSingleSteps() {
        for (Network network : networks()) {
            try (NetworkRun many = networkRun(network, MemoryMode.ARENA);
                    NetworkRun single = networkRun(network, MemoryMode.ARENA)) {
                double[] metrics = many.run(0, 3);
                List<Double> singleMetrics = new ArrayList<>();
                for (int step = 0; step < 3; step++) {
                    Arrays.stream(single.run(step, 1)).forEach(singleMetrics::add);
                }
                assertThat(metrics)
                        .containsExactly(singleMetrics.stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray());
                assertSameState(many, single);
            }
        }
    }

    @Test
    void aTracedStepGivesTheBitsOfARun() {
        for (Network network : networks()) {
            try (NetworkRun run = networkRun(network, MemoryMode.ARENA);
                    NetworkRun trace = networkRun(network, MemoryMode.ARENA)) {
                for (int step = 0; step < 2; step++) {
                    run.run(step, 1);
                    trace.executable().trace(trace.range(step, 1), new Executable.Observer() {});
                    assertSameState(run, trace);
                }
            }
        }
    }

    @Test
    void sharedMemoryGivesTheBitsOfSeparateMemory() {
        for (Network network : networks()) {
            try (NetworkRun arena = networkRun(network, MemoryMode.ARENA);
                    NetworkRun poisoned = networkRun(network, MemoryMode.POISONED_ARENA);
                    NetworkRun separate = networkRun(network, MemoryMode.SEPARATE)) {
                double[] metrics = arena.run(0, 2);
                assertThat(poisoned.run(0, 2)).containsExactly(metrics);
                assertThat(separate.run(0, 2)).containsExactly(metrics);
                assertSameState(arena, poisoned);
                assertSameState(arena, separate);
            }
        }
    }

    private NetworkRun networkRun(Network network, MemoryMode mode) {
        return new NetworkRun(network, Adam.of(0.01), candidate, mode);
    }

    private static void assertSameState(NetworkRun a, NetworkRun b) {
        Map<String, double[]> expected = b.state();
        a.state().forEach((name, values) -> assertThat(values).as(name).isEqualTo(expected.get(name)));
    }

    /** Two whole batches and a short one, whose other rows are padding. */
    @Test
    void anEvaluationHasTheMetricsOfTheReference() {
        for (Network network : networks()) {
            HostTensor parameters = randomParameters(network);
            List<double[]> expected = evaluation(network, parameters, reference);
            List<double[]> actual = evaluation(network, parameters, candidate);
            for (int step = 0; step < expected.size(); step++) {
                double loss = expected.get(step)[0];
                assertThat(actual.get(step)[0])
                        .as("%s, loss of step %d", network.name(), step)
                        .isCloseTo(loss, within(1e3 * candidate.unitRoundoff() * loss));
                for (int i = 1; i < expected.get(step).length; i++) {
                    assertThat(actual.get(step)[i])
                            .as("%s, metric %d of step %d", network.name(), i, step)
                            .isEqualTo(expected.get(step)[i]);
                }
            }
        }
    }

    /** The last bias is NaN, and with it the last logit of every row; the others are numbers. */
    @Test
    void anEvaluationCountsNoRowWithANaNAsRight() {
        int counts = 0;
        for (Network network : networks()) {
            HostTensor parameters = randomParameters(network);
            TensorRef bias = List.copyOf(new ParameterLayout(network.graph().parameters())
                            .views()
                            .values())
                    .get(network.graph().parameters().size() - 1);
            parameters.floats()[Math.toIntExact(bias.offset()) + bias.elements() - 1] = Float.NaN;
            for (Backend backend : List.of(reference, candidate)) {
                for (double[] metrics : evaluation(network, parameters, backend)) {
                    assertThat(metrics[0]).as("%s, loss", network.name()).isNaN();
                    for (int i = 1; i < metrics.length; i++, counts++) {
                        assertThat(metrics[i])
                                .as("%s, rows counted", network.name())
                                .isZero();
                    }
                }
            }
        }
        assertThat(counts).isPositive();
    }

    private static HostTensor randomParameters(Network network) {
        return random(new ParameterLayout(network.graph().parameters()).parameters(), 0.3);
    }

    private static List<double[]> evaluation(Network network, HostTensor parameters, Backend backend) {
        GraphLowering lowering = GraphLowering.of(ParameterLayout.DEFAULT_NAME, network.graph(), 1);
        ParameterLayout layout = lowering.layout();
        DataTensors data = DataTensors.of("data", network.data());
        int batch = network.batch();
        CompiledStep step = Step.evaluation(lowering, network.loss()).compile(data, batch);
        try (BoundStep bound = BoundStep.of(step, backend, MemoryMode.POISONED_ARENA)) {
            Executable executable = bound.executable();
            int rows = network.data().size();
            bound.write(network.data().columns());
            bound.write(data.order(), HostTensor.of(Shape.of(rows), Shuffle.order(rows, 2, 1)));
            bound.write(layout.parameters(), parameters);
            layout.states().values().forEach(state -> bound.write(state, random(state, 0.3)));
            List<double[]> metrics = new ArrayList<>();
            for (int first : new int[] {0, batch, rows / batch * batch}) {
                executable.run(StepRange.single(first, Math.min(batch, rows - first)));
                double[] values = new double[step.program().metrics().size()];
                executable.metrics(values);
                metrics.add(values);
            }
            return metrics;
        }
    }

    /** A weight is NaN, so the next step is a bad one. */
    @Test
    void aNonFiniteStepChangesNeitherParametersNorOptimizerState() {
        for (Network network : networks()) {
            try (NetworkRun run = networkRun(network, MemoryMode.ARENA)) {
                run.run(0, 1);
                assertThat(run.executable().nonFiniteStep()).isEqualTo(-1);
                TensorRef first = run.layout().parameters();
                float[] good = run.bound().read(first).floats().clone();
                float[] values = good.clone();
                values[0] = Float.NaN;
                run.bound().write(first, HostTensor.of(first.shape(), values));
                Map<String, double[]> before = run.state();
                run.run(1, 2);
                assertThat(run.executable().nonFiniteStep()).isEqualTo(1);
                Map<String, double[]> after = run.state();
                before.keySet().stream()
                        .filter(name -> !name.equals("gradients"))
                        .forEach(name -> assertThat(after.get(name)).as(name).isEqualTo(before.get(name)));

                // the next run begins with an open latch
                run.bound().write(first, HostTensor.of(first.shape(), good));
                run.run(1, 1);
                assertThat(run.executable().nonFiniteStep()).isEqualTo(-1);
                assertThat(run.bound().read(first).floats()).isNotEqualTo(good);
            }
        }
    }

    @TestFactory
    Stream<DynamicNode> anUpdateBehindASetLatchChangesNothing() {
        Map<Class<? extends Op>, List<OpCase>> cases = Cases.byKind();
        return OpTable.allKinds().stream()
                .filter(Op.Update.class::isAssignableFrom)
                .map(kind -> dynamicTest(kind.getSimpleName(), () -> {
                    assertThat(cases.get(kind)).isNotEmpty();
                    cases.get(kind)
                            .forEach(opCase -> UpdateRuns.anUpdateBehindASetLatchChangesNothing(opCase, candidate));
                }));
    }

    @TestFactory
    Stream<DynamicNode> everyOpOfAStepOfSeveralNetworksAgreesWithTheReference() {
        return StepRuns.all().stream()
                .flatMap(step -> Stream.of(MemoryMode.values())
                        .map(mode -> dynamicTest(
                                step + " " + mode, () -> StepRuns.everyOpAgrees(step, reference, candidate, mode))));
    }

    @TestFactory
    Stream<DynamicNode> aRunOfStepsGivesTheBitsOfSingleOnes() {
        return StepRuns.all().stream()
                .map(step ->
                        dynamicTest(step.toString(), () -> StepRuns.runsGiveTheBitsOfSingleSteps(step, candidate)));
    }

    @Test
    void aBadStepOfSeveralNetworksChangesNothing() {
        StepRuns.aBadStepChangesNothing(candidate);
    }

    @Test
    void severalOptimizersDoWhatOneEachDoes() {
        UpdateRuns.severalOptimizersDoWhatOneEachDoes(candidate);
    }

    @Test
    void stepsWithRatesForAnotherNumberOfOptimizersAreRefused() {
        UpdateRuns.stepsWithRatesForAnotherNumberOfOptimizersAreRefused(candidate);
    }

    /** The latch closes in the second step of three: what the first did stays, the third does nothing. */
    @Test
    void theLatchNamesTheFirstBadStepOfARun() {
        float[] values = new float[3 * 2];
        Arrays.fill(values, 1);
        values[2 * Shuffle.order(3, NetworkRun.SHUFFLE_SEED, 1)[1]] = Float.NaN;
        Dataset data = Dataset.ofTargets(Shape.of(2), values, Shape.of(1), new float[] {1, 2, 3});
        Graph graph = Graph.sequential(Shape.of(2), Layers.linear(1));
        Network network = new Network("two weights", graph, Loss.meanSquaredError(), data, 1);
        try (NetworkRun three = networkRun(network, MemoryMode.ARENA);
                NetworkRun one = networkRun(network, MemoryMode.ARENA)) {
            three.run(0, 3);
            assertThat(three.executable().nonFiniteStep()).isEqualTo(1);
            one.run(0, 1);
            assertThat(three.state().get("parameters"))
                    .containsExactly(one.state().get("parameters"));
        }
    }

    @Test
    void aRowOfAPredictionDoesNotDependOnItsNeighbours() {
        for (Network network : networks()) {
            GraphLowering lowering = GraphLowering.of(ParameterLayout.DEFAULT_NAME, network.graph(), 1);
            CompiledStep step = Step.prediction(lowering).compile(null, 5);
            TensorRef input = step.program().inputs().get(0);
            TensorRef output = step.program().outputs().get(0);
            try (BoundStep bound = BoundStep.of(step, candidate, MemoryMode.POISONED_ARENA)) {
                Executable executable = bound.executable();
                lowering.layout().buffers().forEach(buffer -> bound.write(buffer, random(buffer, 0.3)));
                HostTensor rows = random(input, 1);
                executable.write(input, rows);
                executable.run(StepRange.single(0, 5));
                float[] first = executable.read(output).floats().clone();
                assertThat(first).doesNotContain(Float.NaN);

                float[] others = rows.floats().clone();
                int row = others.length / 5;
                for (int i = 0; i < others.length; i++) {
                    others[i] = i / row == 2 ? others[i] : 3 - others[i];
                }
                executable.write(input, HostTensor.of(input.shape(), others));
                executable.run(StepRange.single(0, 5));
                float[] second = executable.read(output).floats();
                int outputRow = first.length / 5;
                assertThat(Arrays.copyOfRange(second, 2 * outputRow, 3 * outputRow))
                        .containsExactly(Arrays.copyOfRange(first, 2 * outputRow, 3 * outputRow));
                assertThat(second).isNotEqualTo(first);
            }
        }
    }

    private static ParameterLayout layout(Network network) {
        return GraphLowering.of(ParameterLayout.DEFAULT_NAME, network.graph(), 1)
                .layout();
    }

    private static HostTensor random(TensorRef tensor, double scale) {
        Philox.Sequence random = Philox.sequence(9, tensor.name(), 0);
        float[] values = new float[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * random.nextNormal());
        }
        return HostTensor.of(tensor.shape(), values);
    }

    // ---------------------------------------------------------------- memory

    @Test
    void memoryIsZeroAtFirstAndKeepsWhatIsWritten() {
        TensorRef flat = TensorRef.persistent("flat", DType.REAL, Shape.of(100), Role.PARAMETER);
        TensorRef view = flat.view("view", Shape.of(3, 5), 7);
        TensorRef bytes = TensorRef.persistent("bytes", DType.U8, Shape.of(3), Role.DATA);
        TensorRef integers = TensorRef.persistent("integers", DType.I32, Shape.of(2), Role.DATA);
        try (Memory memory = candidate.allocate(List.of(flat, bytes, integers))) {
            assertThat(memory.read(flat).doubles()).containsOnly(0);
            assertThat(memory.bytes()).isGreaterThanOrEqualTo(100 * Float.BYTES + 3 + 2 * Integer.BYTES);
            HostTensor values = random(view, 1);
            memory.write(view, values);
            memory.write(bytes, HostTensor.of(Shape.of(3), (byte) 0, (byte) 127, (byte) 255));
            memory.write(integers, HostTensor.of(Shape.of(2), Integer.MIN_VALUE, Integer.MAX_VALUE));
            assertThat(memory.read(view).floats()).containsExactly(values.floats());
            double[] all = memory.read(flat).doubles();
            assertThat(Arrays.copyOfRange(all, 7, 22)).containsExactly(values.doubles());
            assertThat(Arrays.stream(all).filter(x -> x != 0).count()).isEqualTo(15);
            assertThat((byte[]) memory.read(bytes).array()).containsExactly(0, 127, 255);
            assertThat((int[]) memory.read(integers).array()).containsExactly(Integer.MIN_VALUE, Integer.MAX_VALUE);
        }
    }

    @Test
    void memoryRefusesValuesOfAnotherTypeOrNumber() {
        TensorRef flat = TensorRef.persistent("flat", DType.REAL, Shape.of(4), Role.PARAMETER);
        try (Memory memory = candidate.allocate(List.of(flat))) {
            assertThatThrownBy(() -> memory.write(flat, HostTensor.of(Shape.of(3), 1f, 2f, 3f)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("flat");
            assertThatThrownBy(() -> memory.write(flat, HostTensor.of(Shape.of(4), 1, 2, 3, 4)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("flat");
        }
    }
}
