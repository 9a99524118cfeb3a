package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/** Max and average pooling, one sample of the batch after the other, plane by plane. */
final class Pool2dKernels {
    private Pool2dKernels() {}

    /** A pooling's sizes, and the part of each window that lies inside the image. */
    private record Geometry(int images, int channels, int height, int width, int outHeight, int outWidth, Window2d w) {
        Geometry(TensorRef x, Window2d window, TensorRef y) {
            this(
                    x.shape().get(0),
                    x.shape().get(1),
                    x.shape().get(2),
                    x.shape().get(3),
                    y.shape().get(2),
                    y.shape().get(3),
                    window);
        }

        int plane() {
            return height * width;
        }

        int outPlane() {
            return outHeight * outWidth;
        }

        int firstRow(int i) {
            return Math.max(0, i * w.strideHeight() - w.padHeight());
        }

        int endRow(int i) {
            return Math.min(height, i * w.strideHeight() - w.padHeight() + w.height());
        }

        int firstColumn(int j) {
            return Math.max(0, j * w.strideWidth() - w.padWidth());
        }

        int endColumn(int j) {
            return Math.min(width, j * w.strideWidth() - w.padWidth() + w.width());
        }

        /** The first window whose column s lies inside the image. */
        int firstWindow(int s) {
            return s >= w.padWidth() ? 0 : (w.padWidth() - s + w.strideWidth() - 1) / w.strideWidth();
        }

        /** One past the last window whose column s lies inside the image. */
        int endWindow(int s) {
            return Math.min(outWidth, Math.floorDiv(width - 1 + w.padWidth() - s, w.strideWidth()) + 1);
        }

        /** Work for every plane; the planes of a sample make a part. */
        Phase forEachPlane(PlaneBody body) {
            return new Phase(images, (n, thread) -> {
                for (int c = 0; c < channels; c++) {
                    int number = n * channels + c;
                    body.run(number * plane(), number * outPlane());
                }
            });
        }
    }

    /** Work on one plane, with the index of its first element in input and output. */
    @FunctionalInterface
    private interface PlaneBody {
        void run(int inAt, int outAt);
    }

    static Phase[] max(Op.MaxPool2d op, Binding binding) {
        Geometry g = new Geometry(op.x(), op.window(), op.y());
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        Ints argmax = binding.ints(op.argmax());
        return new Phase[] {
            g.forEachPlane((in, out) -> maxPlane(g, x.a, x.at + in, y.a, y.at + out, argmax.a, argmax.at + out))
        };
    }

    /** Row by row of the output, and for each tap of the window along the whole row: short loops cost more than they do. */
    private static void maxPlane(Geometry g, float[] x, int xAt, float[] y, int yAt, int[] argmax, int argmaxAt) {
        for (int i = 0; i < g.outHeight(); i++) {
            int y0 = yAt + i * g.outWidth();
            int argmax0 = argmaxAt + i * g.outWidth();
            for (int j = 0; j < g.outWidth(); j++) {
                int first = g.firstRow(i) * g.width() + g.firstColumn(j);
                y[y0 + j] = x[xAt + first];
                argmax[argmax0 + j] = first;
            }
            for (int h = g.firstRow(i); h < g.endRow(i); h++) {
                for (int s = 0; s < g.w().width(); s++) {
                    int tap = h * g.width() + s - g.w().padWidth();
                    maxRow(g, s, x, xAt, tap, y, y0, argmax, argmax0);
                }
            }
        }
    }

    /** Takes pixel {@code tap + j stride} into the maximum of window j. */
    private static void maxRow(
            Geometry g, int s, float[] x, int xAt, int tap, float[] y, int y0, int[] argmax, int argmax0) {
        int stride = g.w().strideWidth();
        int end = g.endWindow(s);
        for (int j = g.firstWindow(s); j < end; j++) {
            int at = tap + j * stride;
            float value = x[xAt + at];
            float best = y[y0 + j];
            // false for equal values; true for a NaN, unless a NaN has won already
            boolean wins = !(value <= best) & best == best;
            y[y0 + j] = Math.max(best, value);
            argmax[argmax0 + j] = wins ? at : argmax[argmax0 + j];
        }
    }

    static Phase[] maxBackward(Op.MaxPool2dBackward op, Binding binding) {
        Geometry g = new Geometry(op.dx(), op.window(), op.dy());
        Reals dy = binding.reals(op.dy());
        Reals dx = binding.reals(op.dx());
        Ints argmax = binding.ints(op.argmax());
        return new Phase[] {
            g.forEachPlane((in, out) -> {
                int to = dx.at + in;
                Arrays.fill(dx.a, to, to + g.plane(), 0);
                for (int i = 0; i < g.outPlane(); i++) {
                    dx.a[to + argmax.a[argmax.at + out + i]] += dy.a[dy.at + out + i];
                }
            })
        };
    }

    static Phase[] average(Op.AvgPool2d op, Binding binding) {
        Geometry g = new Geometry(op.x(), op.window(), op.y());
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        float area = g.w().height() * g.w().width();
        return new Phase[] {
            g.forEachPlane((in, out) -> {
                for (int i = 0; i < g.outHeight(); i++) {
                    for (int j = 0; j < g.outWidth(); j++) {
                        float sum = 0;
                        for (int h = g.firstRow(i); h < g.endRow(i); h++) {
                            for (int v = g.firstColumn(j); v < g.endColumn(j); v++) {
                                sum += x.a[x.at + in + h * g.width() + v];
                            }
                        }
                        y.a[y.at + out + i * g.outWidth() + j] = sum / area;
                    }
                }
            })
        };
    }

    static Phase[] averageBackward(Op.AvgPool2dBackward op, Binding binding) {
        Geometry g = new Geometry(op.dx(), op.window(), op.dy());
        Reals dy = binding.reals(op.dy());
        Reals dx = binding.reals(op.dx());
        float area = g.w().height() * g.w().width();
        return new Phase[] {
            g.forEachPlane((in, out) -> {
                int to = dx.at + in;
                Arrays.fill(dx.a, to, to + g.plane(), 0);
                for (int i = 0; i < g.outHeight(); i++) {
                    for (int j = 0; j < g.outWidth(); j++) {
                        float share = dy.a[dy.at + out + i * g.outWidth() + j] / area;
                        for (int h = g.firstRow(i); h < g.endRow(i); h++) {
                            for (int v = g.firstColumn(j); v < g.endColumn(j); v++) {
                                dx.a[to + h * g.width() + v] += share;
                            }
                        }
                    }
                }
            })
        };
    }
}
