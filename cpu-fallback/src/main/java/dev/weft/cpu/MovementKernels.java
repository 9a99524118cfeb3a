package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Ops that move values: reshape, concat, slice and the gathering of a batch. */
final class MovementKernels {
    private MovementKernels() {}

    /** Nothing to do where both sides share their memory. */
    static Kernel reshape(Op.Reshape op, Binding binding) {
        if (Layouts.shares(op)) {
            return Kernel.whole();
        }
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        if (Tiling.tiled(op)) {
            return Kernel.tiled((task, frame, thread) -> System.arraycopy(
                    x.reals, x.at(task, frame), y.reals, y.at(task, frame), task.count() * x.tile));
        }
        int n = op.x().elements();
        return Kernel.whole(Phase.single(
                () -> System.arraycopy(x.reals, x.at(Task.WHOLE, 0), y.reals, y.at(Task.WHOLE, 0), n)));
    }

    static Kernel concat(Op.Concat op, Binding binding) {
        Operand y = binding.operand(op, op.y());
        List<Operand> xs = new ArrayList<>();
        List<Runs> runs = new ArrayList<>();
        int from = 0;
        for (TensorRef part : op.xs()) {
            xs.add(binding.operand(op, part));
            runs.add(runs(op, binding, op.y(), op.axis(), from, part));
            from += part.shape().get(op.axis());
        }
        return forEachTile(op, (task, frame, tile) -> {
            for (int part = 0; part < xs.size(); part++) {
                Operand x = xs.get(part);
                int xAt = x.at(task, frame) + tile * x.tile;
                runs.get(part).join(x.reals, xAt, y.reals, y.at(task, frame) + tile * y.tile);
            }
        });
    }

    static Kernel slice(Op.Slice op, Binding binding) {
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        Runs runs = runs(op, binding, op.x(), op.axis(), op.from(), op.y());
        return forEachTile(
                op,
                (task, frame, tile) -> runs.cut(
                        x.reals, x.at(task, frame) + tile * x.tile, y.reals, y.at(task, frame) + tile * y.tile));
    }

    @FunctionalInterface
    private interface TileBody {
        void run(Task task, int frame, int tile);
    }

    /** Work on every tile, or on whole tensors as if they were one. */
    private static Kernel forEachTile(Op op, TileBody body) {
        if (!Tiling.tiled(op)) {
            return Kernel.whole(Phase.single(() -> body.run(Task.WHOLE, 0, 0)));
        }
        return Kernel.tiled((task, frame, thread) -> {
            for (int tile = 0; tile < task.count(); tile++) {
                body.run(task, frame, tile);
            }
        });
    }

    /** A part of a tensor as contiguous runs: run i begins at {@code i stride + start} in the tensor, at i length in the part. */
    private record Runs(int count, int length, int stride, int start) {
        /** Copies the part out of the whole. */
        void cut(float[] whole, int wholeAt, float[] part, int partAt) {
            for (int i = 0; i < count; i++) {
                System.arraycopy(whole, wholeAt + i * stride + start, part, partAt + i * length, length);
            }
        }

        /** Copies the part into the whole. */
        void join(float[] part, int partAt, float[] whole, int wholeAt) {
            for (int i = 0; i < count; i++) {
                System.arraycopy(part, partAt + i * length, whole, wholeAt + i * stride + start, length);
            }
        }
    }

    /** A tile is a tensor without the first axis, and with one more innermost, the lanes. */
    private static Runs runs(Op op, Binding binding, TensorRef wholeTensor, int axis, int from, TensorRef partTensor) {
        Shape whole = wholeTensor.shape();
        boolean tiled = Tiling.tiled(op);
        int inner = whole.elements(axis + 1, whole.rank()) * (tiled ? binding.tiling().lanes() : 1);
        return new Runs(
                whole.elements(tiled ? 1 : 0, axis),
                partTensor.shape().get(axis) * inner,
                whole.get(axis) * inner,
                from * inner);
    }

    /**
     * Takes rows of the data set into the lanes of a tile. A lane past the last row repeats that row, so that whatever is
     * computed from it is no worse than what is computed from the batch.
     */
    static Kernel gatherRows(Op.GatherRows op, Binding binding) {
        Step step = binding.step();
        Ints order = binding.ints(op.order());
        Operand y = binding.tiles(op.y());
        Tiling tiling = binding.tiling();
        int lanes = tiling.lanes();
        int row = y.tile / lanes;
        Block copy = copyBlock(op, binding, y, lanes);
        return Kernel.tiled((task, frame, thread) -> {
            for (int block = 0; block < row; block += BLOCK) {
                int count = Math.min(BLOCK, row - block);
                for (int lane = 0; lane < task.count() * lanes; lane++) {
                    int n = Math.min(task.first() * lanes + lane, tiling.rows() - 1);
                    int to = y.at(task, frame) + lane / lanes * y.tile + block * lanes + lane % lanes;
                    boolean valid = n < step.validRows;
                    copy.run(valid ? order.a[order.at + step.batchOffset + n] * row + block : -1, to, count);
                }
            }
        });
    }

    /** Elements that are taken of each row in turn, so that their part of the tile stays in the first-level cache. */
    private static final int BLOCK = 64;

    /** Copies elements of one row of the data set; from -1 for a row of padding. */
    @FunctionalInterface
    private interface Block {
        void run(int from, int to, int count);
    }

    private static Block copyBlock(Op.GatherRows op, Binding binding, Operand y, int lanes) {
        if (op.y().type() == DType.I32) {
            Ints data = binding.ints(op.data());
            return (from, to, count) -> {
                for (int i = 0; i < count; i++) {
                    y.ints[to + i * lanes] = from < 0 ? 0 : data.a[data.at + from + i];
                }
            };
        }
        float scale = (float) op.scale();
        float shift = (float) op.shift();
        if (op.data().type() == DType.U8) {
            Bytes data = binding.bytes(op.data());
            return (from, to, count) -> {
                if (from < 0) {
                    clear(y.reals, to, count, lanes);
                } else {
                    scaleBytes(data.a, data.at + from, scale, shift, y.reals, to, count, lanes);
                }
            };
        }
        Reals data = binding.reals(op.data());
        return (from, to, count) -> {
            for (int i = 0; i < count; i++) {
                y.reals[to + i * lanes] = from < 0 ? 0 : data.a[data.at + from + i] * scale + shift;
            }
        };
    }

    private static void clear(float[] y, int to, int count, int lanes) {
        for (int i = 0; i < count; i++) {
            y[to + i * lanes] = 0;
        }
    }

    private static void scaleBytes(
            byte[] data, int from, float scale, float shift, float[] y, int to, int count, int lanes) {
        int yi = to;
        for (int i = from; i < from + count; i++) {
            y[yi] = (data[i] & 0xff) * scale + shift;
            yi += lanes;
        }
    }
}
