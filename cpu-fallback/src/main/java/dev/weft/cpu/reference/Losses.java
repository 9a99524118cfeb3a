package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;

/** Softmax, losses and metrics. */
final class Losses {
    private Losses() {}

    /** Length of the last axis. */
    private static int columns(TensorRef x) {
        return x.shape().get(x.shape().rank() - 1);
    }

    /** max of a row, by which its exponentials are scaled so that none overflows. */
    private static double max(Cells x, int start, int columns) {
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < columns; j++) {
            max = Math.max(max, x.get(start + j));
        }
        return max;
    }

    static void softmax(Op.Softmax op, Tensors t) {
        Cells x = t.cells(op.x());
        int columns = columns(op.x());
        for (int start = 0; start < x.length(); start += columns) {
            softmaxRow(x, t.cells(op.y()), start, columns);
        }
    }

    /** Writes the softmax of a row; returns the sum of its scaled exponentials. */
    private static double softmaxRow(Cells x, Cells y, int start, int columns) {
        double max = max(x, start, columns);
        double sum = 0;
        double drift = 0;
        for (int j = 0; j < columns; j++) {
            double shifted = x.get(start + j) - max;
            sum += Math.exp(shifted);
            drift += Math.exp(shifted) == 0 ? 0 : Math.exp(shifted) * Math.abs(shifted);
        }
        for (int j = 0; j < columns; j++) {
            double shifted = x.get(start + j) - max;
            double p = Math.exp(shifted) / sum;
            // rounding x - max changes the exponential by its own size times |x - max|; likewise in the sum
            y.set(start + j, p, p == 0 ? 0 : p * (1 + Math.abs(shifted) + drift / sum));
        }
        return sum;
    }

    static void softmaxBackward(Op.SoftmaxBackward op, Tensors t) {
        Cells y = t.cells(op.y());
        Cells dy = t.cells(op.dy());
        Cells dx = t.cells(op.dx());
        int columns = columns(op.y());
        for (int start = 0; start < y.length(); start += columns) {
            double dot = 0;
            double magnitude = 0;
            for (int j = start; j < start + columns; j++) {
                dot += dy.get(j) * y.get(j);
                magnitude += Math.abs(dy.get(j) * y.get(j));
            }
            for (int j = start; j < start + columns; j++) {
                dx.set(j, y.get(j) * (dy.get(j) - dot), Math.abs(y.get(j)) * (Math.abs(dy.get(j)) + magnitude));
            }
        }
    }

    static void softmaxCrossEntropy(Op.SoftmaxCrossEntropy op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells labels = t.cells(op.labels());
        Cells p = t.cells(op.p());
        Cells loss = t.cells(op.loss());
        int columns = columns(op.x());
        for (int n = 0; n < loss.length(); n++) {
            int start = n * columns;
            double sum = softmaxRow(x, p, start, columns);
            double max = max(x, start, columns);
            double gap = max - x.get(start + labels.getInt(n));
            double drift = 1;
            for (int j = start; j < start + columns; j++) {
                drift += p.get(j) == 0 ? 0 : p.get(j) * Math.abs(x.get(j) - max);
            }
            loss.set(n, Math.log(sum) + gap, Math.log(sum) + Math.abs(gap) + drift);
        }
    }

    static void softmaxCrossEntropyBackward(Op.SoftmaxCrossEntropyBackward op, Tensors t) {
        Cells p = t.cells(op.p());
        Cells labels = t.cells(op.labels());
        Cells dloss = t.cells(op.dloss());
        Cells dx = t.cells(op.dx());
        int columns = columns(op.p());
        for (int i = 0; i < p.length(); i++) {
            int n = i / columns;
            double target = i % columns == labels.getInt(n) ? 1 : 0;
            dx.set(i, dloss.get(n) * (p.get(i) - target), Math.abs(dloss.get(n)) * (p.get(i) + target));
        }
    }

    static void squaredError(Op.SquaredError op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells target = t.cells(op.target());
        Cells loss = t.cells(op.loss());
        int row = x.length() / loss.length();
        for (int n = 0; n < loss.length(); n++) {
            double sum = 0;
            for (int i = n * row; i < (n + 1) * row; i++) {
                double difference = x.get(i) - target.get(i);
                sum += difference * difference;
            }
            loss.set(n, sum / row, sum / row);
        }
    }

    static void squaredErrorBackward(Op.SquaredErrorBackward op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells target = t.cells(op.target());
        Cells dloss = t.cells(op.dloss());
        Cells dx = t.cells(op.dx());
        int row = x.length() / dloss.length();
        for (int i = 0; i < x.length(); i++) {
            double value = dloss.get(i / row) * 2 * (x.get(i) - target.get(i)) / row;
            dx.set(i, value, Math.abs(value));
        }
    }

    static void batchMean(Op.BatchMean op, Tensors t) {
        Cells x = t.cells(op.x());
        double sum = 0;
        double magnitude = 0;
        for (int n = 0; n < t.validRows(); n++) {
            sum += x.get(n);
            magnitude += Math.abs(x.get(n));
        }
        t.cells(op.y()).set(0, sum / t.validRows(), magnitude / t.validRows());
    }

    static void batchMeanBackward(Op.BatchMeanBackward op, Tensors t) {
        double share = t.cells(op.dy()).get(0) / t.validRows();
        Cells dx = t.cells(op.dx());
        for (int n = 0; n < dx.length(); n++) {
            dx.set(n, n < t.validRows() ? share : 0, Math.abs(share));
        }
    }

    static void countCorrect(Op.CountCorrect op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells labels = t.cells(op.labels());
        int columns = columns(op.x());
        int correct = 0;
        for (int n = 0; n < t.validRows(); n++) {
            int label = labels.getInt(n);
            double atLabel = x.get(n * columns + label);
            boolean first = true;
            for (int j = 0; j < columns; j++) {
                double value = x.get(n * columns + j);
                first &= j < label ? value < atLabel : value <= atLabel;
            }
            correct += first ? 1 : 0;
        }
        t.cells(op.y()).set(0, correct, correct);
    }
}
