package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;

/**
 * Softmax, losses and metrics. They see a few values for each sample, so they run in double with {@link StrictMath},
 * whose bits are the same everywhere.
 */
final class LossKernels {
    /** Rows of a part of the work. */
    private static final int ROWS = 64;

    private LossKernels() {}

    /** Work on each row of {@code x} along its last axis, with the row's number and first element. */
    private static Phase forEachRow(TensorRef x, RowBody body) {
        int columns = x.shape().get(x.shape().rank() - 1);
        int rows = x.elements() / columns;
        return new Phase((rows + ROWS - 1) / ROWS, (part, thread) -> {
            int end = Math.min(rows, (part + 1) * ROWS);
            for (int n = part * ROWS; n < end; n++) {
                body.run(n, n * columns, columns);
            }
        });
    }

    @FunctionalInterface
    private interface RowBody {
        void run(int n, int at, int columns);
    }

    /** Writes the softmax of a row; returns the logarithm of the sum of its exponentials. */
    private static double softmaxRow(Reals x, Reals y, int at, int columns) {
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < columns; j++) {
            max = Math.max(max, x.a[x.at + at + j]);
        }
        double sum = 0;
        for (int j = 0; j < columns; j++) {
            sum += StrictMath.exp(x.a[x.at + at + j] - max);
        }
        for (int j = 0; j < columns; j++) {
            y.a[y.at + at + j] = (float) (StrictMath.exp(x.a[x.at + at + j] - max) / sum);
        }
        return max + StrictMath.log(sum);
    }

    static Phase[] softmax(Op.Softmax op, Binding binding) {
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        return new Phase[] {forEachRow(op.x(), (n, at, columns) -> softmaxRow(x, y, at, columns))};
    }

    static Phase[] softmaxBackward(Op.SoftmaxBackward op, Binding binding) {
        Reals y = binding.reals(op.y());
        Reals dy = binding.reals(op.dy());
        Reals dx = binding.reals(op.dx());
        return new Phase[] {
            forEachRow(op.y(), (n, at, columns) -> {
                double dot = 0;
                for (int j = at; j < at + columns; j++) {
                    dot += (double) dy.a[dy.at + j] * y.a[y.at + j];
                }
                for (int j = at; j < at + columns; j++) {
                    dx.a[dx.at + j] = (float) (y.a[y.at + j] * (dy.a[dy.at + j] - dot));
                }
            })
        };
    }

    static Phase[] softmaxCrossEntropy(Op.SoftmaxCrossEntropy op, Binding binding) {
        Reals x = binding.reals(op.x());
        Ints labels = binding.ints(op.labels());
        Reals p = binding.reals(op.p());
        Reals loss = binding.reals(op.loss());
        return new Phase[] {
            forEachRow(op.x(), (n, at, columns) -> {
                double logSum = softmaxRow(x, p, at, columns);
                loss.a[loss.at + n] = (float) (logSum - x.a[x.at + at + labels.a[labels.at + n]]);
            })
        };
    }

    static Phase[] softmaxCrossEntropyBackward(Op.SoftmaxCrossEntropyBackward op, Binding binding) {
        Reals p = binding.reals(op.p());
        Ints labels = binding.ints(op.labels());
        Reals dloss = binding.reals(op.dloss());
        Reals dx = binding.reals(op.dx());
        return new Phase[] {
            forEachRow(op.p(), (n, at, columns) -> {
                float scale = dloss.a[dloss.at + n];
                for (int j = 0; j < columns; j++) {
                    float target = j == labels.a[labels.at + n] ? 1 : 0;
                    dx.a[dx.at + at + j] = scale * (p.a[p.at + at + j] - target);
                }
            })
        };
    }

    static Phase[] squaredError(Op.SquaredError op, Binding binding) {
        Reals x = binding.reals(op.x());
        Reals target = binding.reals(op.target());
        Reals loss = binding.reals(op.loss());
        int row = x.length / loss.length;
        return new Phase[] {
            new Phase(loss.length, (n, thread) -> {
                double sum = 0;
                for (int i = n * row; i < (n + 1) * row; i++) {
                    double difference = (double) x.a[x.at + i] - target.a[target.at + i];
                    sum += difference * difference;
                }
                loss.a[loss.at + n] = (float) (sum / row);
            })
        };
    }

    static Phase[] squaredErrorBackward(Op.SquaredErrorBackward op, Binding binding) {
        Reals x = binding.reals(op.x());
        Reals target = binding.reals(op.target());
        Reals dloss = binding.reals(op.dloss());
        Reals dx = binding.reals(op.dx());
        int row = x.length / dloss.length;
        return new Phase[] {
            new Phase(dloss.length, (n, thread) -> {
                float scale = dloss.a[dloss.at + n] * 2 / row;
                for (int i = n * row; i < (n + 1) * row; i++) {
                    dx.a[dx.at + i] = scale * (x.a[x.at + i] - target.a[target.at + i]);
                }
            })
        };
    }

    static Phase[] batchMean(Op.BatchMean op, Binding binding) {
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        return new Phase[] {
            Phase.single(() -> {
                double sum = 0;
                for (int n = 0; n < step.validRows; n++) {
                    sum += x.a[x.at + n];
                }
                y.a[y.at] = (float) (sum / step.validRows);
            })
        };
    }

    static Phase[] batchMeanBackward(Op.BatchMeanBackward op, Binding binding) {
        Step step = binding.step();
        Reals dy = binding.reals(op.dy());
        Reals dx = binding.reals(op.dx());
        return new Phase[] {
            Phase.single(() -> {
                float share = dy.a[dy.at] / step.validRows;
                for (int n = 0; n < dx.length; n++) {
                    dx.a[dx.at + n] = n < step.validRows ? share : 0;
                }
            })
        };
    }

    static Phase[] countCorrect(Op.CountCorrect op, Binding binding) {
        Step step = binding.step();
        Reals x = binding.reals(op.x());
        Ints labels = binding.ints(op.labels());
        Reals y = binding.reals(op.y());
        int columns = op.x().shape().get(1);
        return new Phase[] {
            Phase.single(() -> {
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
            })
        };
    }
}
