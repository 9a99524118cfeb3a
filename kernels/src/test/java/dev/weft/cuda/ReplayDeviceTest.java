package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.backend.Backend;
import dev.weft.backend.StepRange;
import dev.weft.conformance.StepRuns;
import dev.weft.cuda.emulator.Emulator;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.Shape;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A captured step, replayed. */
@ExtendWith(TestDevice.class)
class ReplayDeviceTest {
    private static final Graph GRAPH = Trainings.convolutional();
    private static final Dataset DATA = Trainings.samples(Shape.of(1, 6, 6), 22);

    /** Across an epoch boundary, with a short last batch, dropout and a learning rate that changes with every step. */
    @Test
    void replayGivesTheBitsOfSingleLaunches() {
        Map<String, float[]> replayed;
        Map<String, float[]> launched;
        try (Backend backend = backend(new CudaBackend.Options(false, false))) {
            replayed = Trainings.train(backend, GRAPH, DATA, 4);
        }
        try (Backend backend = backend(new CudaBackend.Options(false, true))) {
            launched = Trainings.train(backend, GRAPH, DATA, 4);
        }
        assertSame(replayed, launched);
    }

    @Test
    void aSteadyStepIsOneGraphLaunchAndNothingElse() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the emulated driver keeps a log of its calls");
        try (Backend backend = backend(CudaBackend.Options.DEFAULT);
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            Emulator.clearCalls();
            steps.executable().run(steps.range(5));
            assertThat(Emulator.calls())
                    .extracting(Emulator.Call::name)
                    .containsExactly(
                            "cuCtxPushCurrent_v2",
                            "cuMemcpyHtoDAsync_v2",
                            "cuGraphLaunch",
                            "cuGraphLaunch",
                            "cuGraphLaunch",
                            "cuGraphLaunch",
                            "cuGraphLaunch",
                            "cuCtxPopCurrent_v2");
            Emulator.clearCalls();
            double[] metrics = new double[5 * steps.program().metrics().size()];
            steps.executable().metrics(metrics);
            assertThat(steps.executable().nonFiniteStep()).isEqualTo(-1);
            for (int step = 0; step < 5; step++) {
                assertThat(metrics[step * steps.program().metrics().size()])
                        .as("loss of step " + step)
                        .isBetween(0.5, 2.0);
            }
            assertThat(Emulator.calls())
                    .extracting(Emulator.Call::name)
                    .containsExactly(
                            "cuCtxPushCurrent_v2", "cuMemcpyDtoHAsync_v2", "cuStreamSynchronize", "cuCtxPopCurrent_v2");
        }
    }

    @Test
    void aStepOfTwoModelsAndTwoOptimizersIsOneGraphLaunch() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the emulated driver keeps a log of its calls");
        StepRuns.Case pair = StepRuns.generativePair();
        CompiledStep step = pair.step().compile(DataTensors.of("data", pair.data()), 5);
        try (Backend backend = backend(CudaBackend.Options.DEFAULT);
                BoundStep bound = BoundStep.of(step, backend, MemoryMode.ARENA)) {
            bound.write(pair.data());
            Emulator.clearCalls();
            bound.executable().run(StepRange.withoutLearning(step.program(), 3));
            assertThat(Emulator.calls())
                    .extracting(Emulator.Call::name)
                    .containsExactly(
                            "cuCtxPushCurrent_v2",
                            "cuMemcpyHtoDAsync_v2",
                            "cuGraphLaunch",
                            "cuGraphLaunch",
                            "cuGraphLaunch",
                            "cuCtxPopCurrent_v2");
        }
    }

    @Test
    void aDataSetThatStaysInHostMemoryGivesTheSameBits() {
        Map<String, float[]> resident;
        Map<String, float[]> streamed;
        try (Backend backend = backend(new CudaBackend.Options(false, false))) {
            resident = Trainings.train(backend, GRAPH, DATA, 4);
        }
        try (Backend backend = backend(new CudaBackend.Options(true, false))) {
            streamed = Trainings.train(backend, GRAPH, DATA, 4);
        }
        assertSame(resident, streamed);
    }

    @Test
    void twoModelsTrainInTwoThreadsAtOnce() {
        try (Backend backend = backend(CudaBackend.Options.DEFAULT)) {
            Graph other = Trainings.perceptron();
            Dataset otherData = Trainings.samples(Shape.of(36), 50);
            Map<String, float[]> first = Trainings.train(backend, GRAPH, DATA, 4);
            Map<String, float[]> second = Trainings.train(backend, other, otherData, 7);
            for (int repetition = 0; repetition < 3; repetition++) {
                CompletableFuture<Map<String, float[]>> one =
                        CompletableFuture.supplyAsync(() -> Trainings.train(backend, GRAPH, DATA, 4));
                CompletableFuture<Map<String, float[]>> two =
                        CompletableFuture.supplyAsync(() -> Trainings.train(backend, other, otherData, 7));
                assertSame(one.join(), first);
                assertSame(two.join(), second);
            }
        }
    }

    private static Backend backend(CudaBackend.Options options) {
        return new CudaBackend(0, Candidates.TABLE, options);
    }

    private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual).containsOnlyKeys(expected.keySet());
        actual.forEach((name, values) -> assertThat(values).as(name).containsExactly(expected.get(name)));
    }
}
