package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;

/** Softmax, losses and metrics. */
final class LossKernels {
    /** Rows of a part of the work. */
    private static final int ROWS = 64;

    private LossKernels() {}

    /** Work on the rows of one tile, or on one row. */
    @FunctionalInterface
    private interface RowBody {
        /**
         * @param at the first element, counted from the first of the operand
         * @param n the first row, counted in operands with one element for each sample
         */
        void run(Losses losses, Task task, int frame, int at, int n);
    }

    /** Work on each row of {@code x}: a row is spread over a tile, one element in each vector, or contiguous. */
    private static Kernel forEachRow(TensorRef x, int columns, Binding binding, RowBody body) {
        if (!binding.tiled()) {
            Losses losses = new ScalarLosses(1);
            int rows = x.elements() / columns;
            return Kernel.whole(new Phase((rows + ROWS - 1) / ROWS, (part, thread) -> {
                int end = Math.min(rows, (part + 1) * ROWS);
                for (int n = part * ROWS; n < end; n++) {
                    body.run(losses, Task.WHOLE, 0, n * columns, n);
                }
            }));
        }
        Losses losses = binding.primitives().losses();
        int lanes = binding.tiling().lanes();
        int length = columns * lanes;
        int rowsOfTile = binding.tiles(x).tile / length;
        return Kernel.tiled((task, frame, thread) -> {
            for (int row = 0; row < task.count() * rowsOfTile; row++) {
                body.run(losses, task, frame, row * length, row / rowsOfTile * lanes);
            }
        });
    }

    private static int lastDimension(TensorRef x) {
        return x.shape().get(x.shape().rank() - 1);
    }

    static Kernel softmax(Op.Softmax op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        int columns = lastDimension(op.x());
        return forEachRow(
                op.x(),
                columns,
                binding,
                (losses, task, frame, at, n) ->
                        losses.softmax(x.reals, x.at(task, frame) + at, y.reals, y.at(task, frame) + at, columns));
    }

    static Kernel softmaxBackward(Op.SoftmaxBackward op, Binding binding) {
        Operand y = binding.operand(op, op.y());
        Operand dy = binding.operand(op, op.dy());
        Operand dx = binding.operand(op, op.dx());
        int columns = lastDimension(op.y());
        return forEachRow(
                op.y(),
                columns,
                binding,
                (losses, task, frame, at, n) -> losses.softmaxBackward(
                        y.reals,
                        y.at(task, frame) + at,
                        dy.reals,
                        dy.at(task, frame) + at,
                        dx.reals,
                        dx.at(task, frame) + at,
                        columns));
    }

    static Kernel softmaxCrossEntropy(Op.SoftmaxCrossEntropy op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand labels = binding.operand(op, op.labels());
        Operand p = binding.operand(op, op.p());
        Operand loss = binding.operand(op, op.loss());
        int columns = lastDimension(op.x());
        return forEachRow(
                op.x(),
                columns,
                binding,
                (losses, task, frame, at, n) -> losses.softmaxCrossEntropy(
                        x.reals,
                        x.at(task, frame) + at,
                        labels.ints,
                        labels.at(task, frame) + n,
                        p.reals,
                        p.at(task, frame) + at,
                        loss.reals,
                        loss.at(task, frame) + n,
                        columns));
    }

    static Kernel softmaxCrossEntropyBackward(Op.SoftmaxCrossEntropyBackward op, Binding binding) {
        Operand p = binding.operand(op, op.p());
        Operand labels = binding.operand(op, op.labels());
        Operand dloss = binding.operand(op, op.dloss());
        Operand dx = binding.operand(op, op.dx());
        int columns = lastDimension(op.p());
        return forEachRow(
                op.p(),
                columns,
                binding,
                (losses, task, frame, at, n) -> losses.softmaxCrossEntropyBackward(
                        p.reals,
                        p.at(task, frame) + at,
                        labels.ints,
                        labels.at(task, frame) + n,
                        dloss.reals,
                        dloss.at(task, frame) + n,
                        dx.reals,
                        dx.at(task, frame) + at,
                        columns));
    }

    static Kernel squaredError(Op.SquaredError op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand target = binding.operand(op, op.target());
        Operand loss = binding.operand(op, op.loss());
        int columns = op.x().elements() / op.loss().elements();
        return forEachRow(
                op.x(),
                columns,
                binding,
                (losses, task, frame, at, n) -> losses.squaredError(
                        x.reals,
                        x.at(task, frame) + at,
                        target.reals,
                        target.at(task, frame) + at,
                        loss.reals,
                        loss.at(task, frame) + n,
                        columns));
    }

    static Kernel squaredErrorBackward(Op.SquaredErrorBackward op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand target = binding.operand(op, op.target());
        Operand dloss = binding.operand(op, op.dloss());
        Operand dx = binding.operand(op, op.dx());
        int columns = op.x().elements() / op.dloss().elements();
        return forEachRow(
                op.x(),
                columns,
                binding,
                (losses, task, frame, at, n) -> losses.squaredErrorBackward(
                        x.reals,
                        x.at(task, frame) + at,
                        target.reals,
                        target.at(task, frame) + at,
                        dloss.reals,
                        dloss.at(task, frame) + n,
                        dx.reals,
                        dx.at(task, frame) + at,
                        columns));
    }

    static Kernel batchMean(Op.BatchMean op, Binding binding) {
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        return Kernel.whole(Phase.single(() -> {
            double sum = 0;
            for (int n = 0; n < step.validRows; n++) {
                sum += x.a[x.at + n];
            }
            y.a[y.at] = (float) (sum / step.validRows);
        }));
    }

    static Kernel batchMeanBackward(Op.BatchMeanBackward op, Binding binding) {
        Step step = binding.step();
        Reals dy = binding.reals(op.dy());
        Operand dx = binding.operand(op, op.dx());
        int rows = op.dx().elements();
        if (!binding.tiled()) {
            return Kernel.whole(
                    Phase.single(() -> spread(dy.a[dy.at] / step.validRows, dx, Task.WHOLE, 0, rows, step.validRows)));
        }
        int lanes = binding.tiling().lanes();
        return Kernel.tiled((task, frame, thread) -> spread(
                dy.a[dy.at] / step.validRows,
                dx,
                task,
                frame,
                task.count() * lanes,
                step.validRows - task.first() * lanes));
    }

    private static void spread(float share, Operand dx, Task task, int frame, int count, int valid) {
        int at = dx.at(task, frame);
        for (int n = 0; n < count; n++) {
            dx.reals[at + n] = n < valid ? share : 0;
        }
    }

    static Kernel countCorrect(Op.CountCorrect op, Binding binding) {
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        Ints labels = binding.ints(op.labels());
        Reals y = binding.reals(op.y());
        int columns = op.x().shape().get(1);
        return Kernel.whole(Phase.single(() -> {
            int correct = 0;
            for (int n = 0; n < step.validRows; n++) {
                int at = x.at + n * columns;
                int label = labels.a[labels.at + n];
                float atLabel = x.a[at + label];
                boolean first = true;
                for (int j = 0; j < columns && first; j++) {
                    first = j < label ? x.a[at + j] < atLabel : x.a[at + j] <= atLabel;
                }
                correct += first ? 1 : 0;
            }
            y.a[y.at] = correct;
        }));
    }
}
