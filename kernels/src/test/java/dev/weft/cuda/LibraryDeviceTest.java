package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Kernels;
import dev.weft.conformance.Agreement;
import dev.weft.cuda.emulator.Emulator;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** cuBLAS and cuDNN: on the emulated driver the stand-ins for them, on a GPU those of the machine. */
@ExtendWith(TestDevice.class)
class LibraryDeviceTest {
    private static final Graph GRAPH = Trainings.convolutional();
    private static final Dataset DATA = Trainings.samples(Shape.of(1, 6, 6), 22);

    @BeforeEach
    @AfterEach
    void freshDriver() {
        if (TestDevice.GPU) {
            for (Library library : Library.values()) {
                LibraryFinder.Found found = LibraryFinder.ofMachine().find(library);
                assumeTrue(found.usable(), () -> "SKIPPED: " + found.missing());
            }
        } else {
            Emulator.reset();
            Emulator.configure("quiet=on");
        }
    }

    private static CudaBackend open(String kernels) {
        return open(kernels, CudaBackend.Options.DEFAULT);
    }

    private static CudaBackend open(String kernels, CudaBackend.Options options) {
        return new CudaBackend(0, KernelChoice.of(Kernels.of(kernels)), options);
    }

    @Test
    void namesAreUniqueInTheWholeTable() {
        assertThat(Stream.concat(Candidates.TABLE.stream(), Candidates.LIBRARIES.stream()))
                .extracting(Candidate::name)
                .doesNotHaveDuplicates();
    }

    @TestFactory
    Stream<DynamicTest> everyCandidateAgreesWithTheReference() {
        return Candidates.LIBRARIES.stream()
                .map(candidate -> dynamicTest(candidate.name(), () -> {
                    List<Candidate> table = new ArrayList<>(Candidates.TABLE);
                    table.add(0, candidate);
                    try (Backend reference = Backends.open("reference");
                            CudaBackend backend = new CudaBackend(0, table, CudaBackend.Options.DEFAULT)) {
                        int cases = Agreement.ofOp(candidate.kind().orElseThrow(), reference, backend);
                        assertThat(backend.chosen())
                                .as("candidates chosen in %d cases", cases)
                                .contains(candidate.name());
                    }
                }));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cublas", "cudnn"})
    void networksAgreeWithTheReference(String kernels) {
        Library library = Library.valueOf(kernels.toUpperCase(Locale.ROOT));
        for (MemoryMode mode : List.of(MemoryMode.SEPARATE, MemoryMode.POISONED_ARENA)) {
            try (Backend reference = Backends.open("reference");
                    CudaBackend backend = open(kernels)) {
                Agreement.ofNetworks(reference, backend, mode);
                assertThat(backend.chosen())
                        .as("candidates of %s among those chosen", library)
                        .containsAnyElementsOf(Candidates.LIBRARIES.stream()
                                .filter(candidate -> candidate.library().orElseThrow() == library)
                                .map(Candidate::name)
                                .toList());
            }
        }
    }

    /** Across an epoch boundary, with a short last batch. */
    @ParameterizedTest
    @ValueSource(strings = {"cublas", "cudnn"})
    void aReplayedStepGivesTheBitsOfSingleCalls(String kernels) {
        Map<String, float[]> replayed;
        try (Backend backend = open(kernels, new CudaBackend.Options(false, false))) {
            replayed = Trainings.train(backend, GRAPH, DATA, 4);
        }
        try (Backend backend = open(kernels, new CudaBackend.Options(false, true))) {
            Map<String, float[]> single = Trainings.train(backend, GRAPH, DATA, 4);
            assertThat(single).containsOnlyKeys(replayed.keySet());
            single.forEach((name, values) -> assertThat(values).as(name).containsExactly(replayed.get(name)));
        }
    }

    @Test
    void aSteadyStepMakesNoLibraryCall() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the emulated driver keeps a log of its calls");
        try (Backend backend = open("cudnn");
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            assertThat(Emulator.calls()).extracting(Emulator.Call::name).contains("cudnnConvolutionForward");
            Emulator.clearCalls();
            steps.executable().run(steps.range(3));
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
    void theListingShowsWhatALibraryDoes() {
        try (Backend backend = open("cudnn");
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            assertThat(steps.executable().stages())
                    .flatExtracting(Executable.Stage::launches)
                    .filteredOn(Executable.KernelLaunch::library)
                    .extracting(Executable.KernelLaunch::kernel)
                    .contains(
                            "cudnnConvolutionForward implicit_precomp_gemm",
                            "cudnnConvolutionBackwardFilter algo_1",
                            "cudnnActivationForward");
            assertThat(backend.description()).contains("kernels cudnn").containsPattern("cuDNN 9\\.\\d+\\.\\d+");
        }
    }

    @Test
    void whatAProgramMadeIsGivenBackWithIt() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the emulated driver keeps a log of its calls");
        try (CudaBackend backend = open("cudnn")) {
            Trainings.train(backend, GRAPH, DATA, 4);
            assertThat(backend.liveBytes()).isZero();
            Set<String> kinds = new HashSet<>(Arrays.asList("Tensor", "Filter", "Convolution", "Activation"));
            for (String kind : kinds) {
                assertThat(calls("cudnnDestroy" + kind + "Descriptor"))
                        .as(kind)
                        .isPositive()
                        .isEqualTo(calls("cudnnCreate" + kind + "Descriptor"));
            }
            assertThat(calls("cudnnCreate")).isEqualTo(1);
            assertThat(calls("cudnnDestroy")).isZero();
        }
        assertThat(calls("cudnnDestroy")).isEqualTo(1);
        assertThat(Emulator.leaks()).isEmpty();
    }

    private static long calls(String name) {
        return Emulator.calls().stream()
                .filter(call -> call.name().equals(name))
                .count();
    }

    @Test
    void aCallThatFailsNamesOpLayerShapesFunctionAndStatus() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the stand-ins fail on request");
        try (CudaBackend backend = open("cublas")) {
            Emulator.fail("cublasSgemm_v2", 1, 1);
            assertThatThrownBy(() -> new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageMatching(
                            "\\S+ mat_mul .*\\[4,27\\].* by cublasSgemm: CUBLAS_STATUS_EXECUTION_FAILED \\(13\\)");
        }
        try (CudaBackend backend = open("cudnn")) {
            Emulator.fail("cudnnConvolutionForward", 1, 1);
            assertThatThrownBy(() -> new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageMatching(
                            "\\S+ conv2d .*\\[4,1,6,6\\].* by cudnnConvolutionForward implicit_precomp_gemm:"
                                    + " CUDNN_STATUS_EXECUTION_FAILED \\(5000\\)");
        }
    }

    /** As exact as TF32's ten bits, and no more: that the setting reaches the library shows in the values. */
    @ParameterizedTest
    @ValueSource(strings = {"cublas", "cudnn"})
    void tf32IsLabelledAndRoundsFactors(String kernels) {
        KernelChoice tf32 = KernelChoice.of(Kernels.of(kernels).allowTf32());
        try (Backend reference = Backends.open("reference");
                CudaBackend exact = open(kernels);
                CudaBackend rounded = new CudaBackend(0, tf32, CudaBackend.Options.DEFAULT)) {
            assertThat(rounded.description()).contains("kernels " + kernels + " TF32");
            assertThat(rounded.unitRoundoff()).isEqualTo(0x1p-11);
            for (Class<? extends dev.weft.op.Op> kind : List.<Class<? extends dev.weft.op.Op>>of(
                    kernels.equals("cublas") ? dev.weft.op.Op.MatMul.class : dev.weft.op.Op.Conv2d.class)) {
                Agreement.ofOp(kind, reference, rounded);
            }
            assertThat(Trainings.train(rounded, GRAPH, DATA, 4).get("linear1.weight"))
                    .isNotEqualTo(Trainings.train(exact, GRAPH, DATA, 4).get("linear1.weight"));
        }
    }
}
