package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/**
 * Matrix product of whole matrices, {@code c = op(a) op(b)}, and what follows it in a linear layer, bias and ReLU. Rows of a
 * are packed in blocks, or taken as they lie where b has few columns. Columns of b are packed vector by vector; three or four
 * vectors, which a block takes at a time, are a group, and one or more groups a panel. Then a block with a panel is one run
 * of {@link Products}, with the rows as filters and the panel's vectors as positions. The sum is cut into pieces, so that
 * the piece of a panel stays in the second-level cache while blocks pass.
 */
final class MatMulKernel {
    /** Vectors that a block takes at a time, packed or as it lies. */
    private static final int PACKED_GROUP = 3;

    private static final int ROWS_GROUP = 4;

    /** Blocks of rows that are packed together, and the fewest of one part of the work. */
    private static final int FEW_BLOCKS = 16;

    /** The most blocks of a part: all of them meet a panel before the next panel has to come from memory. */
    private static final int MOST_BLOCKS = 64;

    /** Parts for each thread, where their blocks are not too few for that. */
    private static final int PARTS = 16;

    /** Terms of a piece of the sum. */
    private static final int PIECE = 1024;

    /** Elements of a piece of the widest panel: 384 KB of a second-level cache. */
    private static final int PANEL = 96 << 10;

    /** Elements between two packed columns of vectors, which would all want the same lines of a cache after powers of two. */
    private static final int APART = 48;

    /** Groups of vectors that are packed together: rows of b are far apart, and each visit should read much of one. */
    private static final int PACKED_TOGETHER = 8;

    /** Up to so many columns, packing a takes longer than it saves. */
    private static final int FEW_COLUMNS = 64;

    private final Primitives primitives;
    private final Products products;
    private final int lanes;
    private final int rows;
    private final int columns;
    private final int inner;
    private final boolean transposeA;
    private final boolean transposeB;
    private final Reals a;
    private final Reals b;
    private final Reals c;
    private final Reals bias;
    private final boolean relu;
    private final FilterBlocks blocks;
    private final boolean packsA;
    private final int vectors;
    private final int vectorLength;
    private final int groups;
    private final int panelGroups;
    private final int panels;
    private final int partBlocks;
    private final Reals packedA;
    private final Reals packedB;
    private final Reals tiles;
    private final Reals zero;

    private MatMulKernel(Op.MatMul op, Op.AddBias addBias, Op.Activation relu, Binding binding) {
        primitives = binding.primitives();
        products = primitives.products();
        bias = addBias == null ? null : binding.reals(addBias.b());
        this.relu = relu != null;
        lanes = products.lanes();
        rows = op.rows();
        columns = op.columns();
        inner = op.inner();
        transposeA = op.transposeA();
        transposeB = op.transposeB();
        a = binding.reals(op.a());
        b = binding.reals(op.b());
        c = binding.reals(relu != null ? relu.y() : addBias != null ? addBias.y() : op.c());
        packsA = transposeA || columns > FEW_COLUMNS;
        blocks = packsA ? new FilterBlocks(rows, products) : new FilterBlocks(rows, remaining -> Products.ROWS);
        vectors = (columns + lanes - 1) / lanes;
        int group = packsA ? PACKED_GROUP : ROWS_GROUP;
        groups = (vectors + group - 1) / group;
        int part = blocks.count() * groups / (PARTS * binding.threads());
        panelGroups = Math.max(1, Math.min(part / FEW_BLOCKS, PANEL / (group * lanes * PIECE)));
        panels = (groups + panelGroups - 1) / panelGroups;
        partBlocks = Math.max(FEW_BLOCKS, Math.min(part / panelGroups, MOST_BLOCKS));
        packedA = binding.scratch(packsA ? blocks.length(inner) : 0);
        vectorLength = inner * lanes + APART;
        packedB = binding.scratch((long) vectors * vectorLength);
        tiles = binding.scratch((long) binding.threads() * tileLength());
        zero = binding.scratch(lanes);
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
        Phase pack = new Phase(runs + (kernel.groups + PACKED_TOGETHER - 1) / PACKED_TOGETHER, (part, thread) -> {
            if (part == 0) {
                Arrays.fill(kernel.zero.a, kernel.zero.at, kernel.zero.at + kernel.lanes, 0);
            }
            if (part < runs) {
                kernel.packRows(part * FEW_BLOCKS, Math.min(count, (part + 1) * FEW_BLOCKS));
            } else {
                int first = (part - runs) * PACKED_TOGETHER;
                kernel.packColumns(first, first + PACKED_TOGETHER);
            }
        });
        int together = kernel.partBlocks;
        Phase multiply = new Phase((count + together - 1) / together * kernel.panels, (part, thread) -> {
            int first = part / kernel.panels * together;
            kernel.multiply(first, Math.min(count, first + together), part % kernel.panels, thread);
        });
        return Kernel.whole(pack, multiply);
    }

    /** Elements of a thread's memory for results of a panel that is not full. */
    private int tileLength() {
        // no block is wider than the first one
        return partBlocks * blocks.width(0) * panelGroups * ROWS_GROUP * lanes;
    }

    /** The first vector of a group, or past the last one; groups differ by one vector at most. */
    private int firstVector(int group) {
        return (int) ((long) Math.min(group, groups) * vectors / groups);
    }

    private void packRows(int firstBlock, int endBlock) {
        int row = transposeA ? 1 : inner;
        int step = transposeA ? rows : 1;
        for (int block = firstBlock; block < endBlock; block++) {
            blocks.pack(block, a.a, a.at, row, step, inner, packedA.a, packedA.at);
        }
    }

    /** Packs groups vector by vector; the columns past the last are zero. */
    private void packColumns(int firstGroup, int endGroup) {
        int firstVector = firstVector(firstGroup);
        int endVector = firstVector(endGroup);
        int whole = Math.min(endVector, columns / lanes);
        if (transposeB) {
            for (int vector = firstVector; vector < whole; vector++) {
                primitives.rowsToLanes(b.a, b.at + vector * lanes * inner, inner, packedB.a, packedAt(vector));
            }
        } else {
            for (int k = 0; k < inner; k++) {
                int from = b.at + k * columns + firstVector * lanes;
                int to = packedAt(firstVector) + k * lanes;
                products.spread(b.a, from, packedB.a, to, vectorLength, whole - firstVector);
            }
        }
        if (whole < endVector) {
            packRest(whole * lanes, packedAt(whole));
        }
    }

    private int packedAt(int vector) {
        return packedB.at + vector * vectorLength;
    }

    /** Packs the columns of the last vector, which is not full. */
    private void packRest(int first, int to) {
        int row = transposeB ? 1 : columns;
        int column = transposeB ? inner : 1;
        Arrays.fill(packedB.a, to, to + lanes * inner, 0);
        for (int j = 0; j < columns - first; j++) {
            int from = b.at + (first + j) * column;
            for (int k = 0; k < inner; k++) {
                packedB.a[to + k * lanes + j] = b.a[from + k * row];
            }
        }
    }

    private void multiply(int firstBlock, int endBlock, int panel, int thread) {
        int firstVector = firstVector(panel * panelGroups);
        int first = firstVector * lanes;
        int count = firstVector((panel + 1) * panelGroups) - firstVector;
        // a panel that is not full would write past the row
        boolean full = first + count * lanes <= columns;
        float[] result = full ? c.a : tiles.a;
        int resultAt = full ? c.at + blocks.first(firstBlock) * columns + first : tiles.at + thread * tileLength();
        int resultRow = full ? columns : count * lanes;
        for (int from = 0; from < Math.max(1, inner); from += PIECE) {
            int terms = Math.min(PIECE, inner - from);
            for (int block = firstBlock; block < endBlock; block++) {
                int row = blocks.first(block);
                int at = resultAt + (row - blocks.first(firstBlock)) * resultRow;
                int x = packedAt(firstVector) + from * lanes;
                float[] start = from == 0 ? zero.a : result;
                int startAt = from == 0 ? zero.at : at;
                int startRow = from == 0 ? 0 : resultRow;
                int startStep = from == 0 ? 0 : lanes;
                int width = blocks.width(block);
                int last = Math.min(width, rows - row) - 1;
                if (packsA) {
                    int w = packedA.at + blocks.at(block, inner) + from * width;
                    products.run(
                            width,
                            count,
                            terms,
                            packedA.a,
                            w,
                            packedB.a,
                            x,
                            vectorLength,
                            start,
                            startAt,
                            startRow,
                            startStep,
                            result,
                            at,
                            resultRow,
                            lanes,
                            last);
                } else {
                    int w = a.at + row * inner + from;
                    products.runRows(
                            count,
                            terms,
                            a.a,
                            w,
                            inner,
                            packedB.a,
                            x,
                            vectorLength,
                            start,
                            startAt,
                            startRow,
                            startStep,
                            result,
                            at,
                            resultRow,
                            lanes,
                            last);
                }
            }
        }
        int end = Math.min(rows, blocks.first(endBlock - 1) + blocks.width(endBlock - 1));
        int present = Math.min(count * lanes, columns - first);
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
}
