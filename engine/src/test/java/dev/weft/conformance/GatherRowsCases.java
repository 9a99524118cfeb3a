package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;
import static dev.weft.conformance.Tensors.data;

import dev.weft.data.Shuffle;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.GatherRows} from bytes, floats and integers. */
final class GatherRowsCases {
    private GatherRowsCases() {}

    /** Rows of the data set, of the batch, offset, valid rows. In most the valid rows end with the order. */
    private static final int[][] ROWS = {{1, 1, 0, 1}, {7, 3, 2, 3}, {7, 3, 6, 1}, {40, 17, 24, 16}, {100, 33, 67, 33}};

    private static final int[][] SAMPLES = {{1}, {7}, {16}, {3, 5, 7}, {1, 28, 28}};

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] rows : ROWS) {
            for (int[] sample : SAMPLES) {
                cases.add(gather(DType.U8, rows, 1 / 255.0, 0, sample));
                cases.add(gather(DType.U8, rows, 1 / (255 * 0.3081), -0.1307 / 0.3081, sample));
                cases.add(gather(DType.REAL, rows, 1, 0, sample));
                cases.add(gather(DType.REAL, rows, 2.7, -0.3, sample));
            }
            cases.add(gather(DType.I32, rows, 1, 0));
        }
        int[] rows = {3, 3, 1, 2};
        cases.add(byHand(gather(DType.U8, rows, 0.5, 1, 2), 65, 128.5, 1, 1.5, 0, 0));
        cases.add(byHand(gather(DType.I32, rows, 1, 0, 2), 128, 255, 0, 1, 0, 0));
        cases.add(byHand(gather(DType.REAL, rows, 1, 0, 2), 128, 255, 0, 1, 0, 0));
        return cases;
    }

    /** Row 2, then row 0, of three. */
    private static OpCase byHand(OpCase opCase, double... y) {
        Op.GatherRows op = (Op.GatherRows) opCase.op();
        opCase.withIntegers(op.order(), 1, 2, 0).expect(op.y(), y);
        return op.data().type() == DType.REAL
                ? opCase.with(op.data(), 0, 1, Double.NaN, Double.POSITIVE_INFINITY, 128, 255)
                : opCase.withIntegers(op.data(), 0, 1, 100, 127, 128, 255);
    }

    private static OpCase gather(DType type, int[] rows, double scale, double shift, int... sample) {
        TensorRef order = data("order", DType.I32, rows[0]);
        int[] shape = withRows(rows[1], sample);
        TensorRef y = type == DType.I32 ? batchedIntegers("y", shape) : batched("y", shape);
        Op.GatherRows op =
                new Op.GatherRows("case", data("data", type, withRows(rows[0], sample)), order, scale, shift, y);
        OpCase opCase = OpCase.of("%s to batch of %d at %d, %d valid".formatted(type, rows[1], rows[2], rows[3]), op)
                .withIntegers(order, Shuffle.order(rows[0], 3, 1))
                .offset(rows[2])
                .validRows(rows[3]);
        return type == DType.REAL ? opCase : opCase.integers(op.data(), 256);
    }

    private static int[] withRows(int rows, int... sample) {
        return Shape.of(sample).batch(rows).toArray();
    }
}
