package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.program.MemoryPlan.Block;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MemoryPlanTest {
    private static final long ALIGNMENT = 16;

    private static boolean together(Block a, Block b) {
        return a.first() <= b.last() && b.first() <= a.last();
    }

    private static boolean overlap(Block a, Block b, long apart) {
        return a.offset() < b.offset() + b.size() + apart && b.offset() < a.offset() + a.size() + apart;
    }

    private static List<Block> blocks(MemoryPlan plan) {
        List<Block> blocks = new ArrayList<>();
        plan.blocks().forEach(blocks::add);
        return blocks;
    }

    /** 200 random programs of up to 40 blocks. */
    @ParameterizedTest
    @EnumSource(MemoryMode.class)
    void blocksThatLiveTogetherDoNotOverlap(MemoryMode mode) {
        Philox.Sequence random = Philox.sequence(1, "plan", 0);
        int shared = 0;
        for (int program = 0; program < 200; program++) {
            MemoryPlan.Builder builder = new MemoryPlan.Builder();
            int count = 1 + random.nextInt(40);
            long sum = 0;
            for (int i = 0; i < count; i++) {
                long size = 1 + random.nextInt(500);
                int first = random.nextInt(30);
                builder.use("block" + i, size, first);
                builder.use("block" + i, size, first + random.nextInt(10));
                sum += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            }
            MemoryPlan plan = builder.plan(mode, ALIGNMENT);
            List<Block> blocks = blocks(plan);
            assertThat(blocks).hasSize(count);
            assertThat(plan.guard()).isEqualTo(mode == MemoryMode.SEPARATE ? ALIGNMENT : 0);
            for (Block a : blocks) {
                assertThat(a.offset() % ALIGNMENT).isZero();
                assertThat(a.offset()).isGreaterThanOrEqualTo(plan.guard());
                assertThat(a.offset() + a.size() + plan.guard()).isLessThanOrEqualTo(plan.size());
                for (Block b : blocks) {
                    boolean apart = mode == MemoryMode.SEPARATE || together(a, b);
                    if (a != b && apart) {
                        assertThat(overlap(a, b, plan.guard()))
                                .as("%s and %s", a, b)
                                .isFalse();
                    }
                    shared += a != b && overlap(a, b, 0) ? 1 : 0;
                }
            }
            if (mode != MemoryMode.SEPARATE) {
                assertThat(plan.size()).isLessThanOrEqualTo(sum);
            }
        }
        if (mode == MemoryMode.SEPARATE) {
            assertThat(shared).isZero();
        } else {
            assertThat(shared).isPositive();
        }
    }

    @Test
    void lifetimesAndSizesGrowWithEveryUse() {
        MemoryPlan.Builder builder = new MemoryPlan.Builder();
        builder.use("x", 10, 5);
        builder.use("x", 30, 2);
        builder.use("x", 20, 9);
        assertThat(builder.plan(MemoryMode.ARENA, ALIGNMENT).block("x")).isEqualTo(new Block("x", 0, 30, 2, 9));
    }

    @Test
    void oneAfterTheOtherShareMemoryAndNeighboursDoNot() {
        MemoryPlan.Builder builder = new MemoryPlan.Builder();
        builder.use("a", 16, 0);
        builder.use("b", 16, 1);
        builder.use("c", 16, 1);
        MemoryPlan plan = builder.plan(MemoryMode.ARENA, ALIGNMENT);
        assertThat(plan.size()).isEqualTo(32);
        assertThat(plan.block("a").offset()).isZero();
        assertThat(plan.block("b").offset()).isNotEqualTo(plan.block("c").offset());
    }

    @Test
    void aliasesShareABlockThatLivesAsLongAsAll() {
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(4));
        TensorRef y = x.like("y");
        TensorRef z = x.like("z");
        MemoryPlan.Builder builder = new MemoryPlan.Builder();
        builder.alias(y, x);
        builder.alias(z, y);
        builder.use(x, 64, 0);
        builder.use(z, 64, 5);
        builder.use("other", 64, 3);
        MemoryPlan plan = builder.plan(MemoryMode.ARENA, ALIGNMENT);
        assertThat(plan.block(z)).isEqualTo(plan.block(x)).isEqualTo(plan.block(y));
        assertThat(plan.block(x).last()).isEqualTo(5);
        assertThat(overlap(plan.block(x), plan.block("other"), 0)).isFalse();
    }

    @Test
    void whatWasNotUsedHasNoBlock() {
        MemoryPlan plan = new MemoryPlan.Builder().plan(MemoryMode.ARENA, ALIGNMENT);
        assertThat(plan.size()).isZero();
        assertThatThrownBy(() -> plan.block("x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("x");
    }

    @Test
    void lenet5TakesLessThanHalfOfTheSumOfItsTensors() {
        Program program = LeNet.training(Adam.of(1e-3), 128);
        MemoryPlan.Builder builder = new MemoryPlan.Builder();
        long sum = 0;
        int index = 0;
        for (Op op : program.ops()) {
            List<TensorRef> operands = new ArrayList<>(op.inputs());
            operands.addAll(op.outputs());
            for (TensorRef tensor : operands) {
                if (!tensor.root().role().persistent()) {
                    builder.use(tensor, tensor.elements(), index);
                }
            }
            for (TensorRef y : op.outputs()) {
                sum += y.root().role().persistent() ? 0 : y.elements();
            }
            index++;
        }
        MemoryPlan plan = builder.plan(MemoryMode.ARENA, ALIGNMENT);
        assertThat(plan.size()).isLessThan(sum / 2).isGreaterThan(sum / 10);
    }
}
