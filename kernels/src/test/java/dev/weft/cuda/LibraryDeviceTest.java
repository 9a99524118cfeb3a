package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
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
import dev.weft.train.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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

    /** Candidates that look at the op before or the op after, so that no op alone is theirs. */
    private static final Set<String> FOR_PROGRAMS = Set.of("cudnn_max_pool2d", "cudnn_max_pool2d_backward");

    @BeforeEach
    @AfterEach
    void freshDriver() {
        if (!TestDevice.GPU) {
            Emulator.reset();
            Emulator.configure("quiet=on");
        }
    }

    private static CudaBackend open(String kernels) {
        return open(kernels, CudaBackend.Options.DEFAULT);
    }

    private static CudaBackend open(String kernels, CudaBackend.Options options) {
        TestDevice.need(library(kernels));
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
                .filter(candidate -> !FOR_PROGRAMS.contains(candidate.name()))
                .map(candidate -> dynamicTest(candidate.name(), () -> {
                    try (Backend reference = Backends.open("reference");
                            CudaBackend backend = preferring(candidate, Candidates.TABLE)) {
                        int cases = Agreement.ofOp(candidate.kind().orElseThrow(), reference, backend);
                        assertThat(backend.chosen())
                                .as("candidates chosen in %d cases", cases)
                                .contains(candidate.name());
                    }
                }));
    }

    private static Library library(String kernels) {
        return Library.valueOf(kernels.toUpperCase(Locale.ROOT));
    }

    private static CudaBackend open(Kernels kernels) {
        TestDevice.need(library(kernels.name()));
        return new CudaBackend(0, KernelChoice.of(kernels), CudaBackend.Options.DEFAULT);
    }

    private static CudaBackend preferring(Candidate candidate, List<Candidate> others) {
        TestDevice.need(candidate.library().orElseThrow());
        List<Candidate> table = new ArrayList<>(others);
        table.add(0, candidate);
        return new CudaBackend(0, table, CudaBackend.Options.DEFAULT);
    }

    private static Candidate named(String name) {
        return Candidates.LIBRARIES.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Whose winning elements nobody asks for. */
    @Test
    void maximaOfAForwardPassAgreeWithTheReference() {
        try (Backend reference = Backends.open("reference");
                CudaBackend backend = open("cudnn");
                Model expected = Model.create(GRAPH, reference, 9);
                Model model = Model.create(GRAPH, backend, 9)) {
            assertThat(model.evaluate(DATA).loss())
                    .isCloseTo(expected.evaluate(DATA).loss(), within(1e-5));
            assertThat(backend.chosen()).contains("cudnn_max_pool2d");
        }
    }

    @Test
    void theGradientOfMaximaAgreesWithTheReference() {
        assumeFalse(TestDevice.GPU, "SKIPPED: which of equal elements gets the gradient is not documented");
        try (Backend reference = Backends.open("reference");
                CudaBackend backend = open(Kernels.of("cudnn").allowNondeterministic())) {
            Agreement.ofNetworks(reference, backend, MemoryMode.SEPARATE);
            Agreement.ofNetworks(reference, backend, MemoryMode.POISONED_ARENA);
            assertThat(backend.chosen()).contains("cudnn_max_pool2d_backward");
        }
    }

    @Test
    void whatIsNondeterministicIsTakenOnlyWhereThatIsAllowed() {
        Kernels cudnn = Kernels.of("cudnn");
        Set<String> nondeterministic = Candidates.LIBRARIES.stream()
                .filter(candidate -> !candidate.deterministic())
                .map(Candidate::name)
                .collect(Collectors.toSet());
        assertThat(nondeterministic)
                .containsExactlyInAnyOrder(
                        "cudnn_conv2d_input_gradient_algo_0",
                        "cudnn_conv2d_filter_gradient_algo_0",
                        "cudnn_conv2d_filter_gradient_algo_3",
                        "cudnn_max_pool2d_backward");
        assertThat(KernelChoice.of(cudnn).candidates())
                .extracting(Candidate::name)
                .doesNotContainAnyElementsOf(nondeterministic);
        assertThat(KernelChoice.of(cudnn.allowNondeterministic()).candidates())
                .extracting(Candidate::name)
                .containsAll(nondeterministic);
        try (CudaBackend backend = open("cudnn");
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            assertThat(backend.kernels()).isEqualTo("cudnn");
            assertThat(backend.chosen()).doesNotContainAnyElementsOf(nondeterministic);
            assertThat(functions(steps)).noneMatch(name -> name.contains("nondeterministic"));
        }
        try (CudaBackend backend = open(cudnn.allowNondeterministic());
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.ARENA)) {
            assertThat(backend.kernels()).isEqualTo("cudnn nondeterministic");
            assertThat(backend.description()).contains("kernels cudnn nondeterministic");
            assertThat(functions(steps)).contains("cudnnPoolingBackward nondeterministic");
        }
    }

    private static List<String> functions(Trainings.Steps steps) {
        return steps.executable().stages().stream()
                .flatMap(stage -> stage.launches().stream())
                .filter(Executable.KernelLaunch::library)
                .map(Executable.KernelLaunch::kernel)
                .toList();
    }

    /** The stand-in sums in another order in every call of an algorithm that is documented as non-deterministic. */
    @Test
    void withoutThemTwoRunsGiveTheSameBitsAndWithThemTheyDoNot() {
        List<Candidate> deterministic = KernelChoice.of(Kernels.of("cudnn")).candidates();
        Candidate other = named("cudnn_conv2d_filter_gradient_algo_0");
        assertThat(weightsOfTwoRuns(() -> open("cudnn"))).hasSize(1);
        assumeFalse(TestDevice.GPU, "SKIPPED: whether two runs with it differ on a GPU is chance");
        assertThat(weightsOfTwoRuns(() -> preferring(other, deterministic))).hasSize(2);
    }

    private static Set<List<Float>> weightsOfTwoRuns(Supplier<CudaBackend> opener) {
        Set<List<Float>> runs = new HashSet<>();
        for (int run = 0; run < 2; run++) {
            try (CudaBackend backend = opener.get()) {
                List<Float> weights = new ArrayList<>();
                for (float weight : Trainings.train(backend, GRAPH, DATA, 4).get("conv1.weight")) {
                    weights.add(weight);
                }
                runs.add(weights);
            }
        }
        return runs;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cublas", "cudnn"})
    void networksAgreeWithTheReference(String kernels) {
        Library library = library(kernels);
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
        try (Backend reference = Backends.open("reference");
                CudaBackend exact = open(kernels);
                CudaBackend rounded = open(Kernels.of(kernels).allowTf32())) {
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
