package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/** Max and average pooling of tiles: row by row of the output, and for each tap of the window along the whole row. */
final class Pool2dKernels {
    /** Pixels of a window above which an average is summed up in double: running sums of floats lose digits. */
    private static final int LARGE_WINDOW = 64;

    private Pool2dKernels() {}

    /** A pooling's sizes, and the part of each window that lies inside the image. */
    record Geometry(int channels, int height, int width, int outHeight, int outWidth, Window2d w, int lanes) {
        static Geometry of(TensorRef x, Window2d window, TensorRef y, Binding binding) {
            return new Geometry(
                    x.shape().get(1),
                    x.shape().get(2),
                    x.shape().get(3),
                    y.shape().get(2),
                    y.shape().get(3),
                    window,
                    binding.tiling().lanes());
        }

        /** Whether the windows are two by two pixels and lie side by side, the usual case, which has loops of its own. */
        boolean isQuarter() {
            return w.equals(Window2d.square(2, 2, 0));
        }

        /** Elements of a plane of the input. */
        int plane() {
            return height * width * lanes;
        }

        /** Elements of a plane of the output. */
        int outPlane() {
            return outHeight * outWidth * lanes;
        }

        /** What an average multiplies with. */
        float share() {
            return 1f / (w.height() * w.width());
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
    }

    static Kernel max(Op.MaxPool2d op, Binding binding) {
        Geometry g = Geometry.of(op.x(), op.window(), op.y(), binding);
        Pooling pooling = binding.primitives().pooling();
        Operand x = binding.tiles(op.x());
        Operand y = binding.tiles(op.y());
        Operand argmax = binding.tiles(op.argmax());
        return Kernel.tiled((task, frame, thread) -> {
            for (int i = 0; i < task.count() * g.channels; i++) {
                int xAt = x.at(task, frame) + i * g.plane();
                int yAt = y.at(task, frame) + i * g.outPlane();
                int argmaxAt = argmax.at(task, frame) + i * g.outPlane();
                for (int row = 0; row < g.outHeight; row++) {
                    int to = row * g.outWidth * g.lanes;
                    maxRow(g, pooling, row, x.reals, xAt, 0, y.reals, yAt + to, argmax.ints, argmaxAt + to, false);
                }
            }
        });
    }

    /**
     * One row of the output. The first pixel of each window inside the image wins until a larger one comes.
     *
     * @param xAt where row {@code firstHeld} of the input lies
     * @param relu whether ReLU comes after the maximum
     */
    static void maxRow(
            Geometry g,
            Pooling pooling,
            int row,
            float[] x,
            int xAt,
            int firstHeld,
            float[] y,
            int yAt,
            int[] argmax,
            int argmaxAt,
            boolean relu) {
        if (g.isQuarter()) {
            int pixel = 2 * row * g.width;
            int from = xAt + (2 * row - firstHeld) * g.width * g.lanes;
            pooling.maxOfFour(x, from, g.width, pixel, y, yAt, argmax, argmaxAt, g.outWidth, relu);
            return;
        }
        int lanes = g.lanes;
        int stride = g.w.strideWidth();
        int first = g.firstRow(row);
        for (int j = 0; j < g.outWidth; j++) {
            int from = xAt + ((first - firstHeld) * g.width + g.firstColumn(j)) * lanes;
            System.arraycopy(x, from, y, yAt + j * lanes, lanes);
            int to = argmaxAt + j * lanes;
            Arrays.fill(argmax, to, to + lanes, first * g.width + g.firstColumn(j));
        }
        for (int h = first; h < g.endRow(row); h++) {
            for (int s = 0; s < g.w.width(); s++) {
                int window = g.firstWindow(s);
                int column = window * stride - g.w.padWidth() + s;
                pooling.max(
                        x,
                        xAt + ((h - firstHeld) * g.width + column) * lanes,
                        stride,
                        h * g.width + column,
                        y,
                        yAt + window * lanes,
                        argmax,
                        argmaxAt + window * lanes,
                        g.endWindow(s) - window);
            }
        }
        for (int i = yAt; relu && i < yAt + g.outWidth * lanes; i++) {
            y[i] = Math.max(0, y[i]);
        }
    }

    static Kernel maxBackward(Op.MaxPool2dBackward op, Binding binding) {
        return maxBackward(op, op.dx(), null, binding);
    }

    /**
     * With the backward op of the ReLU before the pooling: where it let a pixel pass that won, the maximum is above zero.
     */
    static Kernel maxBackward(Op.MaxPool2dBackward op, Op.ActivationBackward relu, Op.MaxPool2d pool, Binding binding) {
        return maxBackward(op, relu.dx(), pool.y(), binding);
    }

    private static Kernel maxBackward(Op.MaxPool2dBackward op, TensorRef gradient, TensorRef maximum, Binding binding) {
        Geometry g = Geometry.of(op.dx(), op.window(), op.dy(), binding);
        Primitives primitives = binding.primitives();
        Operand dy = binding.tiles(op.dy());
        Operand dx = binding.tiles(gradient);
        Operand argmax = binding.tiles(op.argmax());
        Operand y = maximum == null ? null : binding.tiles(maximum);
        ThreadScratch masked = binding.threadScratch(y == null ? 0 : g.outPlane());
        return Kernel.tiled((task, frame, thread) -> {
            int to = dx.at(task, frame);
            if (!g.isQuarter() || g.height % 2 + g.width % 2 > 0) {
                // else every pixel is written
                Arrays.fill(dx.reals, to, to + task.count() * dx.tile, 0);
            }
            for (int i = 0; i < task.count() * g.channels; i++) {
                int argmaxAt = argmax.at(task, frame) + i * g.outPlane();
                float[] share = dy.reals;
                int shareAt = dy.at(task, frame) + i * g.outPlane();
                if (y != null) {
                    int yAt = y.at(task, frame) + i * g.outPlane();
                    primitives.reluBackward(y.reals, yAt, dy.reals, shareAt, masked.a, masked.at(thread), g.outPlane());
                    share = masked.a;
                    shareAt = masked.at(thread);
                }
                maxPlaneBackward(
                        g, primitives.pooling(), share, shareAt, argmax.ints, argmaxAt, dx.reals, to + i * g.plane());
            }
        });
    }

    private static void maxPlaneBackward(
            Geometry g, Pooling pooling, float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt) {
        int stride = g.w.strideWidth();
        for (int row = 0; row < g.outHeight; row++) {
            int rowAt = row * g.outWidth * g.lanes;
            if (g.isQuarter()) {
                int pixel = 2 * row * g.width;
                int to = dxAt + pixel * g.lanes;
                pooling.maxOfFourBackward(
                        dy, dyAt + rowAt, argmax, argmaxAt + rowAt, dx, to, g.width, pixel, g.outWidth);
                continue;
            }
            for (int h = g.firstRow(row); h < g.endRow(row); h++) {
                for (int s = 0; s < g.w.width(); s++) {
                    int window = g.firstWindow(s);
                    int pixel = h * g.width + window * stride - g.w.padWidth() + s;
                    pooling.maxBackward(
                            dy,
                            dyAt + rowAt + window * g.lanes,
                            argmax,
                            argmaxAt + rowAt + window * g.lanes,
                            dx,
                            dxAt + pixel * g.lanes,
                            stride,
                            pixel,
                            g.endWindow(s) - window);
                }
            }
        }
    }

    static Kernel average(Op.AvgPool2d op, Binding binding) {
        Geometry g = Geometry.of(op.x(), op.window(), op.y(), binding);
        Primitives primitives = binding.primitives();
        Pooling pooling = primitives.pooling();
        Operand x = binding.tiles(op.x());
        Operand y = binding.tiles(op.y());
        if (op.window().height() * op.window().width() > LARGE_WINDOW) {
            double[][] sums = new double[binding.threads()][g.lanes];
            return Kernel.tiled((task, frame, thread) -> {
                for (int i = 0; i < task.count() * g.channels; i++) {
                    int xAt = x.at(task, frame) + i * g.plane();
                    int yAt = y.at(task, frame) + i * g.outPlane();
                    averageOfLarge(g, x.reals, xAt, y.reals, yAt, sums[thread]);
                }
            });
        }
        return Kernel.tiled((task, frame, thread) -> {
            int to = y.at(task, frame);
            Arrays.fill(y.reals, to, to + task.count() * y.tile, 0);
            for (int i = 0; i < task.count() * g.channels; i++) {
                int xAt = x.at(task, frame) + i * g.plane();
                int yAt = to + i * g.outPlane();
                forEachTap(
                        g,
                        (pixel, window, count) -> pooling.add(
                                x.reals,
                                xAt + pixel * g.lanes,
                                g.w.strideWidth(),
                                y.reals,
                                yAt + window * g.lanes,
                                1,
                                count));
                primitives.scale(y.reals, yAt, g.share(), y.reals, yAt, g.outPlane());
            }
        });
    }

    /** The averages of one plane of a tile, window by window. */
    private static void averageOfLarge(Geometry g, float[] x, int xAt, float[] y, int yAt, double[] sums) {
        int to = yAt;
        for (int row = 0; row < g.outHeight; row++) {
            for (int column = 0; column < g.outWidth; column++) {
                Arrays.fill(sums, 0);
                for (int h = g.firstRow(row); h < g.endRow(row); h++) {
                    for (int v = g.firstColumn(column); v < g.endColumn(column); v++) {
                        int from = xAt + (h * g.width + v) * g.lanes;
                        for (int lane = 0; lane < g.lanes; lane++) {
                            sums[lane] += x[from + lane];
                        }
                    }
                }
                for (int lane = 0; lane < g.lanes; lane++) {
                    y[to++] = (float) (sums[lane] / (g.w.height() * g.w.width()));
                }
            }
        }
    }

    static Kernel averageBackward(Op.AvgPool2dBackward op, Binding binding) {
        Geometry g = Geometry.of(op.dx(), op.window(), op.dy(), binding);
        Primitives primitives = binding.primitives();
        Pooling pooling = primitives.pooling();
        Operand dy = binding.tiles(op.dy());
        Operand dx = binding.tiles(op.dx());
        return Kernel.tiled((task, frame, thread) -> {
            int to = dx.at(task, frame);
            Arrays.fill(dx.reals, to, to + task.count() * dx.tile, 0);
            for (int i = 0; i < task.count() * g.channels; i++) {
                int dyAt = dy.at(task, frame) + i * g.outPlane();
                int dxAt = to + i * g.plane();
                forEachTap(
                        g,
                        (pixel, window, count) -> pooling.add(
                                dy.reals,
                                dyAt + window * g.lanes,
                                1,
                                dx.reals,
                                dxAt + pixel * g.lanes,
                                g.w.strideWidth(),
                                count));
                primitives.scale(dx.reals, dxAt, g.share(), dx.reals, dxAt, g.plane());
            }
        });
    }

    /** A tap of the window along a row of windows: the first pixel and the first window, and how many. */
    @FunctionalInterface
    private interface TapBody {
        void run(int pixel, int window, int count);
    }

    private static void forEachTap(Geometry g, TapBody body) {
        for (int row = 0; row < g.outHeight; row++) {
            for (int h = g.firstRow(row); h < g.endRow(row); h++) {
                for (int s = 0; s < g.w.width(); s++) {
                    int window = g.firstWindow(s);
                    int pixel = h * g.width + window * g.w.strideWidth() - g.w.padWidth() + s;
                    body.run(pixel, row * g.outWidth + window, g.endWindow(s) - window);
                }
            }
        }
    }
}
