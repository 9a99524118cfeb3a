package dev.weft.cuda;

import static dev.weft.layer.Layers.linear;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.DeviceException;
import dev.weft.OutOfDeviceMemoryException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.cuda.emulator.Emulator;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is allocated, what does not fit, and what kernels do outside their tensors. */
@ExtendWith(TestDevice.class)
class MemoryDeviceTest {
    private static final Graph GRAPH = Trainings.convolutional();
    private static final Dataset DATA = Trainings.samples(Shape.of(1, 6, 6), 22);

    @Test
    void nothingIsLeftAfterClose() {
        CudaBackend backend = backend(Candidates.TABLE);
        Trainings.train(backend, GRAPH, DATA, 4);
        assertThat(backend.liveBytes()).isZero();
        backend.close();
        if (!TestDevice.GPU) {
            assertThat(Emulator.leaks()).isEmpty();
        }
    }

    @Test
    void whatTheOwnerForgetsIsFreedWithTheBackend() {
        CudaBackend backend = backend(Candidates.TABLE);
        Trainings.Steps forgotten = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.SEPARATE);
        forgotten.executable().run(forgotten.range(1));
        assertThat(backend.liveBytes()).isPositive();
        backend.close();
        assertThat(backend.liveBytes()).isZero();
        if (!TestDevice.GPU) {
            assertThat(Emulator.leaks()).isEmpty();
        }
    }

    /** It would free what the next step works on. */
    @Test
    void closingAModelInACallbackOfItsTrainingIsRefused() {
        List<String> refused = new ArrayList<>();
        try (CudaBackend backend = backend(Candidates.TABLE);
                Model model = Model.create(GRAPH, backend, 9)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), Adam.of(0.01))
                    .batch(4)
                    .epochs(2)
                    .callback(new Callback() {
                        @Override
                        public void epochDone(EpochResult epoch) {
                            try {
                                model.close();
                            } catch (WeftException e) {
                                refused.add(e.getMessage());
                            }
                        }
                    });
            assertThat(trainer.fit(DATA).epochs()).hasSize(2);
            assertThat(refused)
                    .hasSize(2)
                    .allMatch(message -> message.startsWith("close was called in a callback of the model's training"));
            assertThat(model.evaluate(DATA).loss()).isFinite();
        }
    }

    /** Two trainings of one epoch, the second with what the first one's optimizer remembers, are one of two. */
    @Test
    void aTrainerThatIsAskedAgainGoesOn() {
        try (CudaBackend backend = backend(Candidates.TABLE);
                Model once = Model.create(GRAPH, backend, 9);
                Model twice = Model.create(GRAPH, backend, 9)) {
            Trainer.of(once, Loss.softmaxCrossEntropy(), Adam.of(0.01))
                    .batch(4)
                    .epochs(2)
                    .fit(DATA);
            Trainer trainer =
                    Trainer.of(twice, Loss.softmaxCrossEntropy(), Adam.of(0.01)).batch(4);
            trainer.fit(DATA);
            trainer.fit(DATA);
            once.parameters()
                    .forEach((name, values) ->
                            assertThat(twice.parameter(name).floats()).as(name).containsExactly(values.floats()));
        }
    }

    @Test
    void anActivationThatDoesNotFitSaysWhatToDo() {
        assumeFalse(TestDevice.GPU, "SKIPPED: a GPU's memory is too large to fill in a test");
        withMemory("2M", () -> {
            try (CudaBackend backend = backend(Candidates.TABLE)) {
                Graph wide = Graph.sequential(Shape.of(36), linear(300), linear(2000), linear(3));
                long before = backend.liveBytes();
                assertThatThrownBy(() -> Trainings.train(backend, wide, Trainings.samples(Shape.of(36), 64), 64))
                        .isInstanceOf(OutOfDeviceMemoryException.class)
                        .hasMessageMatching("(?s).* needs [\\d,]+ bytes, [\\d,]+ are free: .*smaller batch.*");
                assertThat(backend.liveBytes()).isEqualTo(before);
                // and the backend goes on
                assertThat(Trainings.train(backend, GRAPH, DATA, 4)).isNotEmpty();
            }
        });
    }

    /** The bytes of the data set are 1.4 MB, more than three quarters of what is free. */
    @Test
    void aDataSetThatDoesNotFitIsStreamedWithTheSameBits() {
        assumeFalse(TestDevice.GPU, "SKIPPED: a GPU's memory is too large to fill in a test");
        Shape image = Shape.of(1, 12, 12);
        Graph graph =
                Graph.sequential(image, dev.weft.layer.Layers.maxPool2d(6), dev.weft.layer.Layers.flatten(), linear(3));
        Dataset data = Trainings.samples(image, 10_000);
        List<Map<String, float[]>> trained = new ArrayList<>();
        List<Long> largest = new ArrayList<>();
        for (String memory : List.of("64M", "1800K")) {
            withMemory(memory, () -> {
                try (CudaBackend backend = backend(Candidates.TABLE)) {
                    largest.add(dataBytes(backend, data));
                    trained.add(Trainings.train(backend, graph, data, 100));
                }
            });
        }
        assertThat(largest.get(0)).isGreaterThan(144 * 10_000);
        assertThat(largest.get(1)).isLessThan(144 * 10_000);
        trained.get(0)
                .forEach((name, values) ->
                        assertThat(trained.get(1).get(name)).as(name).containsExactly(values));
    }

    private static long dataBytes(CudaBackend backend, Dataset data) {
        try (dev.weft.backend.Memory memory =
                backend.allocate(dev.weft.program.DataTensors.of("train", data).tensors())) {
            return memory.bytes();
        }
    }

    private static void withMemory(String size, Runnable test) {
        Emulator.reset();
        Emulator.configure("quiet=on;memory=" + size);
        try {
            test.run();
        } finally {
            Emulator.reset();
            Emulator.configure("quiet=on");
        }
    }

    /** A kernel that writes one element too many is found by the guard bands, also on a GPU without further tools. */
    @Test
    void anOverrunIntoTheNeighbouringTensorIsCaught() {
        List<Candidate> table = new ArrayList<>(Candidates.TABLE);
        table.removeIf(candidate -> candidate.kind().isEmpty());
        table.add(
                0,
                Candidate.of(
                        "overrun",
                        Op.Fill.class,
                        (op, binding) -> List.of(binding.launch(
                                "overrun", "overrun", Grid.of(1), 32, op.y().elements(), (float) op.value(), op.y()))));
        try (Backend backend = backend(table);
                Trainings.Steps steps = new Trainings.Steps(backend, GRAPH, DATA, 4, MemoryMode.SEPARATE)) {
            assertThatThrownBy(() -> steps.executable().run(steps.range(1)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("fill")
                    .hasMessageContaining("wrote outside its tensors");
        }
    }

    private static CudaBackend backend(List<Candidate> candidates) {
        return new CudaBackend(0, candidates, CudaBackend.Options.DEFAULT);
    }
}
