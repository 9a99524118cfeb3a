package dev.weft.program;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
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
        Graph lenet = Graph.sequential(
                Shape.of(1, 28, 28),
                conv2d(6, 5).padding(2),
                relu(),
                maxPool2d(2),
                conv2d(16, 5),
                relu(),
                maxPool2d(2),
                flatten(),
                linear(120),
                relu(),
                linear(84),
                relu(),
                linear(10));
        int batch = 4;
        Dataset data = Dataset.ofBytes(Shape.of(1, 28, 28), new byte[8 * 784], new int[8], 10);
        Program program = new Compiler(lenet, new ParameterLayout(lenet.parameters()), 1)
                .training(Loss.softmaxCrossEntropy(), Adam.of(1e-3), DataTensors.of("train", data), batch);
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
