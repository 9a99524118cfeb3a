package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.TensorRef;

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
                    Axis.forward(height, outHeight, window.height(), window.strideHeight(), window.padHeight()),
                    Axis.forward(width, outWidth, window.width(), window.strideWidth(), window.padWidth()),
                    products);
        }

        Correlation backward(Products products) {
            return new Correlation(
                    filters,
                    channels,
                    Axis.backward(outHeight, height, window.height(), window.strideHeight(), window.padHeight()),
                    Axis.backward(outWidth, width, window.width(), window.strideWidth(), window.padWidth()),
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
        Reals packed = binding.scratch(correlation.packedLength());
        Biases biases = new Biases(bias, binding);
        Operand x = binding.tiles(op.x());
        Operand y = binding.tiles(relu != null ? relu.y() : bias != null ? bias.y() : op.y());
        ThreadScratch frames = binding.threadScratch(correlation.frameLength());
        int plane = g.outHeight * g.outWidth * binding.tiling().lanes();
        return Kernel.tiled(
                packFilters(g, correlation, binding.reals(op.w()), biases, packed), (task, frame, thread) -> {
                    for (int t = 0; t < task.count(); t++) {
                        int yAt = y.at(task, frame) + t * y.tile;
                        correlation.run(
                                0,
                                g.outHeight,
                                packed.a,
                                packed.at,
                                x.reals,
                                x.at(task, frame) + t * x.tile,
                                biases.array(),
                                biases.at(),
                                biases.step(),
                                y.reals,
                                yAt,
                                plane,
                                frames.a,
                                frames.at(thread));
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
        Reals packed = binding.scratch(correlation.packedLength());
        Biases biases = new Biases(bias, binding);
        Operand x = binding.tiles(op.x());
        Operand y = binding.tiles(pool.y());
        Operand argmax = binding.tiles(pool.argmax());
        int lanes = binding.tiling().lanes();
        int line = g.outWidth * lanes;
        int plane = pool.window().height() * line;
        int pooledLine = p.outWidth() * lanes;
        int rowsLength = g.filters * plane;
        ThreadScratch scratch = binding.threadScratch(rowsLength + correlation.frameLength());
        return Kernel.tiled(
                packFilters(g, correlation, binding.reals(op.w()), biases, packed), (task, frame, thread) -> {
                    int rowsAt = scratch.at(thread);
                    for (int t = 0; t < task.count(); t++) {
                        int xAt = x.at(task, frame) + t * x.tile;
                        for (int row = 0; row < p.outHeight(); row++) {
                            correlation.run(
                                    p.firstRow(row),
                                    p.endRow(row),
                                    packed.a,
                                    packed.at,
                                    x.reals,
                                    xAt,
                                    biases.array(),
                                    biases.at(),
                                    biases.step(),
                                    scratch.a,
                                    rowsAt,
                                    plane,
                                    scratch.a,
                                    rowsAt + rowsLength);
                            for (int k = 0; k < g.filters; k++) {
                                int to = t * y.tile + k * p.outPlane() + row * pooledLine;
                                int yAt = y.at(task, frame) + to;
                                Pool2dKernels.maxRow(
                                        p,
                                        pooling,
                                        row,
                                        scratch.a,
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

    private static Phase packFilters(Geometry g, Correlation correlation, Reals w, Biases biases, Reals packed) {
        int filterStep = g.channels * g.area();
        return pack(correlation, w, filterStep, g.area(), g.window.width(), biases, packed);
    }

    /** Packs the weights block by block, and the biases. */
    private static Phase pack(
            Correlation correlation,
            Reals w,
            int filterStep,
            int channelStep,
            int windowWidth,
            Biases biases,
            Reals packed) {
        int count = correlation.blocks().count();
        return new Phase(count + 1, (part, thread) -> {
            if (part == count) {
                biases.spread();
            } else {
                correlation.pack(part, w.a, w.at, filterStep, channelStep, windowWidth, packed.a, packed.at);
            }
        });
    }

    /** {@code dx[n,c,h,v]} is the sum over the filters k and the taps that met pixel (h,v), each at the output where it did. */
    static Kernel inputGradient(Op.Conv2dInputGradient op, Binding binding) {
        Geometry g = Geometry.of(op.dx(), op.window(), op.dy());
        if (InputGradient.takes(g, binding.primitives().products())) {
            return new InputGradient(g, op, binding).kernel();
        }
        Operand dy = binding.tiles(op.dy());
        Operand dx = binding.tiles(op.dx());
        Reals w = binding.reals(op.w());
        Correlation correlation = g.backward(binding.primitives().products());
        Reals packed = binding.scratch(correlation.packedLength());
        Biases none = new Biases(null, binding);
        ThreadScratch frames = binding.threadScratch(correlation.frameLength());
        int plane = g.height * g.width * binding.tiling().lanes();
        Phase pack = pack(correlation, w, g.area(), g.channels * g.area(), g.window.width(), none, packed);
        return Kernel.tiled(pack, (task, frame, thread) -> {
            for (int t = 0; t < task.count(); t++) {
                correlation.run(
                        0,
                        g.height,
                        packed.a,
                        packed.at,
                        dy.reals,
                        dy.at(task, frame) + t * dy.tile,
                        none.array(),
                        none.at(),
                        none.step(),
                        dx.reals,
                        dx.at(task, frame) + t * dx.tile,
                        plane,
                        frames.a,
                        frames.at(thread));
            }
        });
    }

    /**
     * {@code dw[k,tap] = sum over n and positions p of dy[n,k,p] x[n, p + tap]}, for the images of a slot. A block of
     * filters and taps is summed up lane by lane in registers, over a piece of the positions, whose dy is put together in the
     * first-level cache while all taps pass; at the end the lanes are added up. An image with padding is copied into a frame of zeros
     * first.
     */
    static Kernel filterGradient(Op.Conv2dFilterGradient op, Binding binding) {
        Geometry g = Geometry.of(op.x(), op.window(), op.dy());
        return new FilterGradient(g, op, binding).kernel(binding.reals(op.dw()), binding);
    }
}
