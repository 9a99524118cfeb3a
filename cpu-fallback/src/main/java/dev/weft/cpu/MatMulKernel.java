package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/**
 * Matrix product of whole matrices, {@code c = op(a) op(b)}, and what follows it in a linear layer, bias and ReLU. Rows of a
 * are packed in blocks, or taken as they lie where b has few columns. Vectors of columns of b lie in groups of four, two or
 * one, so that a row of a group is one run of memory; a matrix that is a single group stays where it is. A block times a group
 * is one run of {@link Products}. The sum is cut into pieces, so that a piece of a panel, which is one or more groups, stays
 * in the second-level cache while blocks pass.
 */
final class MatMulKernel {
    /** Blocks of rows that are packed together, and the fewest of one part of the work. */
    private static final int FEW_BLOCKS = 16;

    /** The most blocks of a part: all of them meet a panel before the next panel has to come from memory. */
    private static final int MOST_BLOCKS = 128;

    /** Parts for each thread, where their blocks are not too few for that. */
    private static final int PARTS = 16;

    /** The most elements of a piece of a panel: 512 KB of a second-level cache. */
    private static final int PANEL = 128 << 10;

    /** Elements between two packed groups, which would all want the same lines of a cache after powers of two. */
    private static final int APART = 48;

    /** Terms of a transposed a that blocks are packed with: other blocks have other parts of their cache lines. */
    private static final int TERMS_TOGETHER = 64;

    /** Groups that are packed together: rows of b are far apart, and each visit should read much of one. */
    private static final int PACKED_TOGETHER = 6;

    /** Up to so many columns, packing a takes longer than it saves. */
    private static final int FEW_COLUMNS = 128;

    private final Products products;
    private final Primitives primitives;
    private final int lanes;
    private final int rows;
    private final int columns;
    private final int inner;
    private final boolean transposeA;
    private final boolean transposeB;
    private final Reals a;
    private final Reals b;
    private final Reals c;
    private final Reals turnedTo;
    private final Reals bias;
    private final boolean relu;
    private final FilterBlocks blocks;
    private final boolean packsA;
    private final boolean packsB;
    private final int vectors;
    private final int group;
    private final int groups;
    private final int piece;
    private final int panelGroups;
    private final int panels;
    private final int partBlocks;
    private final Reals packedA;
    private final Reals packedB;
    private final Reals tiles;
    private final float[] zero;

    private MatMulKernel(Op.MatMul op, Op.AddBias addBias, Op.Activation relu, Binding binding) {
        primitives = binding.primitives();
        products = primitives.products();
        bias = addBias == null ? null : binding.reals(addBias.b());
        this.relu = relu != null;
        lanes = products.lanes();
        boolean turned = addBias == null && isTurned(op);
        rows = turned ? op.columns() : op.rows();
        columns = turned ? op.rows() : op.columns();
        inner = op.inner();
        transposeA = op.transposeA();
        transposeB = op.transposeB();
        a = binding.reals(turned ? op.b() : op.a());
        b = binding.reals(turned ? op.a() : op.b());
        Reals result = binding.reals(relu != null ? relu.y() : addBias != null ? addBias.y() : op.c());
        c = turned ? binding.scratch(result.length) : result;
        turnedTo = turned ? result : null;
        packsA = transposeA || columns > FEW_COLUMNS;
        blocks = new FilterBlocks(rows, remaining -> products.blockRows(packsA));
        vectors = (columns + lanes - 1) / lanes;
        group = products.group();
        groups = vectors / group + Integer.bitCount(vectors % group);
        packsB = transposeB || groups > 1 || columns < vectors * lanes;
        int part = blocks.count() * groups / (PARTS * binding.threads());
        piece = Math.min(PANEL / (group * lanes), Products.TERMS);
        panelGroups = Math.max(1, Math.min(part / FEW_BLOCKS, piece / Math.max(1, Math.min(inner, piece))));
        panels = (groups + panelGroups - 1) / panelGroups;
        partBlocks = Math.max(FEW_BLOCKS, Math.min(part / panelGroups, MOST_BLOCKS));
        packedA = binding.scratch(packsA ? blocks.length(inner) : 0);
        packedB = binding.scratch(packsB ? (long) vectors * lanes * inner + (long) groups * APART : 0);
        tiles = binding.scratch((long) binding.threads() * tilesOfThread() * tileLength());
        zero = new float[group * lanes];
    }

    /**
     * Whether {@code c' = b' a} is computed, and c from it: columns are packed a row at a time, rows of a transposed matrix one by
     * one, which takes several times as long.
     */
    private static boolean isTurned(Op.MatMul op) {
        return op.transposeA() && !op.transposeB() && op.rows() >= 2 * op.columns();
    }

    static Kernel bind(Op.MatMul op, Binding binding) {
        return binding.tiled() ? LinearKernel.bind(op, binding) : bind(op, null, null, binding);
    }

    /**
     * @param addBias null where there is none
     * @param relu null where there is none
     */
    static Kernel bind(Op.MatMul op, Op.AddBias addBias, Op.Activation relu, Binding binding) {
        MatMulKernel kernel = new MatMulKernel(op, addBias, relu, binding);
        int count = kernel.blocks.count();
        int runs = kernel.packsA ? (count + FEW_BLOCKS - 1) / FEW_BLOCKS : 0;
        int packed = kernel.packsB ? (kernel.groups + PACKED_TOGETHER - 1) / PACKED_TOGETHER : 0;
        Phase pack = new Phase(runs + packed, (part, thread) -> {
            if (part < runs) {
                kernel.packRows(part * FEW_BLOCKS, Math.min(count, (part + 1) * FEW_BLOCKS));
            } else {
                int first = (part - runs) * PACKED_TOGETHER;
                kernel.packColumns(first, Math.min(kernel.groups, first + PACKED_TOGETHER));
            }
        });
        int together = kernel.partBlocks;
        Phase multiply = new Phase((count + together - 1) / together * kernel.panels, (part, thread) -> {
            int first = part / kernel.panels * together;
            kernel.multiply(first, Math.min(count, first + together), part % kernel.panels, thread);
        });
        return kernel.turnedTo == null
                ? Kernel.whole(pack, multiply)
                : Kernel.whole(pack, multiply, Phase.single(kernel::turn));
    }

    private void turn() {
        Primitives.rowsToColumns(c.a, c.at, rows, columns, columns, turnedTo.a, turnedTo.at, rows);
    }

    /** One for results of a panel that is not full, one for those of a piece of the sum. */
    private int tilesOfThread() {
        return inner > piece ? 2 : 1;
    }

    /** Elements of a thread's memory for the results of a part of a panel. */
    private int tileLength() {
        return partBlocks * products.blockRows(packsA) * panelGroups * group * lanes;
    }

    /** The first vector of a group: whole groups, then one of two vectors and one of one. Past the last one, their number. */
    private int firstVector(int number) {
        int whole = vectors / group;
        if (number <= whole) {
            return number * group;
        }
        return number == whole + 1 && vectors % group == 3 ? vectors - 1 : vectors;
    }

    private void packRows(int firstBlock, int endBlock) {
        int row = transposeA ? 1 : inner;
        int term = transposeA ? rows : 1;
        int run = transposeA ? TERMS_TOGETHER : inner;
        for (int from = 0; from < inner; from += run) {
            int to = Math.min(inner, from + run);
            for (int block = firstBlock; block < endBlock; block++) {
                blocks.pack(block, a.a, a.at, row, term, inner, from, to, packedA.a, packedA.at);
            }
        }
    }

    /** Packs groups; the columns past the last are zero. */
    private void packColumns(int firstGroup, int endGroup) {
        int wide = group * lanes;
        int whole = transposeB ? firstGroup : Math.max(firstGroup, Math.min(endGroup, columns / wide));
        for (int k = 0; k < inner; k++) {
            int from = b.at + k * columns + firstGroup * wide;
            int to = groupAt(firstGroup) + k * wide;
            for (int number = firstGroup; number < whole; number++) {
                System.arraycopy(b.a, from, packedB.a, to, wide);
                from += wide;
                to += wide * inner + APART;
            }
        }
        for (int number = whole; number < endGroup; number++) {
            packGroup(number);
        }
    }

    private void packGroup(int number) {
        int first = firstVector(number) * lanes;
        int width = groupWidth(number);
        int present = Math.min(width, columns - first);
        int to = groupAt(number);
        if (present < width) {
            Arrays.fill(packedB.a, to, to + inner * width, 0);
        }
        if (transposeB) {
            Primitives.rowsToColumns(b.a, b.at + first * inner, present, inner, inner, packedB.a, to, width);
        } else {
            for (int k = 0; k < inner; k++) {
                System.arraycopy(b.a, b.at + k * columns + first, packedB.a, to + k * width, present);
            }
        }
    }

    /** Columns of a group. */
    private int groupWidth(int number) {
        return (firstVector(number + 1) - firstVector(number)) * lanes;
    }

    /** Where a group begins in {@link #groupsOfB}. */
    private int groupAt(int number) {
        return packsB ? packedB.at + firstVector(number) * lanes * inner + number * APART : b.at;
    }

    private float[] groupsOfB() {
        return packsB ? packedB.a : b.a;
    }

    private void multiply(int firstBlock, int endBlock, int panel, int thread) {
        int firstGroup = panel * panelGroups;
        int endGroup = Math.min(groups, firstGroup + panelGroups);
        int first = firstVector(firstGroup) * lanes;
        int width = firstVector(endGroup) * lanes - first;
        // a panel that is not full would write past the row
        boolean full = first + width <= columns;
        float[] result = full ? c.a : tiles.a;
        int tilesAt = tiles.at + thread * tilesOfThread() * tileLength();
        int resultAt = full ? c.at + blocks.first(firstBlock) * columns + first : tilesAt;
        int resultRow = full ? columns : width;
        for (int from = 0; from < Math.max(1, inner); from += piece) {
            int terms = Math.min(piece, inner - from);
            float[] sums = from == 0 ? result : tiles.a;
            int sumsAt = from == 0 ? resultAt : tilesAt + tileLength();
            int sumsRow = from == 0 ? resultRow : width;
            for (int block = firstBlock; block < endBlock; block++) {
                int row = blocks.first(block) - blocks.first(firstBlock);
                for (int number = firstGroup; number < endGroup; number++) {
                    int column = firstVector(number) * lanes - first;
                    multiply(block, number, from, terms, sums, sumsAt + row * sumsRow + column, sumsRow);
                }
                int end = from == 0 ? 0 : Math.min(blocks.width(block), rows - blocks.first(block));
                for (int k = row; k < row + end; k++) {
                    int to = resultAt + k * resultRow;
                    primitives.add(result, to, sums, sumsAt + k * sumsRow, result, to, width);
                }
            }
        }
        int end = Math.min(rows, blocks.first(endBlock - 1) + blocks.width(endBlock - 1));
        int present = Math.min(width, columns - first);
        for (int row = blocks.first(firstBlock); row < end; row++) {
            int to = c.at + row * columns + first;
            if (!full) {
                int from = resultAt + (row - blocks.first(firstBlock)) * resultRow;
                System.arraycopy(tiles.a, from, c.a, to, present);
            }
            if (bias != null) {
                primitives.add(c.a, to, bias.a, bias.at + first, c.a, to, present);
            }
            if (relu) {
                primitives.relu(c.a, to, c.a, to, present);
            }
        }
    }

    /** A piece of the sum, from one of its terms on, of a block's results for a group. */
    private void multiply(int block, int number, int from, int terms, float[] result, int at, int resultRow) {
        int width = groupWidth(number);
        int x = groupAt(number) + from * width;
        int row = blocks.first(block);
        int last = Math.min(blocks.width(block), rows - row) - 1;
        float[] x0 = groupsOfB();
        if (packsA) {
            int w = packedA.at + blocks.at(block, inner) + from * blocks.width(block);
            products.runPacked(width / lanes, terms, packedA.a, w, x0, x, zero, 0, 0, result, at, resultRow, last);
        } else {
            int w = a.at + row * inner + from;
            products.runRows(width / lanes, terms, a.a, w, inner, x0, x, zero, 0, 0, result, at, resultRow, last);
        }
    }
}
