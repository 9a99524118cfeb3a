package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;

/** Softmax, losses and metrics. They see a few values for each sample, so sums and logarithms are in double. */
final class LossKernels {
    /** Rows of a part of the work. */
    private static final int ROWS = 64;

    private LossKernels() {}

    /** Work on a row along the last axis. */
    @FunctionalInterface
    private interface RowBody {
        /**
         * @param at the row's first element, counted from the first of the operand
         * @param step from one element to the next
         * @param n the row, counted in operands with one element for each sample
         */
        void run(Task task, int frame, int at, int step, int n);
    }

    /** Work on each row of {@code x}: a row is spread over a tile, one element in each vector, or contiguous. */
    private static Kernel forEachRow(Op op, TensorRef x, int columns, Binding binding, RowBody body) {
        if (!Tiling.tiled(op)) {
            int rows = x.elements() / columns;
            return Kernel.whole(new Phase((rows + ROWS - 1) / ROWS, (part, thread) -> {
                int end = Math.min(rows, (part + 1) * ROWS);
                for (int n = part * ROWS; n < end; n++) {
                    body.run(Task.WHOLE, 0, n * columns, 1, n);
                }
            }));
        }
        int lanes = binding.tiling().lanes();
        int length = columns * lanes;
        int rowsOfTile = binding.tiles(x).tile / length;
        return Kernel.tiled((task, frame, thread) -> {
            for (int row = 0; row < task.count() * rowsOfTile; row++) {
                for (int lane = 0; lane < lanes; lane++) {
                    body.run(task, frame, row * length + lane, lanes, row / rowsOfTile * lanes + lane);
                }
            }
        });
    }

    private static int lastDimension(TensorRef x) {
        return x.shape().get(x.shape().rank() - 1);
    }

    /** Writes the softmax of a row; returns the logarithm of the sum of its exponentials. */
    private static double softmaxRow(float[] x, int xAt, float[] y, int yAt, int step, int columns) {
        float max = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < columns; j++) {
            max = Math.max(max, x[xAt + j * step]);
        }
        double sum = 0;
        for (int j = 0; j < columns; j++) {
            float e = Elementary.exp(x[xAt + j * step] - max);
            y[yAt + j * step] = e;
            sum += e;
        }
        float share = (float) (1 / sum);
        for (int j = 0; j < columns; j++) {
            y[yAt + j * step] *= share;
        }
        return max + StrictMath.log(sum);
    }

    static Kernel softmax(Op.Softmax op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        int columns = lastDimension(op.x());
        return forEachRow(
                op,
                op.x(),
                columns,
                binding,
                (task, frame, at, step, n) ->
                        softmaxRow(x.reals, x.at(task, frame) + at, y.reals, y.at(task, frame) + at, step, columns));
    }

    static Kernel softmaxBackward(Op.SoftmaxBackward op, Binding binding) {
        Operand y = binding.operand(op, op.y());
        Operand dy = binding.operand(op, op.dy());
        Operand dx = binding.operand(op, op.dx());
        int columns = lastDimension(op.y());
        return forEachRow(op, op.y(), columns, binding, (task, frame, at, step, n) -> {
            int yAt = y.at(task, frame) + at;
            int dyAt = dy.at(task, frame) + at;
            int dxAt = dx.at(task, frame) + at;
            double dot = 0;
            for (int j = 0; j < columns; j++) {
                dot += (double) dy.reals[dyAt + j * step] * y.reals[yAt + j * step];
            }
            for (int j = 0; j < columns; j++) {
                dx.reals[dxAt + j * step] = (float) (y.reals[yAt + j * step] * (dy.reals[dyAt + j * step] - dot));
            }
        });
    }

    static Kernel softmaxCrossEntropy(Op.SoftmaxCrossEntropy op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand labels = binding.operand(op, op.labels());
        Operand p = binding.operand(op, op.p());
        Operand loss = binding.operand(op, op.loss());
        int columns = lastDimension(op.x());
        return forEachRow(op, op.x(), columns, binding, (task, frame, at, step, n) -> {
            int xAt = x.at(task, frame) + at;
            double logSum = softmaxRow(x.reals, xAt, p.reals, p.at(task, frame) + at, step, columns);
            int label = labels.ints[labels.at(task, frame) + n];
            loss.reals[loss.at(task, frame) + n] = (float) (logSum - x.reals[xAt + label * step]);
        });
    }

    static Kernel softmaxCrossEntropyBackward(Op.SoftmaxCrossEntropyBackward op, Binding binding) {
        Operand p = binding.operand(op, op.p());
        Operand labels = binding.operand(op, op.labels());
        Operand dloss = binding.operand(op, op.dloss());
        Operand dx = binding.operand(op, op.dx());
        int columns = lastDimension(op.p());
        return forEachRow(op, op.p(), columns, binding, (task, frame, at, step, n) -> {
            float scale = dloss.reals[dloss.at(task, frame) + n];
            int label = labels.ints[labels.at(task, frame) + n];
            int pAt = p.at(task, frame) + at;
            int dxAt = dx.at(task, frame) + at;
            for (int j = 0; j < columns; j++) {
                dx.reals[dxAt + j * step] = scale * (p.reals[pAt + j * step] - (j == label ? 1 : 0));
            }
        });
    }

    static Kernel squaredError(Op.SquaredError op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand target = binding.operand(op, op.target());
        Operand loss = binding.operand(op, op.loss());
        int row = op.x().elements() / op.loss().elements();
        return forEachRow(op, op.x(), row, binding, (task, frame, at, step, n) -> {
            int xAt = x.at(task, frame) + at;
            int targetAt = target.at(task, frame) + at;
            double sum = 0;
            for (int j = 0; j < row; j++) {
                double difference = (double) x.reals[xAt + j * step] - target.reals[targetAt + j * step];
                sum += difference * difference;
            }
            loss.reals[loss.at(task, frame) + n] = (float) (sum / row);
        });
    }

    static Kernel squaredErrorBackward(Op.SquaredErrorBackward op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand target = binding.operand(op, op.target());
        Operand dloss = binding.operand(op, op.dloss());
        Operand dx = binding.operand(op, op.dx());
        int row = op.x().elements() / op.dloss().elements();
        return forEachRow(op, op.x(), row, binding, (task, frame, at, step, n) -> {
            float scale = dloss.reals[dloss.at(task, frame) + n] * 2 / row;
            int xAt = x.at(task, frame) + at;
            int targetAt = target.at(task, frame) + at;
            int dxAt = dx.at(task, frame) + at;
            for (int j = 0; j < row; j++) {
                dx.reals[dxAt + j * step] = scale * (x.reals[xAt + j * step] - target.reals[targetAt + j * step]);
            }
        });
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
        if (!Tiling.tiled(op)) {
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
                int best = 0;
                for (int j = 1; j < columns; j++) {
                    if (x.a[at + j] > x.a[at + best]) {
                        best = j;
                    }
                }
                correct += best == labels.a[labels.at + n] ? 1 : 0;
            }
            y.a[y.at] = correct;
        }));
    }
}
