package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/** Max and average pooling. */
final class Pooling {
    private Pooling() {}

    static void max(Op.MaxPool2d op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells y = t.cells(op.y());
        Cells argmax = t.cells(op.argmax());
        int plane = op.x().shape().elements(2, 4);
        int outPlane = op.y().shape().elements(2, 4);
        double[] best = new double[y.length()];
        int[] at = new int[y.length()];
        Arrays.fill(at, -1);
        forEachPair(op.x(), op.window(), op.y(), (xi, yi) -> {
            double value = x.get(xi);
            if (at[yi] < 0 || value > best[yi] || (Double.isNaN(value) && !Double.isNaN(best[yi]))) {
                best[yi] = value;
                at[yi] = xi - yi / outPlane * plane;
            }
        });
        for (int i = 0; i < best.length; i++) {
            y.set(i, best[i], Math.abs(best[i]));
            argmax.set(i, at[i], 0);
        }
    }

    static void maxBackward(Op.MaxPool2dBackward op, Tensors t) {
        Cells dy = t.cells(op.dy());
        Cells argmax = t.cells(op.argmax());
        int plane = op.dx().shape().elements(2, 4);
        int outPlane = op.dy().shape().elements(2, 4);
        Sums dx = new Sums(op.dx().elements());
        for (int i = 0; i < dy.length(); i++) {
            dx.add(i / outPlane * plane + argmax.getInt(i), dy.get(i));
        }
        dx.store(t.cells(op.dx()));
    }

    static void average(Op.AvgPool2d op, Tensors t) {
        Cells x = t.cells(op.x());
        double area = op.window().height() * op.window().width();
        Sums y = new Sums(op.y().elements());
        forEachPair(op.x(), op.window(), op.y(), (xi, yi) -> y.add(yi, x.get(xi) / area));
        y.store(t.cells(op.y()));
    }

    static void averageBackward(Op.AvgPool2dBackward op, Tensors t) {
        Cells dy = t.cells(op.dy());
        double area = op.window().height() * op.window().width();
        Sums dx = new Sums(op.dx().elements());
        forEachPair(op.dx(), op.window(), op.dy(), (xi, yi) -> dx.add(xi, dy.get(yi) / area));
        dx.store(t.cells(op.dx()));
    }

    /** Element indices of an input and of the output whose window holds it. */
    private interface Pair {
        void at(int x, int y);
    }

    /** The windows in order; within each, row after row. */
    private static void forEachPair(TensorRef x, Window2d window, TensorRef y, Pair pair) {
        int height = x.shape().get(2);
        int width = x.shape().get(3);
        int yIndex = 0;
        for (int plane = 0; plane < x.shape().elements(0, 2); plane++) {
            for (int i = 0; i < y.shape().get(2); i++) {
                for (int j = 0; j < y.shape().get(3); j++) {
                    for (int r = 0; r < window.height(); r++) {
                        for (int s = 0; s < window.width(); s++) {
                            int h = i * window.strideHeight() + r - window.padHeight();
                            int v = j * window.strideWidth() + s - window.padWidth();
                            if (h >= 0 && h < height && v >= 0 && v < width) {
                                pair.at((plane * height + h) * width + v, yIndex);
                            }
                        }
                    }
                    yIndex++;
                }
            }
        }
    }
}
