package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.graph.Graph;
import dev.weft.layer.Layers;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Sgd;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import org.junit.jupiter.api.Test;

class CostTest {

    /** Worked out by hand: forward 833,040, and twice that backward less conv1's input gradient, 235,200. */
    @Test
    void aTrainingImageOfLenet5Costs2264Kiloflop() {
        int batch = 3;
        Program program = LeNet.training(Adam.of(1e-3), batch);
        assertThat(Cost.of(program.ops()).flops()).isEqualTo(batch * (3L * 833_040 - 235_200));
    }

    /** 3 sequences of 5 steps, four products with 6 x 6 weights in each step, forward and backward. */
    @Test
    void aRecurrentLayerMultipliesInEachStep() {
        GraphLowering network = GraphLowering.of("model", Graph.sequential(Shape.of(5, 2), Layers.lstm(6)), 1);
        Step step = Step.of(
                "step",
                s -> s.minimise(
                        s.loss(Loss.meanSquaredError(), s.apply(network, s.normal("x", Shape.of(5, 2))), 0),
                        network,
                        Sgd.of(0.1)));
        List<Op> ops = step.compile(null, 3).program().ops();
        for (Class<? extends Op> kind : List.of(Op.Recurrence.class, Op.RecurrenceBackward.class)) {
            assertThat(ops.stream().filter(kind::isInstance))
                    .singleElement()
                    .satisfies(op -> assertThat(Cost.of(op).flops()).isEqualTo(3 * 5 * 4 * 6 * 6 * 2));
        }
    }

    @Test
    void everyOperandIsMovedOnce() {
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(3, 5));
        TensorRef mask = TensorRef.batched("mask", DType.U8, Shape.of(3, 5));
        Cost cost = Cost.of(new Op.Dropout("drop", x, 7, 1, 1, x.like("y"), mask));
        assertThat(cost).isEqualTo(new Cost(0, 60, 75));
    }
}
