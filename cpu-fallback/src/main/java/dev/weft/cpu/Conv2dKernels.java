package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/** Convolution and its gradients, in tiles and directly on the images, without im2col. */
final class Conv2dKernels {
    private Conv2dKernels() {}

    /** Sizes of a convolution x * w = y. */
    record Geometry(int channels, int height, int width, int filters, int outHeight, int outWidth, Window2d window) {
        static Geometry of(TensorRef x, Window2d window, TensorRef y) {
            return new Geometry(
                    x.shape().get(1),
                    x.shape().get(2),
                    x.shape().get(3),
                    y.shape().get(1),
                    y.shape().get(2),
                    y.shape().get(3),
                    window);
        }

        Correlation forward(Products products) {
            return new Correlation(
                    channels,
                    filters,
                    Correlation.Axis.forward(
                            height, outHeight, window.height(), window.strideHeight(), window.padHeight()),
                    Correlation.Axis.forward(width, outWidth, window.width(), window.strideWidth(), window.padWidth()),
                    products);
        }

        Correlation backward(Products products) {
            return new Correlation(
                    filters,
                    channels,
                    Correlation.Axis.backward(
                            outHeight, height, window.height(), window.strideHeight(), window.padHeight()),
                    Correlation.Axis.backward(outWidth, width, window.width(), window.strideWidth(), window.padWidth()),
                    products);
        }

        int area() {
            return window.height() * window.width();
        }
    }

    /** {@code y[n] = w * x[n]}. */
    static Kernel forward(Op.Conv2d op, Binding binding) {
        return forward(op, null, null, binding);
    }

    /**
     * Convolution, then bias, then ReLU.
     *
     * @param bias null where there is none
     * @param relu null where there is none
     */
    static Kernel forward(Op.Conv2d op, Op.AddBias bias, Op.Activation relu, Binding binding) {
        Primitives primitives = binding.primitives();
        Geometry g = Geometry.of(op.x(), op.window(), op.y());
        Correlation correlation = g.forward(primitives.products());
        Correlation.Run[] runs = correlation.runs(0, g.outHeight);
        Reals packed = binding.scratch(correlation.packedLength());
        Operand x = binding.tiles(op.x());
        Operand y = binding.tiles(relu != null ? relu.y() : bias != null ? bias.y() : op.y());
        Reals b = bias == null ? null : binding.reals(bias.b());
        int plane = g.outHeight * g.outWidth * binding.tiling().lanes();
        return Kernel.tiled(pack(g, correlation, binding.reals(op.w()), packed), (task, frame, thread) -> {
            for (int t = 0; t < task.count(); t++) {
                int yAt = y.at(task, frame) + t * y.tile;
                correlation.run(
                        runs,
                        packed.a,
                        packed.at,
                        x.reals,
                        x.at(task, frame) + t * x.tile,
                        y.reals,
                        yAt,
                        plane,
                        g.filters,
                        b == null ? null : b.a,
                        b == null ? 0 : b.at);
                if (relu != null) {
                    primitives.relu(y.reals, yAt, y.reals, yAt, y.tile);
                }
            }
        });
    }

    /**
     * Convolution, bias, ReLU and max-pooling, one row of pooled pixels after the other: only the rows of the convolution
     * that it needs are held. ReLU comes after the maximum, which gives the same and is less work.
     */
    static Kernel forwardAndPool(Op.Conv2d op, Op.AddBias bias, Op.MaxPool2d pool, Binding binding) {
        Primitives primitives = binding.primitives();
        Pooling pooling = primitives.pooling();
        Geometry g = Geometry.of(op.x(), op.window(), op.y());
        Pool2dKernels.Geometry p = Pool2dKernels.Geometry.of(pool.x(), pool.window(), pool.y(), binding);
        Correlation correlation = g.forward(primitives.products());
        Correlation.Run[][] runs = new Correlation.Run[p.outHeight()][];
        for (int row = 0; row < runs.length; row++) {
            runs[row] = correlation.runs(p.firstRow(row), p.endRow(row));
        }
        Reals packed = binding.scratch(correlation.packedLength());
        Reals b = binding.reals(bias.b());
        Operand x = binding.tiles(op.x());
        Operand y = binding.tiles(pool.y());
        Operand argmax = binding.tiles(pool.argmax());
        int lanes = binding.tiling().lanes();
        int line = g.outWidth * lanes;
        int plane = pool.window().height() * line;
        int pooledLine = p.outWidth() * lanes;
        ThreadScratch rows = binding.threadScratch((long) g.filters * plane);
        return Kernel.tiled(pack(g, correlation, binding.reals(op.w()), packed), (task, frame, thread) -> {
            int rowsAt = rows.at(thread);
            for (int t = 0; t < task.count(); t++) {
                int xAt = x.at(task, frame) + t * x.tile;
                for (int row = 0; row < runs.length; row++) {
                    correlation.run(
                            runs[row], packed.a, packed.at, x.reals, xAt, rows.a, rowsAt, plane, g.filters, b.a, b.at);
                    for (int k = 0; k < g.filters; k++) {
                        int to = t * y.tile + k * p.outPlane() + row * pooledLine;
                        int yAt = y.at(task, frame) + to;
                        Pool2dKernels.maxRow(
                                p,
                                pooling,
                                row,
                                rows.a,
                                rowsAt + k * plane,
                                p.firstRow(row),
                                y.reals,
                                yAt,
                                argmax.ints,
                                argmax.at(task, frame) + to,
                                true);
                    }
                }
            }
        });
    }

    /** Packs the weights for {@link Geometry#forward}. */
    static Phase pack(Geometry g, Correlation correlation, Reals w, Reals packed) {
        return new Phase(
                correlation.blocks().count(),
                (block, thread) -> correlation.pack(
                        block,
                        w.a,
                        w.at,
                        g.channels * g.area(),
                        g.area(),
                        g.window.width(),
                        g.filters - 1,
                        packed.a,
                        packed.at));
    }

    /** {@code dx[n,c,h,v]} is the sum over the filters k and the taps that met pixel (h,v), each at the output where it did. */
    static Kernel inputGradient(Op.Conv2dInputGradient op, Binding binding) {
        Geometry g = Geometry.of(op.dx(), op.window(), op.dy());
        Operand dy = binding.tiles(op.dy());
        Operand dx = binding.tiles(op.dx());
        Reals w = binding.reals(op.w());
        Correlation correlation = g.backward(binding.primitives().products());
        Correlation.Run[] runs = correlation.runs(0, g.height);
        Reals packed = binding.scratch(correlation.packedLength());
        int plane = g.height * g.width * binding.tiling().lanes();
        Phase pack = new Phase(
                correlation.blocks().count(),
                (block, thread) -> correlation.pack(
                        block,
                        w.a,
                        w.at,
                        g.area(),
                        g.channels * g.area(),
                        g.window.width(),
                        g.channels - 1,
                        packed.a,
                        packed.at));
        return Kernel.tiled(pack, (task, frame, thread) -> {
            for (int t = 0; t < task.count(); t++) {
                correlation.run(
                        runs,
                        packed.a,
                        packed.at,
                        dy.reals,
                        dy.at(task, frame) + t * dy.tile,
                        dx.reals,
                        dx.at(task, frame) + t * dx.tile,
                        plane,
                        g.channels,
                        null,
                        0);
            }
        });
    }

    /**
     * {@code dw[k,tap] = sum over n and positions p of dy[n,k,p] x[n, p + tap]}, for the images of a slot. A block of
     * filters and taps is summed up lane by lane, over all positions and a few tiles; then its lanes are added up. An image
     * with padding is copied into a frame of zeros first.
     */
    static Kernel filterGradient(Op.Conv2dFilterGradient op, Binding binding) {
        Products products = binding.primitives().products();
        Window2d window = op.window();
        Geometry g = Geometry.of(op.x(), window, op.dy());
        Operand x = binding.tiles(op.x());
        Operand dy = binding.tiles(op.dy());
        Reals dw = binding.reals(op.dw());
        Tiling tiling = binding.tiling();
        int lanes = tiling.lanes();
        Frame frameOfZeros = Frame.of(g, lanes);
        int[] taps = frameOfZeros.taps(g);
        int[] positions = frameOfZeros.positions(g);
        Slots slots = new Slots(dw.length, binding);
        long framesLength = frameOfZeros.isNeeded() ? (long) GROUP * frameOfZeros.length() : 0;
        ThreadScratch scratch = binding.threadScratch(framesLength + MAX_SUMS * lanes);
        int plane = g.outHeight * g.outWidth * lanes;
        return Kernel.reduced(
                (task, frame, thread) -> {
                    int sumsAt = scratch.at(thread);
                    int framesAt = sumsAt + MAX_SUMS * lanes;
                    for (int slot = task.firstSlot(); slot < task.endSlot(); slot++) {
                        int slotAt = slots.clear(slot);
                        int end = tiling.firstTile(slot + 1);
                        for (int first = tiling.firstTile(slot); first < end; first += GROUP) {
                            int count = Math.min(GROUP, end - first);
                            int xAt = x.at(task, frame) + (first - task.first()) * x.tile;
                            float[] images = x.reals;
                            int imagesAt = xAt;
                            int imageStep = x.tile;
                            if (frameOfZeros.isNeeded()) {
                                for (int t = 0; t < count; t++) {
                                    frameOfZeros.fill(
                                            g,
                                            x.reals,
                                            xAt + t * x.tile,
                                            scratch.a,
                                            framesAt + t * frameOfZeros.length());
                                }
                                images = scratch.a;
                                imagesAt = framesAt;
                                imageStep = frameOfZeros.length();
                            }
                            for (int k = 0; k < g.filters; ) {
                                int width = products.gradientWidth(g.filters - k, window.width());
                                int lastFilter = Math.min(width, g.filters - k) - 1;
                                int dyAt = dy.at(task, frame) + (first - task.first()) * dy.tile + k * plane;
                                int tapsOfBlock = products.gradientTaps(width, window.width());
                                for (int tap = 0; tap < taps.length; tap += tapsOfBlock) {
                                    int lastTap = Math.min(tap + tapsOfBlock, taps.length) - 1;
                                    Arrays.fill(scratch.a, sumsAt, sumsAt + width * tapsOfBlock * lanes, 0);
                                    for (int t = 0; t < count; t++) {
                                        products.gradient(
                                                width,
                                                window.width(),
                                                dy.reals,
                                                dyAt + t * dy.tile,
                                                plane,
                                                lastFilter,
                                                images,
                                                imagesAt + t * imageStep,
                                                positions,
                                                0,
                                                positions.length,
                                                taps,
                                                tap,
                                                lastTap,
                                                scratch.a,
                                                sumsAt);
                                    }
                                    for (int j = 0; j <= lastFilter; j++) {
                                        int to = slotAt + (k + j) * taps.length + tap;
                                        for (int i = 0; i <= lastTap - tap; i++) {
                                            slots.array()[to + i] +=
                                                    laneSum(scratch.a, sumsAt + (j * tapsOfBlock + i) * lanes, lanes);
                                        }
                                    }
                                }
                                k += width;
                            }
                        }
                    }
                },
                slots.combine(dw));
    }

    /** Tiles whose sums are added up lane by lane; more would lose digits in long running sums. */
    private static final int GROUP = 2;

    /** The largest number of vectors that a block of {@link Products#gradient} sums up in. */
    private static final int MAX_SUMS = 32;

    /** The sum of a vector's lanes as a fixed tree. */
    private static float laneSum(float[] lanes, int at, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        for (int lane = at; lane < at + count; lane += 4) {
            s0 += lanes[lane];
            s1 += lanes[lane + 1];
            s2 += lanes[lane + 2];
            s3 += lanes[lane + 3];
        }
        return (s0 + s1) + (s2 + s3);
    }

    /** A tile's images with their padding. */
    private record Frame(int height, int width, int channels, int lanes, boolean isNeeded) {
        static Frame of(Geometry g, int lanes) {
            Window2d w = g.window;
            boolean padded = w.padHeight() > 0 || w.padWidth() > 0;
            return new Frame(g.height + 2 * w.padHeight(), g.width + 2 * w.padWidth(), g.channels, lanes, padded);
        }

        int length() {
            return (int) Math.min(Integer.MAX_VALUE, (long) channels * height * width * lanes);
        }

        /** Where the taps (c,r,s) of a filter lie, relative to the position of an output. */
        int[] taps(Geometry g) {
            int[] taps = new int[channels * g.area()];
            int tap = 0;
            for (int c = 0; c < channels; c++) {
                for (int r = 0; r < g.window.height(); r++) {
                    for (int s = 0; s < g.window.width(); s++) {
                        taps[tap++] = ((c * height + r) * width + s) * lanes;
                    }
                }
            }
            return taps;
        }

        /** Where the window of each output begins. */
        int[] positions(Geometry g) {
            int[] positions = new int[g.outHeight * g.outWidth];
            for (int p = 0; p < positions.length; p++) {
                int row = p / g.outWidth * g.window.strideHeight();
                int column = p % g.outWidth * g.window.strideWidth();
                positions[p] = (row * width + column) * lanes;
            }
            return positions;
        }

        void fill(Geometry g, float[] x, int xAt, float[] frame, int frameAt) {
            int left = g.window.padWidth() * lanes;
            int top = g.window.padHeight();
            int row = g.width * lanes;
            int frameRow = width * lanes;
            for (int c = 0; c < channels; c++) {
                int to = frameAt + c * height * frameRow;
                Arrays.fill(frame, to, to + top * frameRow, 0);
                for (int h = 0; h < g.height; h++) {
                    int line = to + (top + h) * frameRow;
                    Arrays.fill(frame, line, line + left, 0);
                    System.arraycopy(x, xAt + (c * g.height + h) * row, frame, line + left, row);
                    Arrays.fill(frame, line + left + row, line + frameRow, 0);
                }
                Arrays.fill(frame, to + (top + g.height) * frameRow, to + height * frameRow, 0);
            }
        }
    }
}
