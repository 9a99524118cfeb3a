package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.Kernels;
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

/** What benchmarks ask of the backend: a choice of kernels, the time of single ops, the processor's peak rates. */
class MeasurementTest {

    @Test
    void kernelsCanBeChosen() {
        try (Backend vector = Backends.open("cpu", new BackendOptions(1, Kernels.of("vector")));
                Backend scalar = Backends.open("cpu", new BackendOptions(1, Kernels.of("scalar")))) {
            assertThat(vector.description()).contains("Vector API");
            assertThat(scalar.description()).contains("scalar").doesNotContain("Vector API");
            assertThat(vector.kernels()).isEqualTo("vector");
            assertThat(scalar.kernels()).isEqualTo("scalar");
        }
        assertThatThrownBy(() -> Backends.open("cpu", new BackendOptions(1, Kernels.of("cublas"))))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("backend cpu has no kernels 'cublas'; there are vector, scalar");
        assertThatThrownBy(() -> Backends.open("reference", new BackendOptions(1, Kernels.of("vector"))))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("none to choose from");
    }

    /** Twenty executions take longer than one; and the op that was traced last is the one that is timed. */
    @Test
    void tracedOpsCanBeTimed() {
        TensorRef small = TensorRef.unbatched("small", DType.REAL, Shape.of(1));
        TensorRef large = TensorRef.unbatched("large", DType.REAL, Shape.of(1 << 22));
        Program program = new Program(
                "fill",
                1,
                List.of(new Op.Fill("a", 1, small), new Op.Fill("b", 2, large)),
                List.of(),
                List.of(small, large),
                List.of());
        try (Backend cpu = Backends.open("cpu", new BackendOptions(1));
                Executable executable =
                        cpu.bind(List.of(program), List.of(), MemoryMode.ARENA).get(0)) {
            List<Double> once = new ArrayList<>();
            List<Double> often = new ArrayList<>();
            executable.trace(StepRange.single(0, 1), new Executable.Observer() {
                @Override
                public void after(List<Op> ops) {
                    executable.timeTraced(20);
                    once.add(executable.timeTraced(1).orElseThrow());
                    often.add(executable.timeTraced(20).orElseThrow());
                }
            });
            assertThat(often.get(1)).isGreaterThan(3 * once.get(1));
            assertThat(often.get(1)).as("filling 16 MB").isGreaterThan(10 * often.get(0));
            assertThat(executable.read(large).get(7)).isEqualTo(2);
        }
    }

    /** No processor of today does less or more for each thread. */
    @Test
    void peakRatesAreThoseOfAProcessor() {
        try (Backend cpu = Backends.open("cpu", new BackendOptions(1))) {
            Backend.PeakRates peak = cpu.measurePeakRates().orElseThrow();
            assertThat(peak.flopsPerSecond()).isBetween(2e9, 1e12);
            assertThat(peak.bytesPerSecond()).isBetween(5e8, 5e11);
            assertThat(peak.how()).contains("vectors in registers", "1 thread");
            System.out.printf(
                    "%.1f GFLOP/s, %.1f GB/s: %s%n",
                    peak.flopsPerSecond() * 1e-9, peak.bytesPerSecond() * 1e-9, peak.how());
        }
    }
}
