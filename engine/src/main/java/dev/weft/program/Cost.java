package dev.weft.program;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * What an op costs: the additions and multiplications of its products, and the bytes that it has to move at least, each
 * operand once, with four bytes for REAL.
 *
 * @param flops floating-point operations of matrix products and convolutions, padding included; 0 for the other ops,
 *     which bytes limit
 * @param readBytes size of what is read
 * @param writtenBytes size of what is written
 */
public record Cost(long flops, long readBytes, long writtenBytes) {

    /** The cost of an op, for the whole batch. */
    public static Cost of(Op op) {
        return new Cost(flops(op), readBytes(op), bytes(op.outputs()));
    }

    /** The cost of all ops together. */
    public static Cost of(List<Op> ops) {
        Cost sum = new Cost(0, 0, 0);
        for (Op op : ops) {
            Cost cost = of(op);
            sum = new Cost(
                    sum.flops + cost.flops, sum.readBytes + cost.readBytes, sum.writtenBytes + cost.writtenBytes);
        }
        return sum;
    }

    private static long flops(Op op) {
        if (op instanceof Op.MatMul m) {
            return 2L * m.rows() * m.columns() * m.inner();
        } else if (op instanceof Op.Conv2d c) {
            return convolution(c.w(), c.y());
        } else if (op instanceof Op.Conv2dInputGradient c) {
            return convolution(c.w(), c.dy());
        } else if (op instanceof Op.Conv2dFilterGradient c) {
            return convolution(c.dw(), c.dy());
        } else if (op instanceof Op.Recurrence r) {
            return recurrence(r.w(), r.y());
        } else if (op instanceof Op.RecurrenceBackward r) {
            return recurrence(r.w(), r.previous().get(0));
        }
        return 0;
    }

    /** In each step of each sequence every weight meets an element of a vector; steps after a sequence's end count, too. */
    private static long recurrence(List<TensorRef> w, TensorRef y) {
        long steps = y.shape().elements() / y.shape().last();
        return w.stream().mapToLong(each -> 2 * steps * each.shape().elements()).sum();
    }

    /** Every output meets every tap of its filter. */
    private static long convolution(TensorRef w, TensorRef y) {
        return 2 * y.shape().elements() * (w.shape().elements() / w.shape().get(0));
    }

    /** A batch is gathered from a few rows of its data set. */
    private static long readBytes(Op op) {
        if (op instanceof Op.GatherRows g) {
            long rows = g.y().shape().get(0);
            return bytes(List.of(g.data())) / g.data().shape().get(0) * rows + rows * width(DType.I32);
        }
        return bytes(op.inputs());
    }

    private static long bytes(List<TensorRef> tensors) {
        return tensors.stream()
                .mapToLong(t -> t.shape().elements() * width(t.type()))
                .sum();
    }

    private static int width(DType type) {
        return type == DType.U8 ? 1 : 4;
    }
}
