package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/**
 * Convolution and its gradients, directly on framed images (see {@link Plane}), without im2col. A stride above 1 is
 * handled on the grid of stride 1: the forward pass drops the positions between, the gradients see zeros there.
 */
final class Conv2dKernels {
    /** Partial sums of the filter gradient; fixed, so that the sum's order does not depend on the threads. */
    private static final int SLOTS = 16;

    /** Images whose filter gradients are summed in registers. */
    private static final int GROUP = 8;

    private Conv2dKernels() {}

    /** Sizes of a convolution x * w = y. */
    private record Geometry(
            int images,
            int channels,
            int height,
            int width,
            int filters,
            int outHeight,
            int outWidth,
            Window2d window) {
        static Geometry of(TensorRef x, Window2d window, TensorRef y) {
            return new Geometry(
                    x.shape().get(0),
                    x.shape().get(1),
                    x.shape().get(2),
                    x.shape().get(3),
                    y.shape().get(1),
                    y.shape().get(2),
                    y.shape().get(3),
                    window);
        }

        int imageLength() {
            return channels * height * width;
        }

        int outLength() {
            return filters * outHeight * outWidth;
        }

        /** The frame of x: the image with its padding. */
        Plane framed(Primitives primitives) {
            return new Plane(
                    channels, height + 2 * window.padHeight(), width + 2 * window.padWidth(), primitives.panelWidth());
        }

        void frame(Plane plane, Reals x, int n, float[] frame, int frameAt) {
            plane.fill(
                    frame,
                    frameAt,
                    x.a,
                    x.at + n * imageLength(),
                    height,
                    width,
                    window.padHeight(),
                    window.padWidth(),
                    1,
                    1);
        }

        /** Positions of the output in the frame, stride 1, rounded up to whole panels. */
        int positions(Plane plane, Primitives primitives) {
            int last = (outHeight - 1) * window.strideHeight() * plane.width() + (outWidth - 1) * window.strideWidth();
            return panels(last + 1, primitives);
        }
    }

    /** Rounded up to whole panels. A position more could read past the slack of the frame. */
    private static int panels(int positions, Primitives primitives) {
        int width = primitives.panelWidth();
        return (positions + width - 1) / width * width;
    }

    /** For every position of a frame, the products of all filters with the taps there. */
    private static void correlate(
            Primitives primitives,
            float[] w,
            int wAt,
            int filters,
            float[] frame,
            int frameAt,
            int[] taps,
            float[] grid,
            int gridAt,
            int positions) {
        for (int q = 0; q < positions; q += primitives.panelWidth()) {
            primitives.multiplyPanel(
                    w, wAt, taps.length, 1, filters, frame, frameAt + q, taps, grid, gridAt + q, positions);
        }
    }

    /** {@code y[n] = w * x[n]}. */
    static Phase[] forward(Op.Conv2d op, Binding binding) {
        Primitives primitives = binding.primitives();
        Geometry g = Geometry.of(op.x(), op.window(), op.y());
        Plane plane = g.framed(primitives);
        int[] taps = plane.taps(op.window().height(), op.window().width());
        int positions = g.positions(plane, primitives);
        Reals x = binding.reals(op.x());
        Reals w = binding.reals(op.w());
        Reals y = binding.reals(op.y());
        Reals frames = binding.scratch((long) plane.length() * binding.threads());
        Reals grids = binding.scratch((long) g.filters * positions * binding.threads());
        int rowStep = op.window().strideHeight() * plane.width();
        int columnStep = op.window().strideWidth();
        return new Phase[] {
            new Phase(g.images, (n, thread) -> {
                int frameAt = frames.at + thread * plane.length();
                int gridAt = grids.at + thread * g.filters * positions;
                g.frame(plane, x, n, frames.a, frameAt);
                correlate(primitives, w.a, w.at, g.filters, frames.a, frameAt, taps, grids.a, gridAt, positions);
                int yAt = y.at + n * g.outLength();
                for (int k = 0; k < g.filters; k++) {
                    copyGrid(
                            grids.a,
                            gridAt + k * positions,
                            rowStep,
                            columnStep,
                            y.a,
                            yAt + k * g.outHeight * g.outWidth,
                            g.outHeight,
                            g.outWidth);
                }
            })
        };
    }

    /** Copies the valid positions of a grid. */
    private static void copyGrid(
            float[] grid, int gridAt, int rowStep, int columnStep, float[] y, int yAt, int rows, int columns) {
        for (int i = 0; i < rows; i++) {
            int from = gridAt + i * rowStep;
            int to = yAt + i * columns;
            if (columnStep == 1) {
                System.arraycopy(grid, from, y, to, columns);
                continue;
            }
            for (int j = 0; j < columns; j++) {
                y[to + j] = grid[from + j * columnStep];
            }
        }
    }

    /**
     * {@code dx[n] = dy[n] * w}, with the filters turned by 180 degrees and their channels and number exchanged: tap
     * (r,s) of w met pixel (h,v) from output (h + pad - r, v + pad - s).
     */
    static Phase[] inputGradient(Op.Conv2dInputGradient op, Binding binding) {
        Primitives primitives = binding.primitives();
        Window2d window = op.window();
        Geometry g = Geometry.of(op.dx(), window, op.dy());
        Plane plane = new Plane(
                g.filters, g.height + window.height() - 1, g.width + window.width() - 1, primitives.panelWidth());
        int[] taps = plane.taps(window.height(), window.width());
        int positions = panels((g.height - 1) * plane.width() + g.width, primitives);
        Reals dy = binding.reals(op.dy());
        Reals w = binding.reals(op.w());
        Reals dx = binding.reals(op.dx());
        Reals turned = binding.scratch(w.length);
        Reals frames = binding.scratch((long) plane.length() * binding.threads());
        Reals grids = binding.scratch((long) g.channels * positions * binding.threads());
        int area = window.height() * window.width();

        Phase turn = new Phase(g.channels, (c, thread) -> {
            for (int k = 0; k < g.filters; k++) {
                for (int tap = 0; tap < area; tap++) {
                    turned.a[turned.at + (c * g.filters + k) * area + area - 1 - tap] =
                            w.a[w.at + (k * g.channels + c) * area + tap];
                }
            }
        });
        Phase convolve = new Phase(g.images, (n, thread) -> {
            int frameAt = frames.at + thread * plane.length();
            int gridAt = grids.at + thread * g.channels * positions;
            plane.fill(
                    frames.a,
                    frameAt,
                    dy.a,
                    dy.at + n * g.outLength(),
                    g.outHeight,
                    g.outWidth,
                    window.height() - 1 - window.padHeight(),
                    window.width() - 1 - window.padWidth(),
                    window.strideHeight(),
                    window.strideWidth());
            correlate(primitives, turned.a, turned.at, g.channels, frames.a, frameAt, taps, grids.a, gridAt, positions);
            int imageAt = dx.at + n * g.imageLength();
            for (int c = 0; c < g.channels; c++) {
                copyGrid(
                        grids.a,
                        gridAt + c * positions,
                        plane.width(),
                        1,
                        dx.a,
                        imageAt + c * g.height * g.width,
                        g.height,
                        g.width);
            }
        });
        return new Phase[] {turn, convolve};
    }

    /**
     * {@code dw[k,tap] = sum over n and positions q of dy[n,k,q] x[n, q + tap]}. Each slot adds up a fixed run of images
     * in order; then the slots are added up in a fixed tree.
     */
    static Phase[] filterGradient(Op.Conv2dFilterGradient op, Binding binding) {
        Primitives primitives = binding.primitives();
        Window2d window = op.window();
        Geometry g = Geometry.of(op.x(), window, op.dy());
        Plane plane = g.framed(primitives);
        int[] taps = plane.taps(window.height(), window.width());
        int positions = g.positions(plane, primitives);
        // dy on the grid of positions, a frame of its own: rows as far apart as in the frame of x
        int rowsInGrid = (positions + plane.width() - 1) / plane.width();
        Plane grid = new Plane(1, rowsInGrid, plane.width(), 0);
        int gridLength = g.filters * grid.length() + primitives.panelWidth();
        Reals x = binding.reals(op.x());
        Reals dy = binding.reals(op.dy());
        Reals dw = binding.reals(op.dw());
        Reals frames = binding.scratch((long) GROUP * plane.length() * binding.threads());
        Reals grids = binding.scratch((long) GROUP * gridLength * binding.threads());
        Reals lanes = binding.scratch(primitives.dotScratch() * binding.threads());
        Reals slots = binding.scratch((long) SLOTS * dw.length);
        int outPlane = g.outHeight * g.outWidth;

        Phase sumImages = new Phase(SLOTS, (slot, thread) -> {
            int framesAt = frames.at + thread * GROUP * plane.length();
            int gridsAt = grids.at + thread * GROUP * gridLength;
            int slotAt = slots.at + slot * dw.length;
            Arrays.fill(slots.a, slotAt, slotAt + dw.length, 0);
            int end = (int) ((slot + 1L) * g.images / SLOTS);
            for (int first = (int) ((long) slot * g.images / SLOTS); first < end; first += GROUP) {
                int count = Math.min(GROUP, end - first);
                for (int i = 0; i < count; i++) {
                    g.frame(plane, x, first + i, frames.a, framesAt + i * plane.length());
                    for (int k = 0; k < g.filters; k++) {
                        grid.fill(
                                grids.a,
                                gridsAt + i * gridLength + k * grid.length(),
                                dy.a,
                                dy.at + (first + i) * g.outLength() + k * outPlane,
                                g.outHeight,
                                g.outWidth,
                                0,
                                0,
                                window.strideHeight(),
                                window.strideWidth());
                    }
                }
                primitives.addDotProducts(
                        grids.a,
                        gridsAt,
                        gridLength,
                        grid.length(),
                        g.filters,
                        frames.a,
                        framesAt,
                        plane.length(),
                        taps,
                        positions,
                        count,
                        slots.a,
                        slotAt,
                        lanes.a,
                        lanes.at + thread * primitives.dotScratch());
            }
        });
        Phase combine = Phase.single(() -> {
            for (int distance = 1; distance < SLOTS; distance *= 2) {
                for (int slot = 0; slot < SLOTS; slot += 2 * distance) {
                    int at = slots.at + slot * dw.length;
                    primitives.add(slots.a, at, slots.a, at + distance * dw.length, slots.a, at, dw.length);
                }
            }
            System.arraycopy(slots.a, slots.at, dw.a, dw.at, dw.length);
        });
        return new Phase[] {sumImages, combine};
    }
}
