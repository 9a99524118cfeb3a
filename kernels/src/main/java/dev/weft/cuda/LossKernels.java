package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Launches of {@code softmax.cu}, {@code softmax_cross_entropy.cu}, {@code squared_error.cu}, {@code batch_mean.cu} and
 * {@code count_correct.cu}.
 */
final class LossKernels {
    private static final int WARP = 32;

    /** Threads of a block whose warps take a row each. */
    private static final int ROWS_BLOCK = 128;

    /** Columns from which on a row takes a block of this many threads. */
    private static final int WIDE = 1024;

    private static final int WIDE_BLOCK = 256;

    private static final int ROWS_A_BLOCK = ROWS_BLOCK / WARP;

    /** Slots for sums over rows that one block would take long for. */
    private static final int SLOTS = 128;

    private LossKernels() {}

    /** Length of the last axis. */
    static int columns(TensorRef x) {
        return x.shape().get(x.shape().rank() - 1);
    }

    /** A launch of a kernel in which a warp takes a row, or a block where rows are long. */
    private static List<Launch> rowWise(
            Binding binding, String module, String kernel, int rows, int columns, Object... operands) {
        boolean wide = columns > WIDE;
        int blocks = wide ? rows : (rows - 1) / ROWS_A_BLOCK + 1;
        List<Object> arguments = new ArrayList<>(List.of(rows, columns, wide ? 1 : 0));
        arguments.addAll(List.of(operands));
        return List.of(
                binding.launch(module, kernel, Grid.of(blocks), wide ? WIDE_BLOCK : ROWS_BLOCK, arguments.toArray()));
    }

    static List<Launch> softmax(Op.Softmax op, Binding binding) {
        int columns = columns(op.x());
        int rows = op.x().elements() / columns;
        return rowWise(binding, "softmax", "softmax_forward", rows, columns, op.x(), op.y());
    }

    static List<Launch> softmaxBackward(Op.SoftmaxBackward op, Binding binding) {
        int columns = columns(op.y());
        int rows = op.y().elements() / columns;
        return rowWise(binding, "softmax", "softmax_backward", rows, columns, op.y(), op.dy(), op.dx());
    }

    static List<Launch> softmaxCrossEntropy(Op.SoftmaxCrossEntropy op, Binding binding) {
        int rows = op.loss().elements();
        return rowWise(
                binding,
                "softmax_cross_entropy",
                "softmax_cross_entropy_forward",
                rows,
                columns(op.x()),
                op.x(),
                op.labels(),
                op.p(),
                op.loss());
    }

    static List<Launch> softmaxCrossEntropyBackward(Op.SoftmaxCrossEntropyBackward op, Binding binding) {
        int n = op.p().elements();
        return List.of(binding.elementWise(
                "softmax_cross_entropy",
                "softmax_cross_entropy_backward",
                n,
                n,
                columns(op.p()),
                op.p(),
                op.labels(),
                op.dloss(),
                op.dx()));
    }

    static List<Launch> squaredError(Op.SquaredError op, Binding binding) {
        int rows = op.loss().elements();
        int row = op.x().elements() / rows;
        return rowWise(binding, "squared_error", "squared_error_forward", rows, row, op.x(), op.target(), op.loss());
    }

    static List<Launch> squaredErrorBackward(Op.SquaredErrorBackward op, Binding binding) {
        int n = op.x().elements();
        int row = n / op.dloss().elements();
        return List.of(binding.elementWise(
                "squared_error", "squared_error_backward", n, n, row, op.x(), op.target(), op.dloss(), op.dx()));
    }

    static List<Launch> batchMean(Op.BatchMean op, Binding binding) {
        int block = Math.min(1024, (op.x().elements() + WARP - 1) / WARP * WARP);
        return List.of(
                binding.launch("batch_mean", "batch_mean_forward", Grid.of(1), block, Binding.STATE, op.x(), op.y()));
    }

    static List<Launch> batchMeanBackward(Op.BatchMeanBackward op, Binding binding) {
        int n = op.dx().elements();
        return List.of(binding.elementWise("batch_mean", "batch_mean_backward", n, n, Binding.STATE, op.dy(), op.dx()));
    }

    static List<Launch> countCorrect(Op.CountCorrect op, Binding binding) {
        int rows = op.labels().elements();
        int columns = columns(op.x());
        int slots = Math.min(SLOTS, (rows - 1) / ROWS_A_BLOCK + 1);
        Object counts = slots == 1 ? op.y() : binding.scratch((long) slots * Float.BYTES);
        Launch rowWise = binding.launch(
                "count_correct",
                "count_correct",
                Grid.of(slots),
                ROWS_BLOCK,
                columns,
                Binding.STATE,
                op.x(),
                op.labels(),
                counts);
        return slots == 1
                ? List.of(rowWise)
                : List.of(rowWise, slotsSum(slots, Binding.NULL, counts, Binding.NULL, op.y(), binding));
    }

    /** The launch that adds up what blocks have left in slots: losses to a mean, or counts, or both. */
    static Launch slotsSum(int slots, Object losses, Object counts, Object mean, Object correct, Binding binding) {
        return binding.launch(
                "batch_mean", "batch_mean_slots", Grid.of(1), 128, slots, Binding.STATE, losses, counts, mean, correct);
    }
}
