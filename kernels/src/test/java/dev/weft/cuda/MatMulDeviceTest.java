package dev.weft.cuda;

import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.Agreement;
import dev.weft.cuda.MatMulKernels.Plan;
import dev.weft.cuda.MatMulKernels.Tile;
import dev.weft.graph.Graph;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which tile a matrix product takes, and linear layers by the tiles that small networks do not get. */
@ExtendWith(TestDevice.class)
class MatMulDeviceTest {
    @ParameterizedTest
    @CsvSource({
        // the linear layers of LeNet-5 and their gradients, at batch 128 and 4096
        "128, 120, 400, SMALL, 1",
        "128, 10, 84, SMALL, 1",
        "120, 401, 128, SMALL, 1",
        "128, 400, 120, SMALL, 1",
        "10, 85, 4096, SMALL, 16",
        "4096, 120, 400, MEDIUM, 1",
        "84, 121, 4096, MEDIUM, 32",
        "500, 500, 784, MEDIUM, 2",
        "2048, 2048, 2048, LARGE, 1",
        "4096, 4096, 4096, LARGE, 1"
    })
    void theRuleFillsAnH200(int m, int p, int k, Tile tile, int slots) {
        Plan plan = Plan.of(List.of(Tile.values()), m, p, k);
        assertThat(plan.tile()).isEqualTo(tile);
        assertThat(plan.slots()).isEqualTo(slots);
    }

    @ParameterizedTest
    @EnumSource(Tile.class)
    void slotsAreNotEmptyAndCoverTheSum(Tile tile) {
        for (int k : new int[] {1, 7, 128, 129, 5001, 1 << 20, Integer.MAX_VALUE}) {
            Plan plan = Plan.of(List.of(tile), 3, 5, k);
            assertThat((long) plan.slots() * plan.slotDepth()).isGreaterThanOrEqualTo(k);
            assertThat((plan.slots() - 1L) * plan.slotDepth()).isLessThan(k);
        }
    }

    @Test
    void longSumsAreSplitEvenWhereThatTakesLonger() {
        Plan plan = Plan.of(List.of(Tile.LARGE), 4096, 4096, 100_000);
        assertThat(plan.slotDepth()).isLessThanOrEqualTo(4096);
    }

    /** Long sums over inputs, rows and images, shared out to slots. */
    @Test
    void theNumberOfMultiprocessorsDoesNotChangeTheBits() {
        assumeFalse(TestDevice.GPU, "SKIPPED: only the emulated driver changes its size");
        Graph inputs = Graph.sequential(Shape.of(2051), linear(6), tanh(), linear(3));
        List<Map<String, float[]>> trained = new ArrayList<>();
        for (int multiprocessors : new int[] {2, 16, 132}) {
            TestDevice.configure("sms=" + multiprocessors);
            try (CudaBackend backend = new CudaBackend(0, Candidates.TABLE, CudaBackend.Options.DEFAULT)) {
                Map<String, float[]> parameters = new TreeMap<>();
                Trainings.train(backend, inputs, Trainings.samples(Shape.of(2051), 20), 7)
                        .forEach((name, values) -> parameters.put("inputs " + name, values));
                Trainings.train(backend, Trainings.convolutional(), Trainings.samples(Shape.of(1, 6, 6), 1400), 700)
                        .forEach((name, values) -> parameters.put("rows " + name, values));
                trained.add(parameters);
            }
        }
        trained.get(0).forEach((name, values) -> {
            assertThat(values)
                    .as(name + ", 2 and 16")
                    .containsExactly(trained.get(1).get(name));
            assertThat(values)
                    .as(name + ", 2 and 132")
                    .containsExactly(trained.get(2).get(name));
        });
    }

    @ParameterizedTest
    @EnumSource(
            value = Tile.class,
            names = {"MEDIUM", "LARGE"})
    void linearLayersAgreeWithTheReference(Tile tile) {
        List<Candidate> table = new ArrayList<>(Candidates.TABLE);
        Candidate forced =
                Candidate.fused("forced", MatMulKernels::linearForwardOps, new MatMulKernels(tile)::linearForward);
        table.add(0, forced);
        try (Backend reference = Backends.open("reference");
                CudaBackend backend = new CudaBackend(0, table, new CudaBackend.Options(false, false))) {
            Agreement.ofNetworks(reference, backend, MemoryMode.SEPARATE);
            assertThat(backend.chosen()).contains("forced");
        }
    }
}
