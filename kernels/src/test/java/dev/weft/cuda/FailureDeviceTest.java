package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.DeviceException;
import dev.weft.OutOfDeviceMemoryException;
import dev.weft.cuda.emulator.Emulator;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.layer.Layers;
import dev.weft.loss.Loss;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.Shape;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Driver calls that fail. */
@ExtendWith(TestDevice.class)
class FailureDeviceTest {
    private static final Graph GRAPH = Trainings.perceptron();
    private static final Dataset DATA = Trainings.samples(Shape.of(36), 10);

    @BeforeEach
    @AfterEach
    void freshDriver() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the emulated driver fails on request");
        Emulator.reset();
        Emulator.configure("quiet=on");
    }

    /** One call after the other, until a training has fewer calls. */
    @Test
    void whateverCallFailsTheErrorIsOneNothingLeaksAndTheProcessTrainsAgain() {
        Map<String, float[]> expected = train();
        int calls = Emulator.calls().size();
        assertThat(calls).isGreaterThan(50);
        for (int n = 1; n <= calls; n++) {
            freshDriver();
            trainWithFailure(n, expected);
        }
    }

    private static void trainWithFailure(int n, Map<String, float[]> expected) {
        Emulator.fail("*", n, CUresult.CUDA_ERROR_OPERATING_SYSTEM);
        Throwable error = catchThrowable(FailureDeviceTest::train);
        String what =
                "call %d, %s, failed".formatted(n, Emulator.calls().get(n - 1).name());
        assertThat(error)
                .as(what)
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("CUDA_ERROR_OPERATING_SYSTEM (304)");
        assertThat(Emulator.leaks()).as(what).isEmpty();
        assertThat(Emulator.reports()).as(what).isEmpty();
        Map<String, float[]> again = train();
        expected.forEach((name, values) ->
                assertThat(again.get(name)).as("%s after %s", name, what).containsExactly(values));
    }

    private static Map<String, float[]> train() {
        try (CudaBackend backend = backend()) {
            return Trainings.train(backend, GRAPH, DATA, 4);
        }
    }

    /** All whose description in NVIDIA's cuda.h says so, those of memory that went wrong, and the unknown one. */
    @ParameterizedTest
    @ValueSource(ints = {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 810, 911, 999})
    void afterAnErrorThatNobodyCanVouchForTheBackendIsGivenUpForEveryThread(int code) throws InterruptedException {
        CudaBackend backend = backend();
        Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA);
        Emulator.fail("cuGraphLaunch", 1, code);
        assertThatThrownBy(() -> steps.executable().run(steps.range(1)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("(%d)", code)
                .hasMessageContaining("start a new process");
        AtomicReference<Throwable> elsewhere = new AtomicReference<>();
        Thread other = new Thread(
                () -> elsewhere.set(catchThrowable(() -> steps.executable().run(steps.range(1)))));
        other.start();
        other.join();
        assertThat(elsewhere.get())
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cannot be used any more since: ")
                .hasMessageContaining("(%d)", code);
        steps.close();
        backend.close();
    }

    @Test
    void afterAnotherErrorTheBackendGoesOn() {
        try (CudaBackend backend = backend();
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            Emulator.fail("cuGraphLaunch", 1, CUresult.CUDA_ERROR_OPERATING_SYSTEM);
            assertThatThrownBy(() -> steps.executable().run(steps.range(1)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("(304)")
                    .hasMessageNotContaining("start a new process");
            steps.executable().run(steps.range(1));
            assertThat(steps.executable().nonFiniteStep()).isEqualTo(-1);
        }
    }

    @Test
    void afterAStickyErrorTheBackendSaysSo() {
        CudaBackend backend = backend();
        Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA);
        Emulator.fail("cuGraphLaunch", 1, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        assertThatThrownBy(() -> steps.executable().run(steps.range(1)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("train, steps 0 to 0")
                .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)")
                .hasMessageContaining("start a new process")
                .hasMessageContaining("-Dweft.cuda.synchronize=true");
        assertThatThrownBy(() -> steps.executable().run(steps.range(1)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cannot be used any more since: ")
                .hasMessageContaining("(700)");
        steps.close();
        backend.close();
    }

    @Test
    void withTheDebugSwitchAnErrorNamesOpLayerAndShapes() {
        try (CudaBackend backend = new CudaBackend(0, Candidates.TABLE, new CudaBackend.Options(false, true));
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            // the first synchronisation of the run comes after the batch is gathered
            Emulator.fail("cuStreamSynchronize", 1, CUresult.CUDA_ERROR_OPERATING_SYSTEM);
            assertThatThrownBy(() -> steps.executable().run(steps.range(1)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("gather_rows")
                    .hasMessageContaining("train.features[10,36]")
                    .hasMessageContaining("(304)");
        }
    }

    @Test
    void anAllocationThatDoesNotFitSaysHowMuchIsNeededAndFree() {
        try (CudaBackend backend = backend()) {
            Emulator.fail("cuMemAlloc_v2", 1, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
            assertThatThrownBy(() -> Trainings.train(backend, GRAPH, DATA, 4))
                    .isInstanceOfSatisfying(OutOfDeviceMemoryException.class, e -> {
                        assertThat(e.neededBytes()).isPositive();
                        assertThat(e.freeBytes()).isPositive();
                    })
                    .hasMessageContaining("parameters")
                    .hasMessageContaining("smaller batch");
        }
    }

    /** The emulated device takes no machine code either, so this cannot go well; but the assembler has run. */
    @Test
    void whereTheDriverRefusesPtxMachineCodeIsTried() {
        Emulator.fail("cuModuleLoadData", 1, CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
        assertThatThrownBy(FailureDeviceTest::train)
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cuModuleLoadData")
                .hasMessageContaining("CUDA_ERROR_NO_BINARY_FOR_GPU (209)");
        assertThat(Emulator.calls())
                .filteredOn(call -> call.name().equals("cuModuleLoadData"))
                .extracting(Emulator.Call::detail)
                .last()
                .asString()
                .contains("machine code");
    }

    /** The assembler inside JCuda is older than these GPUs. */
    @Test
    void whereTheAssemblerDoesNotKnowTheGpuTheErrorSaysWhatToDo() {
        Emulator.configure("cc=10.0");
        Emulator.fail("cuModuleLoadData", 1, CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
        assertThatThrownBy(FailureDeviceTest::train)
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("CUDA_ERROR_UNSUPPORTED_PTX_VERSION")
                .hasMessageContaining("no code for sm_100")
                .hasMessageContaining("install a newer NVIDIA driver");
    }

    /** Rows of 4 MiB: a batch of them is more than a ByteBuffer holds. */
    @Test
    void aBatchOfStreamedDataThatIsTooLargeIsRefused() {
        Shape row = Shape.of(1 << 20);
        Dataset data = Dataset.ofTargets(row, new float[1 << 20], Shape.of(1), new float[1]);
        Graph graph = Graph.sequential(row, Layers.linear(1));
        try (CudaBackend backend = new CudaBackend(0, Candidates.TABLE, new CudaBackend.Options(true, false))) {
            assertThatThrownBy(() ->
                            new Trainings.Steps(backend, graph, data, 512, MemoryMode.ARENA, Loss.meanSquaredError()))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("a batch of 512 rows of train.features[1,1048576] takes 2,147,483,648 bytes")
                    .hasMessageContaining("use a smaller batch");
        }
    }

    private static CudaBackend backend() {
        return new CudaBackend(0, Candidates.TABLE, CudaBackend.Options.DEFAULT);
    }
}
