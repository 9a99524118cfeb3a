package dev.weft.cuda;

import dev.weft.op.Op;
import dev.weft.tensor.Shape;
import java.util.List;

/** Launches of {@code add_bias.cu}. */
final class BiasKernels {
    private static final int BLOCK = 256;

    /** Terms of a channel that a block sums at least. */
    private static final int TERMS_OF_SLOT = 4096;

    /** The same for matrices, where a block sums 32 columns. */
    private static final int ROWS_OF_SLOT = 512;

    /** Blocks that longer sums are shared out to. */
    private static final int SLOTS = 64;

    /** The most terms of a running sum, of which a block has 256 a channel, or 8 a column. */
    private static final int LONGEST_SUM = 4096;

    private BiasKernels() {}

    static List<Launch> addBias(Op.AddBias op, Binding binding) {
        int n = op.x().elements();
        Shape shape = op.x().shape();
        return List.of(binding.elementWise(
                "add_bias",
                "add_bias",
                (n + 3L) / 4,
                n,
                shape.get(1),
                positions(shape),
                Binding.aligned16(op.x(), op.y()) ? 1 : 0,
                op.x(),
                op.b(),
                op.y()));
    }

    static List<Launch> biasGradient(Op.BiasGradient op, Binding binding) {
        Shape shape = op.dy().shape();
        int n = shape.get(0);
        int c = shape.get(1);
        int l = positions(shape);
        boolean columns = l == 1;
        int terms = Math.multiplyExact(n, l);
        int part = columns
                ? Math.min(Math.max(ROWS_OF_SLOT, ceilDiv(terms, SLOTS)), LONGEST_SUM * 8)
                : Math.min(Math.max(TERMS_OF_SLOT, ceilDiv(terms, SLOTS)), LONGEST_SUM * BLOCK);
        int slots = ceilDiv(terms, part);
        Object sums = slots > 1 ? binding.scratch(4L * slots * c) : op.db();
        Launch gradient = columns
                ? binding.launch(
                        "add_bias",
                        "bias_gradient_columns",
                        Grid.of(ceilDiv(c, 32), slots),
                        BLOCK,
                        n,
                        c,
                        part,
                        op.dy(),
                        sums)
                : binding.launch(
                        "add_bias", "bias_gradient_planes", Grid.of(c, slots), BLOCK, n, c, l, part, op.dy(), sums);
        return slots == 1
                ? List.of(gradient)
                : List.of(
                        gradient, binding.elementWise("add_bias", "bias_gradient_combine", c, c, slots, sums, op.db()));
    }

    /** Elements of a channel of one row. */
    private static int positions(Shape shape) {
        return shape.elements(2, shape.rank());
    }

    private static int ceilDiv(int a, int b) {
        return (int) (((long) a + b - 1) / b);
    }
}
