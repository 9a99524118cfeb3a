package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/**
 * Sum, mean and largest element: {@code y[a,b]} of {@code x[a,r,b]}. The r are cut into pieces of at most
 * {@link Products#TERMS}; how depends on the shape alone. Each piece is reduced by itself, along r where b is one, else along b
 * for {@link #WIDTH} of them at a time. What the pieces give is put together in order.
 */
final class ReduceKernel {
    /** The most neighbouring b that are reduced together: their sums stay in the first-level cache. */
    private static final int WIDTH = 1024;

    /** Elements of a part of the work, at least. */
    private static final int PART = 16_384;

    private final Op.Reduce op;
    private final Primitives primitives;
    private final Step step;
    private final Reals x;
    private final Reals y;
    private final Reals partial;
    private final int b;
    private final int r;
    private final int rOfRow;
    private final int pieces;
    private final int columns;

    private ReduceKernel(Op.Reduce op, Binding binding) {
        this.op = op;
        primitives = binding.primitives();
        step = binding.step();
        x = binding.reals(op.x());
        y = binding.reals(op.y());
        b = op.x().shape().elements(op.to(), op.x().shape().rank());
        r = op.x().shape().elements(op.from(), op.to());
        rOfRow = op.reducesBatch() ? op.x().shape().elements(1, op.to()) : r;
        pieces = (r + Products.TERMS - 1) / Products.TERMS;
        columns = (b + WIDTH - 1) / WIDTH;
        partial = pieces == 1 ? y : binding.scratch((long) pieces * y.length);
    }

    static Kernel bind(Op.Reduce op, Binding binding) {
        ReduceKernel kernel = new ReduceKernel(op, binding);
        int units = kernel.y.length / kernel.b * kernel.pieces * kernel.columns;
        int unitsOfPart = Math.max(1, PART / (Math.min(Products.TERMS, kernel.r) * Math.min(WIDTH, kernel.b)));
        Phase reduce = new Phase((units + unitsOfPart - 1) / unitsOfPart, (part, thread) -> {
            int end = Math.min(units, (part + 1) * unitsOfPart);
            for (int unit = part * unitsOfPart; unit < end; unit++) {
                kernel.reducePiece(unit);
            }
        });
        return Kernel.whole(reduce, Binding.elementWise(kernel.y.length, (from, n, thread) -> kernel.combine(from, n)));
    }

    /** How many r count in this step. */
    private int terms() {
        return op.reducesBatch() ? step.validRows * rOfRow : r;
    }

    /** One of the pieces of one a, for {@link #WIDTH} of the b. */
    private void reducePiece(int unit) {
        int column = unit % columns * WIDTH;
        int piece = unit / columns % pieces;
        int a = unit / columns / pieces;
        int first = (int) ((long) piece * r / pieces);
        int n = Math.min(terms(), (int) ((piece + 1L) * r / pieces)) - first;
        int from = x.at + (a * r + first) * b + column;
        int to = partial.at + (a * pieces + piece) * b + column;
        boolean max = op.reduction() == Op.Reduction.MAX;
        if (b == 1) {
            partial.a[to] = max ? primitives.max(x.a, from, n) : primitives.sum(x.a, from, Math.max(0, n));
            return;
        }
        int width = Math.min(WIDTH, b - column);
        Arrays.fill(partial.a, to, to + width, max ? Float.NEGATIVE_INFINITY : 0);
        for (int i = 0; i < n; i++) {
            if (max) {
                primitives.max(partial.a, to, x.a, from + i * b, partial.a, to, width);
            } else {
                primitives.add(partial.a, to, x.a, from + i * b, partial.a, to, width);
            }
        }
    }

    /** Puts the pieces together; a piece without terms changes nothing. */
    private void combine(int from, int n) {
        if (pieces == 1 && op.reduction() != Op.Reduction.MEAN) {
            return;
        }
        for (int i = from; i < from + n; i++) {
            int at = partial.at + i / b * pieces * b + i % b;
            if (op.reduction() == Op.Reduction.MAX) {
                float max = Float.NEGATIVE_INFINITY;
                for (int piece = 0; piece < pieces; piece++) {
                    max = Math.max(max, partial.a[at + piece * b]);
                }
                y.a[y.at + i] = max;
            } else {
                double sum = 0;
                for (int piece = 0; piece < pieces; piece++) {
                    sum += partial.a[at + piece * b];
                }
                y.a[y.at + i] = (float) (op.reduction() == Op.Reduction.MEAN ? sum / terms() : sum);
            }
        }
    }
}
