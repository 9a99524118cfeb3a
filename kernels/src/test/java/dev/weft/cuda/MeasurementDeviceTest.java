package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What benchmarks ask of the backend: whether times count, the time of single ops, the device's peak rates. */
@ExtendWith(TestDevice.class)
class MeasurementDeviceTest {

    @Test
    void theEmulatedDeviceSaysThatItIsEmulated() {
        try (Backend cuda = Backends.open("cuda");
                Backend cpu = Backends.open("cpu")) {
            assertThat(cuda.emulated()).isEqualTo(!TestDevice.GPU);
            assertThat(cpu.emulated()).isFalse();
        }
    }

    @Test
    void tracedOpsAreExecutedAgainAndTimed() {
        TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(1000));
        Program program = new Program("fill", 1, List.of(new Op.Fill("a", 3, y)), List.of(), List.of(y), List.of());
        try (Backend cuda = Backends.open("cuda");
                Executable executable =
                        cuda.bind(List.of(program), List.of(), MemoryMode.ARENA).get(0)) {
            List<Double> seconds = new ArrayList<>();
            executable.trace(StepRange.single(0, 1), new Executable.Observer() {
                @Override
                public void after(List<Op> ops) {
                    executable.write(y, dev.weft.tensor.HostTensor.of(y.shape(), new float[1000]));
                    seconds.add(executable.timeTraced(5).orElseThrow());
                    assertThat(executable.read(y).get(999)).as("executed again").isEqualTo(3);
                }
            });
            assertThat(seconds).hasSize(1).allMatch(s -> s > 0 && s < 10);
        }
    }

    /** Each of the eight sums k = 0 .. 7 of a thread is 2 + (k - 2) / 2^n after n iterations. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8})
    void theKernelOfThePeakRateDoesAllItsIterations(int iterations) {
        Candidate peak = Candidate.of(
                "peak",
                Op.Fill.class,
                (op, binding) ->
                        List.of(binding.launch("peak", "peak_multiply_add", Grid.of(2), 32, iterations, op.y())));
        TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(64));
        Program program = new Program("peak", 1, List.of(new Op.Fill("a", 0, y)), List.of(), List.of(y), List.of());
        try (CudaBackend cuda =
                        new CudaBackend(0, ConformanceDeviceTest.preferring(peak), CudaBackend.Options.DEFAULT);
                Executable executable = cuda.bind(List.of(program), List.of(), MemoryMode.SEPARATE)
                        .get(0)) {
            executable.run(StepRange.single(0, 1));
            assertThat(executable.read(y).doubles()).containsOnly(16 + 12 / Math.pow(2, iterations));
        }
    }

    @Test
    void peakRatesAreMeasured() {
        try (CudaBackend cuda = (CudaBackend) Backends.open("cuda")) {
            Backend.PeakRates peak = cuda.measurePeakRates().orElseThrow();
            assertThat(peak.flopsPerSecond()).isPositive().isFinite();
            assertThat(peak.bytesPerSecond()).isPositive().isFinite();
            assertThat(cuda.modules().kernels()).contains("peak/peak_multiply_add");
            long live = cuda.liveBytes();
            cuda.measurePeakRates();
            assertThat(cuda.liveBytes()).as("nothing stays allocated").isEqualTo(live);
        }
    }
}
