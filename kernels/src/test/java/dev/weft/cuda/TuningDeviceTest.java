package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.DeviceException;
import dev.weft.backend.Executable;
import dev.weft.backend.Kernels;
import dev.weft.backend.Tunable;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.io.SafeTensors;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Plans. What is fastest on the emulated driver means nothing; that the plan is made and followed does. */
@ExtendWith(TestDevice.class)
class TuningDeviceTest {
    private static final Graph GRAPH = Trainings.perceptron();
    private static final Dataset DATA = Trainings.samples(Shape.of(36), 10);

    @TempDir
    private Path folder;

    private static List<Tunable.Timing> tune(Path plan) {
        return tune(Kernels.ownChoice(), GRAPH, DATA, plan);
    }

    private static List<Tunable.Timing> tune(Kernels allowed, Graph graph, Dataset data, Path plan) {
        try (CudaBackend backend = new CudaBackend(0, KernelChoice.of(allowed), CudaBackend.Options.DEFAULT);
                Trainings.Steps steps = new Trainings.Steps(backend, graph, data, 5, MemoryMode.ARENA)) {
            return backend.tune(List.of(steps.program()), steps.memories(), plan);
        }
    }

    @Test
    void everyCandidateIsTimedAndTheFastestWayIsTaken() {
        Path file = folder.resolve("plan.json");
        List<Tunable.Timing> timings = tune(file);
        assertThat(timings).allMatch(timing -> timing.microseconds() > 0);
        Map<String, List<Tunable.Timing>> byOps = timings.stream().collect(Collectors.groupingBy(Tunable.Timing::ops));
        assertThat(byOps)
                .as("a matrix product, by all candidates of the two tables")
                .anySatisfy((ops, all) ->
                        assertThat(all).extracting(Tunable.Timing::candidate).contains("matmul_small", "matmul_large"));
        byOps.forEach((ops, all) -> {
            List<Tunable.Timing> taken =
                    all.stream().filter(Tunable.Timing::taken).toList();
            assertThat(taken).as(ops).hasSizeLessThanOrEqualTo(1);
            taken.forEach(
                    timing -> assertThat(all).as(ops).allMatch(other -> other.microseconds() >= timing.microseconds()));
        });
        KernelPlan plan = KernelPlan.read(file);
        try (CudaBackend backend =
                        new CudaBackend(0, KernelChoice.of(Kernels.tuned(file)), CudaBackend.Options.DEFAULT);
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 5, MemoryMode.ARENA)) {
            assertThat(backend.kernels()).isEqualTo("tuned " + plan.digest());
            assertThat(backend.description()).contains(plan.digest());
            assertThat(backend.chosen()).containsExactlyInAnyOrderElementsOf(plan.candidates());
            assertThat(steps.executable().stages()).isNotEmpty();
        }
    }

    private static List<String> timed(Kernels allowed, Path plan) {
        Dataset pictures = Trainings.samples(Shape.of(1, 6, 6), 10);
        return tune(allowed, Trainings.convolutional(), pictures, plan).stream()
                .map(Tunable.Timing::candidate)
                .toList();
    }

    @Test
    void theDigestIsInTheModelFile() {
        Path file = folder.resolve("plan.json");
        tune(file);
        Path saved = folder.resolve("model.safetensors");
        try (CudaBackend backend =
                        new CudaBackend(0, KernelChoice.of(Kernels.tuned(file)), CudaBackend.Options.DEFAULT);
                Model model = Model.create(GRAPH, backend, 1)) {
            model.save(saved);
        }
        assertThat(SafeTensors.metadata(saved))
                .containsEntry("kernels", "tuned " + KernelPlan.read(file).digest());
    }

    /** With a plan written by hand, whose choices differ from the table's. */
    @Test
    void theBackendFollowsThePlan() {
        TestDevice.need(Library.CUBLAS);
        Path file = folder.resolve("plan.json");
        String product;
        try (CudaBackend backend = new CudaBackend(0, Candidates.TABLE, CudaBackend.Options.DEFAULT);
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 5, MemoryMode.ARENA)) {
            product = KernelPlan.signature(steps.program().ops().stream()
                    .filter(Op.MatMul.class::isInstance)
                    .limit(1)
                    .toList());
        }
        plan(Map.of(product, new KernelPlan.Choice("cublas_sgemm", Map.of("cublas_sgemm", 1.5))))
                .write(file);
        assertThat(KernelPlan.read(file).choices()).containsOnlyKeys(product);
        try (CudaBackend backend =
                        new CudaBackend(0, KernelChoice.of(Kernels.tuned(file)), CudaBackend.Options.DEFAULT);
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 5, MemoryMode.ARENA)) {
            assertThat(steps.executable().stages())
                    .flatExtracting(Executable.Stage::launches)
                    .filteredOn(Executable.KernelLaunch::library)
                    .extracting(Executable.KernelLaunch::kernel)
                    .containsExactly("cublasSgemm");
        }
    }

    private static KernelPlan plan(Map<String, KernelPlan.Choice> choices) {
        try (CudaBackend backend = new CudaBackend(0, Candidates.TABLE, CudaBackend.Options.DEFAULT)) {
            return new KernelPlan(backend.device().name(), false, choices);
        }
    }

    @Test
    void theDigestIsThatOfTheChoicesNotOfTheTimes() {
        KernelPlan plan = plan(Map.of("a", new KernelPlan.Choice("x", Map.of("x", 1.0, "y", 2.0))));
        assertThat(plan(Map.of("a", new KernelPlan.Choice("x", Map.of("x", 3.0))))
                        .digest())
                .isEqualTo(plan.digest());
        assertThat(plan(Map.of("a", new KernelPlan.Choice("y", Map.of("x", 1.0, "y", 2.0))))
                        .digest())
                .isNotEqualTo(plan.digest());
    }

    /** Who gets a plan from somebody else is not given TF32 or another result in every run without having asked. */
    @Test
    void whatAPlanTakesHasToBeAllowedWhereItIsUsed() {
        Path file = folder.resolve("plan.json");
        KernelPlan.Choice product = new KernelPlan.Choice("cublas_sgemm", Map.of());
        KernelPlan.Choice gradient = new KernelPlan.Choice("cudnn_conv2d_filter_gradient_algo_0", Map.of());
        new KernelPlan("some GPU", true, Map.of("a", product, "b", gradient)).write(file);
        String digest = KernelPlan.read(file).digest();
        Kernels tuned = Kernels.tuned(file);
        assertThatThrownBy(() -> KernelChoice.of(tuned.allowNondeterministic()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("was made with TF32; allow that with --tf32");
        assertThatThrownBy(() -> KernelChoice.of(tuned.allowTf32()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("takes nondeterministic kernels; allow that with --nondeterministic");
        assertThat(KernelChoice.of(tuned.allowTf32().allowNondeterministic()).label())
                .isEqualTo("tuned %s TF32 nondeterministic".formatted(digest));
    }

    @Test
    void whatIsAllowedIsTimedAndNothingElse() {
        TestDevice.need(Library.CUDNN);
        Kernels own = Kernels.ownChoice();
        Path file = folder.resolve("plan.json");
        assertThat(timed(own, file))
                .contains("cudnn_conv2d_filter_gradient_algo_1")
                .doesNotContain("cudnn_conv2d_filter_gradient_algo_0", "cudnn_max_pool2d_backward");
        assertThat(KernelPlan.read(file).tf32()).isFalse();
        assertThat(timed(own.allowTf32().allowNondeterministic(), file))
                .contains("cudnn_conv2d_filter_gradient_algo_0", "cudnn_max_pool2d_backward");
        assertThat(KernelPlan.read(file).tf32()).isTrue();
    }

    @Test
    void whatIsWrongWithAPlanIsSaid() throws IOException {
        Path file = folder.resolve("plan.json");
        assertThatThrownBy(() -> KernelPlan.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("there is no kernel plan " + file);
        Files.writeString(file, "{\"format\": 1, \"device\": ");
        assertThatThrownBy(() -> KernelPlan.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot read the kernel plan " + file);
        KernelPlan plan = plan(Map.of("a", new KernelPlan.Choice("unheard_of", Map.of())));
        plan.write(file);
        assertThatThrownBy(() -> KernelChoice.of(Kernels.tuned(file)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("unheard_of");
        Files.writeString(file, Files.readString(file).replace("unheard_of", "fill"));
        assertThatThrownBy(() -> KernelPlan.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("was changed after it was made");
        Kernels allowed = Kernels.tuned(file);
        KernelPlan elsewhere =
                new KernelPlan("another GPU", false, Map.of("a", new KernelPlan.Choice("fill", Map.of())));
        assertThatThrownBy(
                        () -> new CudaBackend(0, KernelChoice.tuned(elsewhere, allowed), CudaBackend.Options.DEFAULT))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("was made on another GPU");
    }
}
