package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import org.junit.jupiter.api.Test;

class CostTest {

    /** Worked out by hand: forward 833,040, and twice that backward less conv1's input gradient, 235,200. */
    @Test
    void aTrainingImageOfLenet5Costs2264Kiloflop() {
        int batch = 3;
        Program program = LeNet.training(Adam.of(1e-3), batch);
        assertThat(Cost.of(program.ops()).flops()).isEqualTo(batch * (3L * 833_040 - 235_200));
    }

    @Test
    void everyOperandIsMovedOnce() {
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(3, 5));
        TensorRef mask = TensorRef.batched("mask", DType.U8, Shape.of(3, 5));
        Cost cost = Cost.of(new Op.Dropout("drop", x, 7, 1, 1, x.like("y"), mask));
        assertThat(cost).isEqualTo(new Cost(0, 60, 75));
    }
}
