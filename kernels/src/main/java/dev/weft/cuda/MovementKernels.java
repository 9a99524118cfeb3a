package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Launches of {@code reshape.cu}, {@code concat.cu}, {@code slice.cu}, {@code gather_rows.cu} and {@code one_hot.cu}. */
final class MovementKernels {
    /** Parts that one launch of {@code concat} takes. */
    private static final int PARTS = 4;

    private MovementKernels() {}

    /** Two transient tensors can be one. */
    static boolean reshapeShares(Op.Reshape op, Binding binding) {
        return !op.x().root().role().persistent() && !op.y().root().role().persistent();
    }

    static List<Launch> reshapeShared(Op.Reshape op, Binding binding) {
        binding.alias(op.y(), op.x());
        return List.of();
    }

    static List<Launch> reshape(Op.Reshape op, Binding binding) {
        int n = op.x().elements();
        int quads = ElementWiseKernels.quads(n, op.x(), op.y());
        return List.of(binding.elementWise(
                "reshape", "reshape", ElementWiseKernels.threads(n, quads), n, quads, op.x(), op.y()));
    }

    static List<Launch> concat(Op.Concat op, Binding binding) {
        Shape whole = op.y().shape();
        int outer = whole.elements(0, op.axis());
        int length = whole.elements(op.axis(), whole.rank());
        List<Launch> launches = new ArrayList<>();
        int from = 0;
        for (int first = 0; first < op.xs().size(); first += PARTS) {
            int last = Math.min(first + PARTS, op.xs().size());
            int[] ends = new int[PARTS];
            Object[] parts = new Object[PARTS];
            int width = 0;
            for (int i = 0; i < PARTS; i++) {
                boolean present = first + i < last;
                parts[i] = present ? op.xs().get(first + i) : Binding.NULL;
                width += present ? op.xs().get(first + i).elements() / outer : 0;
                ends[i] = width;
            }
            int n = outer * width;
            launches.add(binding.elementWise(
                    "concat", "concat", n, n, length, width, from, ends[0], ends[1], ends[2], parts[0], parts[1],
                    parts[2], parts[3], op.y()));
            from += width;
        }
        return launches;
    }

    static List<Launch> slice(Op.Slice op, Binding binding) {
        Shape whole = op.x().shape();
        int inner = whole.elements(op.axis() + 1, whole.rank());
        int length = whole.get(op.axis()) * inner;
        int width = op.y().shape().get(op.axis()) * inner;
        int n = op.y().elements();
        return List.of(binding.elementWise("slice", "slice", n, n, length, width, op.from() * inner, op.x(), op.y()));
    }

    /** Where the rows come from: the data set, or the window of it that the host keeps filled. */
    static Object source(Op.GatherRows op, Binding binding) {
        return binding.streamed(op.data()) ? new Binding.Window(op.data()) : op.data();
    }

    /** The order of the rows, which a window has already. */
    static Object order(Op.GatherRows op, Binding binding) {
        return binding.streamed(op.data()) ? Binding.NULL : op.order();
    }

    /** Batches that the window holds. */
    static int slots(Op.GatherRows op, Binding binding) {
        return binding.streamed(op.data()) ? binding.slots() : 0;
    }

    static List<Launch> gatherRows(Op.GatherRows op, Binding binding) {
        TensorRef data = op.data();
        Object source = source(op, binding);
        Object order = order(op, binding);
        int slots = slots(op, binding);
        int n = op.y().elements();
        int row = n / op.y().shape().get(0);
        if (data.type() == DType.I32) {
            return List.of(binding.elementWise(
                    "gather_rows", "gather_rows_i32", n, n, row, Binding.STATE, order, slots, source, op.y()));
        }
        int quads = row % 4 == 0 ? ElementWiseKernels.quads(n, data, op.y()) : 0;
        return List.of(binding.elementWise(
                "gather_rows",
                data.type() == DType.U8 ? "gather_rows_u8" : "gather_rows_real",
                ElementWiseKernels.threads(n, quads),
                n,
                quads,
                row,
                (float) op.scale(),
                (float) op.shift(),
                Binding.STATE,
                order,
                slots,
                source,
                op.y()));
    }

    static List<Launch> oneHot(Op.OneHot op, Binding binding) {
        int n = op.y().elements();
        int classes = op.y().shape().get(op.y().shape().rank() - 1);
        int vector = Binding.aligned16(op.y()) ? 1 : 0;
        return List.of(
                binding.elementWise("one_hot", "one_hot", (n + 3L) / 4, n, classes, vector, op.labels(), op.y()));
    }
}
