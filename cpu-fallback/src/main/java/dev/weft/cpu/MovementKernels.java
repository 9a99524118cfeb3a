package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Ops that move values: reshape, concat, slice, the gathering of a batch and one-hot rows. */
final class MovementKernels {
    private MovementKernels() {}

    /** Nothing to do where both sides share their memory. */
    static Kernel reshape(Op.Reshape op, Binding binding) {
        if (Layouts.shares(op)) {
            return Kernel.whole();
        }
        Operand x = binding.operand(op, op.x());
        Operand y = binding.operand(op, op.y());
        if (binding.tiled()) {
            return Kernel.tiled((task, frame, thread) ->
                    System.arraycopy(x.reals, x.at(task, frame), y.reals, y.at(task, frame), task.count() * x.tile));
        }
        int n = op.x().elements();
        return Kernel.whole(
                Phase.single(() -> System.arraycopy(x.reals, x.at(Task.WHOLE, 0), y.reals, y.at(Task.WHOLE, 0), n)));
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
        return forEachTile(binding, (task, frame, tile) -> {
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
                binding,
                (task, frame, tile) -> runs.cut(
                        x.reals, x.at(task, frame) + tile * x.tile, y.reals, y.at(task, frame) + tile * y.tile));
    }

    @FunctionalInterface
    private interface TileBody {
        void run(Task task, int frame, int tile);
    }

    /** Work on every tile, or on whole tensors as if they were one. */
    private static Kernel forEachTile(Binding binding, TileBody body) {
        if (!binding.tiled()) {
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
        boolean tiled = binding.tiled();
        int inner = whole.elements(axis + 1, whole.rank())
                * (tiled ? binding.tiling().lanes() : 1);
        return new Runs(
                whole.elements(tiled ? 1 : 0, axis),
                partTensor.shape().get(axis) * inner,
                whole.get(axis) * inner,
                from * inner);
    }

    /** A label outside the row, which padding may hold, leaves it zero. */
    static Kernel oneHot(Op.OneHot op, Binding binding) {
        Ints labels = binding.ints(op.labels());
        Reals y = binding.reals(op.y());
        int columns = op.y().shape().get(op.y().shape().rank() - 1);
        return Kernel.whole(Phase.single(() -> {
            Arrays.fill(y.a, y.at, y.at + y.length, 0);
            for (int n = 0; n < y.length / columns; n++) {
                int label = labels.a[labels.at + n];
                if (label >= 0 && label < columns) {
                    y.a[y.at + n * columns + label] = 1;
                }
            }
        }));
    }

    /** Rows of a part of the work where a batch is gathered row by row. */
    private static final int ROWS = 16;

    /** The rows of the data set that are a batch; rows of padding are zero. */
    static Kernel gatherRows(Op.GatherRows op, Binding binding) {
        if (binding.tiled()) {
            return gatherTiles(op, binding);
        }
        Step step = binding.step();
        Ints order = binding.ints(op.order());
        Reals y = binding.reals(op.y());
        int rows = op.y().shape().get(0);
        int row = op.y().elements() / rows;
        RowCopy copy = rowCopy(op, binding, row);
        return Kernel.whole(new Phase((rows + ROWS - 1) / ROWS, (part, thread) -> {
            for (int n = part * ROWS; n < Math.min(rows, (part + 1) * ROWS); n++) {
                int to = y.at + n * row;
                if (n < step.validRows) {
                    copy.run(order.a[order.at + step.batchOffset + n] * row, y.a, to);
                } else {
                    Arrays.fill(y.a, to, to + row, 0);
                }
            }
        }));
    }

    /** Copies a row of the data set, scaled and shifted. */
    @FunctionalInterface
    private interface RowCopy {
        /**
         * @param from its first element, counted from the first of the data set
         */
        void run(int from, float[] y, int to);
    }

    private static RowCopy rowCopy(Op.GatherRows op, Binding binding, int row) {
        if (op.data().type() == DType.U8) {
            Bytes data = binding.bytes(op.data());
            float[] values = valuesOfBytes(op);
            return (from, y, to) -> {
                for (int i = 0; i < row; i++) {
                    y[to + i] = values[data.a[data.at + from + i] & 0xff];
                }
            };
        }
        Reals data = binding.reals(op.data());
        float scale = (float) op.scale();
        float shift = (float) op.shift();
        return (from, y, to) -> {
            for (int i = 0; i < row; i++) {
                y[to + i] = data.a[data.at + from + i] * scale + shift;
            }
        };
    }

    private static float[] valuesOfBytes(Op.GatherRows op) {
        float[] values = new float[256];
        for (int i = 0; i < values.length; i++) {
            values[i] = i * (float) op.scale() + (float) op.shift();
        }
        return values;
    }

    /**
     * Takes rows of the data set into the lanes of a tile: first they are copied one after the other, which the memory is
     * made for, then they are turned. A lane past the last row repeats that row, so that whatever is computed from it is no
     * worse than what is computed from the batch.
     */
    private static Kernel gatherTiles(Op.GatherRows op, Binding binding) {
        Step step = binding.step();
        Ints order = binding.ints(op.order());
        Operand y = binding.tiles(op.y());
        Tiling tiling = binding.tiling();
        int lanes = tiling.lanes();
        int row = y.tile / lanes;
        Turn turn = turn(op, binding, y, lanes, row);
        int[][] rows = new int[binding.threads()][lanes];
        return Kernel.tiled((task, frame, thread) -> {
            for (int t = 0; t < task.count(); t++) {
                for (int lane = 0; lane < lanes; lane++) {
                    int n = Math.min((task.first() + t) * lanes + lane, tiling.rows() - 1);
                    rows[thread][lane] = n < step.validRows ? order.a[order.at + step.batchOffset + n] : -1;
                }
                turn.run(rows[thread], y.at(task, frame) + t * y.tile, thread);
            }
        });
    }

    /** Turns rows of the data set into a tile; row -1 is a row of padding. */
    @FunctionalInterface
    private interface Turn {
        void run(int[] rows, int to, int thread);
    }

    private static Turn turn(Op.GatherRows op, Binding binding, Operand y, int lanes, int row) {
        if (op.y().type() == DType.I32) {
            Ints data = binding.ints(op.data());
            return (rows, to, thread) -> {
                for (int lane = 0; lane < lanes; lane++) {
                    for (int i = 0; i < row; i++) {
                        y.ints[to + i * lanes + lane] = rows[lane] < 0 ? 0 : data.a[data.at + rows[lane] * row + i];
                    }
                }
            };
        }
        Primitives primitives = binding.primitives();
        float scale = (float) op.scale();
        float shift = (float) op.shift();
        if (op.data().type() == DType.U8) {
            Bytes data = binding.bytes(op.data());
            byte[][] copies = new byte[binding.threads()][lanes * row];
            float[] values = valuesOfBytes(op);
            return (rows, to, thread) -> {
                byte[] copy = copies[thread];
                for (int lane = 0; lane < lanes; lane++) {
                    if (rows[lane] >= 0) {
                        System.arraycopy(data.a, data.at + rows[lane] * row, copy, lane * row, row);
                    }
                }
                primitives.bytesToLanes(copy, 0, row, values, y.reals, to);
                clearPadding(rows, y.reals, to, lanes, row);
            };
        }
        Reals data = binding.reals(op.data());
        return (rows, to, thread) -> {
            for (int lane = 0; lane < lanes; lane++) {
                int from = data.at + rows[lane] * row;
                for (int i = 0; rows[lane] >= 0 && i < row; i++) {
                    y.reals[to + i * lanes + lane] = data.a[from + i] * scale + shift;
                }
            }
            clearPadding(rows, y.reals, to, lanes, row);
        };
    }

    private static void clearPadding(int[] rows, float[] y, int to, int lanes, int row) {
        for (int lane = 0; lane < lanes; lane++) {
            for (int i = 0; rows[lane] < 0 && i < row; i++) {
                y[to + i * lanes + lane] = 0;
            }
        }
    }
}
