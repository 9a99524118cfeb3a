package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.op.BatchRule;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How the ops of a training step of LeNet-5 treat the batch, worked out by hand. */
class BatchRuleTest {
    private static final Map<String, BatchRule> EXCEPTIONS = Map.of(
            "bias_gradient", BatchRule.REDUCED,
            "conv2d_filter_gradient", BatchRule.REDUCED,
            "mat_mul a' b", BatchRule.REDUCED,
            "batch_mean", BatchRule.REDUCED,
            "count_correct", BatchRule.REDUCED,
            "fill 1.0", BatchRule.WHOLE,
            "check_finite", BatchRule.WHOLE,
            "adam_update", BatchRule.WHOLE);

    @Test
    void sumsOverTheBatchAreReducedUpdatesTakeTheWholeAndAllElseIsMapped() {
        Program program = LeNet.training(Adam.of(1e-3), 3);
        Map<String, BatchRule> seen = new LinkedHashMap<>();
        for (Op op : program.ops()) {
            String kind =
                    op instanceof Op.MatMul || op instanceof Op.Fill ? op.name() + " " + op.attributes() : op.name();
            assertThat(op.batchRule()).as(kind).isEqualTo(EXCEPTIONS.getOrDefault(kind, BatchRule.MAPPED));
            seen.put(kind, op.batchRule());
        }
        assertThat(seen).containsAllEntriesOf(EXCEPTIONS).containsEntry("gather_rows", BatchRule.MAPPED);
    }
}
