package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.Agreement;
import dev.weft.cuda.MatMulKernels.Plan;
import dev.weft.cuda.MatMulKernels.Tile;
import dev.weft.program.MemoryMode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which tile a matrix product takes, and linear layers by the tiles that small networks do not get. */
@ExtendWith(TestDevice.class)
class MatMulDeviceTest {
    private static final int H200 = 132;

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
        Plan plan = Plan.of(List.of(Tile.values()), m, p, k, H200);
        assertThat(plan.tile()).isEqualTo(tile);
        assertThat(plan.slots()).isEqualTo(slots);
    }

    @ParameterizedTest
    @EnumSource(Tile.class)
    void slotsAreNotEmptyAndCoverTheSum(Tile tile) {
        for (int k : new int[] {1, 7, 128, 129, 5001, 1 << 20, Integer.MAX_VALUE}) {
            Plan plan = Plan.of(List.of(tile), 3, 5, k, H200);
            assertThat((long) plan.slots() * plan.slotDepth()).isGreaterThanOrEqualTo(k);
            assertThat((plan.slots() - 1L) * plan.slotDepth()).isLessThan(k);
        }
    }

    @Test
    void longSumsAreSplitEvenWhereThatTakesLonger() {
        Plan plan = Plan.of(List.of(Tile.LARGE), 4096, 4096, 100_000, H200);
        assertThat(plan.slotDepth()).isLessThanOrEqualTo(4096);
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
