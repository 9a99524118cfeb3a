package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Set;

/**
 * Whole losses in one launch: targets gathered, the rows' losses, their mean, the correct rows, and while training the
 * gradient. Launches of {@code softmax_cross_entropy_step} and {@code squared_error_step}.
 */
final class LossSteps {
    /** Threads of the block that does it alone. */
    private static final int LARGE_BLOCK = 1024;

    /** Elements that one block takes alone, 16 a thread; more are spread over the device, which takes a second launch. */
    private static final int ONE_BLOCK_ELEMENTS = 16 * LARGE_BLOCK;

    private static final int BLOCK = 256;

    /** The most blocks, each with a slot for its sums. */
    private static final int SLOTS = 512;

    private static final int WARP = 32;

    /** Classes up to which a warp takes a row. */
    private static final int MAX_COLUMNS = 4096;

    private LossSteps() {}

    // ---------------------------------------------------------------- softmax cross-entropy

    /**
     * {@code gather_rows, softmax_cross_entropy, batch_mean, count_correct}, and where they follow {@code fill,
     * batch_mean_backward, softmax_cross_entropy_backward}, if nobody else reads what lies between.
     */
    static List<Op> matchSoftmaxCrossEntropy(List<Op> rest, Binding binding) {
        Op.GatherRows gather = Candidate.at(rest, 0, Op.GatherRows.class);
        Op.SoftmaxCrossEntropy loss = Candidate.at(rest, 1, Op.SoftmaxCrossEntropy.class);
        Op.BatchMean mean = Candidate.at(rest, 2, Op.BatchMean.class);
        Op.CountCorrect correct = Candidate.at(rest, 3, Op.CountCorrect.class);
        boolean linked = gather != null
                && loss != null
                && mean != null
                && correct != null
                && LossKernels.columns(loss.x()) <= MAX_COLUMNS
                && loss.labels().equals(gather.y())
                && mean.x().equals(loss.loss())
                && correct.x().equals(loss.x())
                && correct.labels().equals(gather.y());
        if (!linked) {
            return List.of();
        }
        Op.SoftmaxCrossEntropyBackward backward = Candidate.at(rest, 6, Op.SoftmaxCrossEntropyBackward.class);
        boolean training = backward != null
                && backward.dloss().equals(gradientOfRows(rest, 4))
                && backward.p().equals(loss.p())
                && backward.labels().equals(gather.y());
        return training
                ? unlessReadOutside(rest.subList(0, 7), Set.of(mean.y(), correct.y(), backward.dx()), binding)
                : unlessReadOutside(rest.subList(0, 4), Set.of(mean.y(), correct.y()), binding);
    }

    static List<Launch> softmaxCrossEntropy(List<Op> ops, Binding binding) {
        Op.GatherRows gather = (Op.GatherRows) ops.get(0);
        Op.SoftmaxCrossEntropy loss = (Op.SoftmaxCrossEntropy) ops.get(1);
        TensorRef mean = ((Op.BatchMean) ops.get(2)).y();
        TensorRef correct = ((Op.CountCorrect) ops.get(3)).y();
        boolean training = ops.size() > 4;

        int rows = loss.loss().elements();
        int columns = LossKernels.columns(loss.x());
        boolean oneBlock = rows <= LARGE_BLOCK && loss.x().elements() <= ONE_BLOCK_ELEMENTS;
        // no lane without a column; in one block no more than let it take all rows at once
        int lanes = Integer.highestOneBit(Math.min(columns, oneBlock ? Math.min(WARP, LARGE_BLOCK / rows) : WARP));
        long threads = (long) rows * lanes;
        int slots = oneBlock ? 1 : (int) Math.min(SLOTS, (threads + BLOCK - 1) / BLOCK);
        int block = oneBlock ? (int) (threads + WARP - 1) / WARP * WARP : BLOCK;
        Object losses = slots == 1 ? mean : binding.scratch((long) slots * Float.BYTES);
        Object counts = slots == 1 ? correct : binding.scratch((long) slots * Float.BYTES);
        Launch step = binding.launch(
                "softmax_cross_entropy",
                "softmax_cross_entropy_step",
                Grid.of(slots),
                block,
                rows,
                columns,
                lanes,
                training ? (float) ((Op.Fill) ops.get(4)).value() : 0f,
                Binding.STATE,
                MovementKernels.order(gather, binding),
                MovementKernels.slots(gather, binding),
                MovementKernels.source(gather, binding),
                loss.x(),
                training ? ((Op.SoftmaxCrossEntropyBackward) ops.get(6)).dx() : Binding.NULL,
                losses,
                counts);
        return slots == 1
                ? List.of(step)
                : List.of(step, LossKernels.slotsSum(slots, losses, counts, mean, correct, binding));
    }

    // ---------------------------------------------------------------- squared error

    /**
     * {@code gather_rows, squared_error, batch_mean}, and where they follow {@code fill, batch_mean_backward,
     * squared_error_backward}, if nobody else reads what lies between.
     */
    static List<Op> matchSquaredError(List<Op> rest, Binding binding) {
        Op.GatherRows gather = Candidate.at(rest, 0, Op.GatherRows.class);
        Op.SquaredError loss = Candidate.at(rest, 1, Op.SquaredError.class);
        Op.BatchMean mean = Candidate.at(rest, 2, Op.BatchMean.class);
        boolean linked = gather != null
                && loss != null
                && mean != null
                && gather.data().type() == DType.REAL
                && gather.scale() == 1
                && gather.shift() == 0
                && loss.target().equals(gather.y())
                && !loss.x().equals(gather.y())
                && mean.x().equals(loss.loss());
        if (!linked) {
            return List.of();
        }
        Op.SquaredErrorBackward backward = Candidate.at(rest, 5, Op.SquaredErrorBackward.class);
        boolean training = backward != null
                && backward.dloss().equals(gradientOfRows(rest, 3))
                && backward.x().equals(loss.x())
                && backward.target().equals(gather.y());
        return training
                ? unlessReadOutside(rest.subList(0, 6), Set.of(mean.y(), backward.dx()), binding)
                : unlessReadOutside(rest.subList(0, 3), Set.of(mean.y()), binding);
    }

    static List<Launch> squaredError(List<Op> ops, Binding binding) {
        Op.GatherRows gather = (Op.GatherRows) ops.get(0);
        Op.SquaredError loss = (Op.SquaredError) ops.get(1);
        TensorRef mean = ((Op.BatchMean) ops.get(2)).y();
        boolean training = ops.size() > 3;

        int n = loss.x().elements();
        int row = n / loss.loss().elements();
        boolean oneBlock = n <= ONE_BLOCK_ELEMENTS;
        int slots = oneBlock ? 1 : Math.min(SLOTS, (n - 1) / BLOCK + 1);
        int block = oneBlock ? Math.min(LARGE_BLOCK, (n + WARP - 1) / WARP * WARP) : BLOCK;
        Object losses = slots == 1 ? mean : binding.scratch((long) slots * Float.BYTES);
        Launch step = binding.launch(
                "squared_error",
                "squared_error_step",
                Grid.of(slots),
                block,
                n,
                row,
                training ? (float) ((Op.Fill) ops.get(3)).value() : 0f,
                Binding.STATE,
                MovementKernels.order(gather, binding),
                MovementKernels.slots(gather, binding),
                MovementKernels.source(gather, binding),
                loss.x(),
                training ? ((Op.SquaredErrorBackward) ops.get(5)).dx() : Binding.NULL,
                losses);
        return slots == 1
                ? List.of(step)
                : List.of(step, LossKernels.slotsSum(slots, losses, Binding.NULL, mean, Binding.NULL, binding));
    }

    // ---------------------------------------------------------------- both

    /** The gradient of the rows' losses, if {@code fill, batch_mean_backward} make it from here on, else null. */
    private static TensorRef gradientOfRows(List<Op> rest, int from) {
        Op.Fill dmean = Candidate.at(rest, from, Op.Fill.class);
        Op.BatchMeanBackward backward = Candidate.at(rest, from + 1, Op.BatchMeanBackward.class);
        return dmean != null && backward != null && backward.dy().equals(dmean.y()) ? backward.dx() : null;
    }

    /** These ops, if others read none of what they write but the results. */
    private static List<Op> unlessReadOutside(List<Op> ops, Set<TensorRef> results, Binding binding) {
        return ops.stream()
                        .flatMap(op -> op.outputs().stream())
                        .anyMatch(y -> !results.contains(y) && binding.readOutside(y, ops))
                ? List.of()
                : ops;
    }
}
