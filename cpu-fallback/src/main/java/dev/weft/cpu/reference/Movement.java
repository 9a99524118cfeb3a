package dev.weft.cpu.reference;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;

/** Ops that move values: reshape, concat, slice and the gathering of a batch. */
final class Movement {
    private Movement() {}

    static void reshape(Op.Reshape op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells y = t.cells(op.y());
        for (int i = 0; i < x.length(); i++) {
            y.set(i, x.get(i), Math.abs(x.get(i)));
        }
    }

    static void concat(Op.Concat op, Tensors t) {
        int from = 0;
        for (TensorRef part : op.xs()) {
            forEachPair(
                    op.y().shape(),
                    op.axis(),
                    from,
                    part.shape(),
                    (whole, of) -> t.cells(op.y())
                            .set(
                                    whole,
                                    t.cells(part).get(of),
                                    Math.abs(t.cells(part).get(of))));
            from += part.shape().get(op.axis());
        }
    }

    static void slice(Op.Slice op, Tensors t) {
        Cells x = t.cells(op.x());
        Cells y = t.cells(op.y());
        forEachPair(
                op.x().shape(),
                op.axis(),
                op.from(),
                op.y().shape(),
                (whole, part) -> y.set(part, x.get(whole), Math.abs(x.get(whole))));
    }

    /** Element indices of a tensor and of a part of it. */
    private interface Pair {
        void at(int whole, int part);
    }

    private static void forEachPair(Shape whole, int axis, int from, Shape part, Pair pair) {
        int outer = whole.elements(0, axis);
        int inner = whole.elements(axis + 1, whole.rank());
        int partIndex = 0;
        for (int o = 0; o < outer; o++) {
            for (int a = 0; a < part.get(axis); a++) {
                for (int i = 0; i < inner; i++) {
                    pair.at((o * whole.get(axis) + from + a) * inner + i, partIndex++);
                }
            }
        }
    }

    static void gatherRows(Op.GatherRows op, Tensors t) {
        Cells data = t.cells(op.data());
        Cells order = t.cells(op.order());
        Cells y = t.cells(op.y());
        int row = y.length() / op.y().shape().get(0);
        for (int i = 0; i < y.length(); i++) {
            int n = i / row;
            if (n >= t.validRows()) {
                y.set(i, 0, 0);
            } else {
                double value = data.get(order.getInt(t.batchOffset() + n) * row + i % row);
                double scaled = op.y().type() == DType.REAL ? op.scale() * value + op.shift() : value;
                y.set(i, scaled, Math.abs(op.scale() * value) + Math.abs(op.shift()));
            }
        }
    }
}
