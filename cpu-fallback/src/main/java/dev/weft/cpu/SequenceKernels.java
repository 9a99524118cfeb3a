package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/** Rows of a table, their gradient, and masks. */
final class SequenceKernels {
    /** Elements of a part of the work, about. */
    private static final int PART = 16_384;

    private SequenceKernels() {}

    static Kernel embedding(Op.Embedding op, Binding binding) {
        Reals table = binding.reals(op.table());
        Ints index = binding.ints(op.index());
        Reals y = binding.reals(op.y());
        int rows = op.table().shape().get(0);
        int width = op.table().shape().last();
        int n = op.index().elements();
        int together = Math.max(1, PART / width);
        return Kernel.whole(new Phase((n + together - 1) / together, (part, thread) -> {
            for (int i = part * together; i < Math.min(n, (part + 1) * together); i++) {
                int row = index.a[index.at + i];
                int to = y.at + i * width;
                if (row < 0 || row >= rows) {
                    Arrays.fill(y.a, to, to + width, Float.NaN);
                } else if (row == op.padding()) {
                    Arrays.fill(y.a, to, to + width, 0);
                } else {
                    System.arraycopy(table.a, table.at + row * width, y.a, to, width);
                }
            }
        }));
    }

    /**
     * Pieces of at most {@link Products#TERMS} indices are added up by themselves, each by going through the table's rows that it
     * meets; then the pieces, in order.
     */
    static Kernel embeddingGradient(Op.EmbeddingGradient op, Binding binding) {
        Ints index = binding.ints(op.index());
        Reals dy = binding.reals(op.dy());
        Reals dtable = binding.reals(op.dtable());
        Primitives primitives = binding.primitives();
        int rows = op.dtable().shape().get(0);
        int width = op.dtable().shape().last();
        int n = op.index().elements();
        Reals piece = binding.scratch(n > Products.TERMS ? (long) rows * width : 0);
        int together = Math.max(1, PART / width);
        // a part has some rows of the table for itself
        return Kernel.whole(new Phase((rows + together - 1) / together, (part, thread) -> {
            int first = part * together;
            int end = Math.min(rows, first + together);
            int from = first * width;
            int length = (end - first) * width;
            Arrays.fill(dtable.a, dtable.at + from, dtable.at + from + length, 0);
            for (int i = 0; i < n; i += Products.TERMS) {
                Reals sum = i == 0 ? dtable : piece;
                Arrays.fill(sum.a, sum.at + from, sum.at + from + length, 0);
                for (int k = i; k < Math.min(n, i + Products.TERMS); k++) {
                    int row = index.a[index.at + k];
                    if (row >= first && row < end && row != op.padding()) {
                        int to = sum.at + row * width;
                        primitives.add(sum.a, to, dy.a, dy.at + k * width, sum.a, to, width);
                    }
                }
                if (i > 0) {
                    int to = dtable.at + from;
                    primitives.add(dtable.a, to, piece.a, piece.at + from, dtable.a, to, length);
                }
            }
        }));
    }

    static Kernel mask(Op.SequenceMask op, Binding binding) {
        Ints lengths = binding.ints(op.lengths());
        Reals y = binding.reals(op.y());
        int steps = op.y().shape().get(1);
        return Kernel.whole(Binding.elementWise(op.y().elements(), (from, count, thread) -> {
            for (int i = from; i < from + count; i++) {
                y.a[y.at + i] = i % steps < lengths.a[lengths.at + i / steps] ? 1 : 0;
            }
        }));
    }
}
