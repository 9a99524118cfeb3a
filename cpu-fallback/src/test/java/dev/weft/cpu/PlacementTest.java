package dev.weft.cpu;

import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.relu;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.layer.Layer;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Sgd;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which ops run in tiles, and what those do that run row by row only beside large weights. */
class PlacementTest {
    private static final Shape IMAGE = Shape.of(1, 20, 20);

    private static Program training(Layer... layers) {
        Graph graph = Graph.sequential(IMAGE, layers);
        Dataset data = Dataset.ofBytes(IMAGE, new byte[6 * 400], new int[6], 10);
        return Step.supervised(
                        GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, 42),
                        Loss.softmaxCrossEntropy(),
                        Sgd.of(0.1))
                .compile(DataTensors.of("data", data), 3)
                .program();
    }

    private static List<Boolean> tiled(Program program, Predicate<Op> which) {
        Placement placement = new Placement(program);
        return program.ops().stream()
                .filter(which)
                .map(placement::tiled)
                .distinct()
                .toList();
    }

    private static boolean multipliesABatch(Op op) {
        return op instanceof Op.MatMul product && !product.transposeA();
    }

    @Test
    void smallWeightsAreMultipliedInTiles() {
        Program program = training(flatten(), linear(20), relu(), linear(10));
        assertThat(tiled(program, PlacementTest::multipliesABatch)).containsExactly(true);
        assertThat(tiled(program, Op.Activation.class::isInstance)).containsExactly(true);
        assertThat(tiled(program, Op.GatherRows.class::isInstance)).containsExactly(true);
    }

    @Test
    void withLargeWeightsAllMatricesStayRowByRow() {
        Program program = training(flatten(), linear(350), relu(), linear(10));
        assertThat(tiled(program, PlacementTest::multipliesABatch)).containsExactly(false);
        assertThat(tiled(program, Op.Activation.class::isInstance)).containsExactly(false);
        assertThat(tiled(
                        program,
                        op -> op instanceof Op.GatherRows gather && gather.y().type() == DType.REAL))
                .containsExactly(false);
        assertThat(tiled(program, Op.SoftmaxCrossEntropy.class::isInstance)).containsExactly(true);
    }

    @Test
    void besideImagesOnlyLargeWeightsAreMultipliedRowByRow() {
        Program program = training(conv2d(1, 3).padding(1), relu(), flatten(), linear(350), relu(), linear(10));
        assertThat(tiled(
                        program,
                        op -> op instanceof Op.MatMul product && product.b().elements() == 400 * 350))
                .containsExactly(false);
        assertThat(tiled(
                        program,
                        op -> multipliesABatch(op) && ((Op.MatMul) op).b().elements() < 10_000))
                .containsExactly(true);
        assertThat(tiled(program, op -> op instanceof Op.Activation || op instanceof Op.Conv2d))
                .containsExactly(true);
    }

    /**
     * In several parts of the work. Rows past the valid ones hold what the step before left there, unless they are cleared.
     */
    @ParameterizedTest
    @EnumSource(names = {"U8", "REAL"})
    void theRowsOfABatchComeInTheirOrderWithZerosAfterThem(DType type) {
        int rows = 40;
        TensorRef data = TensorRef.persistent("data", type, Shape.of(rows, 2), Role.DATA);
        TensorRef order = TensorRef.persistent("order", DType.I32, Shape.of(rows), Role.DATA);
        TensorRef y = TensorRef.batched("y", DType.REAL, Shape.of(rows, 2));
        Op.GatherRows gather = new Op.GatherRows("gather", data, order, 2, 1, y);
        TensorRef w = TensorRef.persistent("w", DType.REAL, Shape.of(100_000, 2), Role.PARAMETER);
        TensorRef c = TensorRef.batched("c", DType.REAL, Shape.of(rows, 100_000));
        Op.MatMul product = new Op.MatMul("large", y, w, false, true, c);
        Program program = new Program("test", rows, List.of(gather, product), List.of(), List.of(y, c), List.of());
        assertThat(tiled(program, op -> true)).containsExactly(false);

        int[] reversed = IntStream.range(0, rows).map(i -> rows - 1 - i).toArray();
        byte[] bytes = new byte[rows * 2];
        float[] values = new float[rows * 2];
        for (int i = 0; i < values.length; i++) {
            values[i] = 255 - 2 * i;
            bytes[i] = (byte) values[i];
        }
        try (Backend backend = CpuBackend.open(2);
                Memory memory = backend.allocate(List.of(data, order, w));
                Executable executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                        .get(0)) {
            memory.write(
                    data, type == DType.U8 ? HostTensor.of(data.shape(), bytes) : HostTensor.of(data.shape(), values));
            memory.write(order, HostTensor.of(order.shape(), reversed));
            for (int offset : new int[] {0, 21}) {
                int valid = rows - offset;
                executable.run(StepRange.single(offset, valid));
                double[] expected = new double[rows * 2];
                for (int n = 0; n < valid; n++) {
                    for (int i = 0; i < 2; i++) {
                        expected[2 * n + i] = 2 * values[2 * reversed[offset + n] + i] + 1;
                    }
                }
                assertThat(executable.read(y).doubles()).containsExactly(expected);
            }
        }
    }
}
