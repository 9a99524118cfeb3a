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
    static Phase[] reshape(Op.Reshape op, Binding binding) {
        if (Binding.shares(op)) {
            return new Phase[0];
        }
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        return new Phase[] {Phase.single(() -> System.arraycopy(x.a, x.at, y.a, y.at, x.length))};
    }

    static Phase[] concat(Op.Concat op, Binding binding) {
        Reals y = binding.reals(op.y());
        List<Phase> phases = new ArrayList<>();
        int from = 0;
        for (TensorRef part : op.xs()) {
            Reals x = binding.reals(part);
            Runs runs = Runs.of(op.y().shape(), op.axis(), from, part.shape());
            phases.add(Phase.single(() -> {
                for (int i = 0; i < runs.count; i++) {
                    System.arraycopy(x.a, x.at + i * runs.length, y.a, y.at + runs.whole(i), runs.length);
                }
            }));
            from += part.shape().get(op.axis());
        }
        return phases.toArray(Phase[]::new);
    }

    static Phase[] slice(Op.Slice op, Binding binding) {
        Reals x = binding.reals(op.x());
        Reals y = binding.reals(op.y());
        Runs runs = Runs.of(op.x().shape(), op.axis(), op.from(), op.y().shape());
        return new Phase[] {
            Phase.single(() -> {
                for (int i = 0; i < runs.count; i++) {
                    System.arraycopy(x.a, x.at + runs.whole(i), y.a, y.at + i * runs.length, runs.length);
                }
            })
        };
    }

    /** A part of a tensor as contiguous runs: run i begins at {@code whole(i)} in the tensor, at i length in the part. */
    private record Runs(int count, int length, int stride, int start) {
        static Runs of(Shape whole, int axis, int from, Shape part) {
            int inner = whole.elements(axis + 1, whole.rank());
            return new Runs(whole.elements(0, axis), part.get(axis) * inner, whole.get(axis) * inner, from * inner);
        }

        int whole(int i) {
            return i * stride + start;
        }
    }

    static Phase[] gatherRows(Op.GatherRows op, Binding binding) {
        Step step = binding.step();
        Ints order = binding.ints(op.order());
        int rows = op.y().shape().get(0);
        int row = op.y().elements() / rows;
        Row copy = copyRow(op, binding, row);
        return new Phase[] {
            new Phase(rows, (n, thread) -> {
                boolean valid = n < step.validRows;
                int from = valid ? order.a[order.at + step.batchOffset + n] * row : -1;
                copy.run(from, n * row);
            })
        };
    }

    /** Copies one row of the data set; from -1 for a row of padding. */
    @FunctionalInterface
    private interface Row {
        void run(int from, int to);
    }

    private static Row copyRow(Op.GatherRows op, Binding binding, int row) {
        if (op.y().type() == DType.I32) {
            Ints data = binding.ints(op.data());
            Ints y = binding.ints(op.y());
            return (from, to) -> {
                for (int i = 0; i < row; i++) {
                    y.a[y.at + to + i] = from < 0 ? 0 : data.a[data.at + from + i];
                }
            };
        }
        Reals y = binding.reals(op.y());
        float scale = (float) op.scale();
        float shift = (float) op.shift();
        if (op.data().type() == DType.U8) {
            Bytes data = binding.bytes(op.data());
            return (from, to) -> {
                for (int i = 0; i < row; i++) {
                    y.a[y.at + to + i] = from < 0 ? 0 : (data.a[data.at + from + i] & 0xff) * scale + shift;
                }
            };
        }
        Reals data = binding.reals(op.data());
        return (from, to) -> {
            for (int i = 0; i < row; i++) {
                y.a[y.at + to + i] = from < 0 ? 0 : data.a[data.at + from + i] * scale + shift;
            }
        };
    }
}
