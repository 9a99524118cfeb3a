package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/**
 * Matrix product of whole matrices, {@code c = op(a) op(b)}. Rows of a are packed in blocks, columns of b in panels of up
 * to three vectors; then a block with a panel is one run of {@link Products}, with the rows as filters and the panel's
 * vectors as positions. A panel stays in the second-level cache while all blocks pass.
 */
final class MatMulKernel {
    /** Vectors of a panel. */
    private static final int PANEL = 3;

    /** Blocks of rows of one part of the work. */
    private static final int BLOCKS = 16;

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
    private final FilterBlocks blocks;
    private final int vectors;
    private final int panels;
    private final Reals packedA;
    private final Reals packedB;
    private final Reals tiles;
    /** Where the rows of a panel begin, by the number of its vectors. */
    private final int[][] taps = new int[PANEL + 1][];

    private final int[] positions = new int[PANEL];

    private MatMulKernel(Op.MatMul op, Binding binding) {
        products = binding.primitives().products();
        lanes = products.lanes();
        rows = op.rows();
        columns = op.columns();
        inner = op.inner();
        transposeA = op.transposeA();
        transposeB = op.transposeB();
        a = binding.reals(op.a());
        b = binding.reals(op.b());
        c = binding.reals(op.c());
        blocks = new FilterBlocks(rows, products);
        vectors = (columns + lanes - 1) / lanes;
        panels = (vectors + PANEL - 1) / PANEL;
        packedA = binding.scratch(blocks.length(inner));
        packedB = binding.scratch((long) vectors * lanes * inner);
        tiles = binding.scratch((long) binding.threads() * tileLength());
        for (int count = 1; count <= PANEL; count++) {
            taps[count] = new int[inner];
            for (int k = 0; k < inner; k++) {
                taps[count][k] = k * count * lanes;
            }
        }
        for (int i = 0; i < PANEL; i++) {
            positions[i] = i * lanes;
        }
    }

    static Kernel bind(Op.MatMul op, Binding binding) {
        if (Tiling.tiled(op)) {
            return LinearKernel.bind(op, binding);
        }
        MatMulKernel kernel = new MatMulKernel(op, binding);
        int runs = (kernel.blocks.count() + BLOCKS - 1) / BLOCKS;
        Phase pack = new Phase(runs + kernel.panels, (part, thread) -> {
            if (part < runs) {
                kernel.packRows(part * BLOCKS, Math.min(kernel.blocks.count(), (part + 1) * BLOCKS));
            } else {
                kernel.packPanel(part - runs);
            }
        });
        Phase multiply = new Phase(runs * kernel.panels, (part, thread) -> {
            int first = part / kernel.panels * BLOCKS;
            kernel.multiply(first, Math.min(kernel.blocks.count(), first + BLOCKS), part % kernel.panels, thread);
        });
        return Kernel.whole(pack, multiply);
    }

    private int tileLength() {
        return MAX_WIDTH * PANEL * lanes;
    }

    /** The widest block. */
    private static final int MAX_WIDTH = 8;

    /** The first vector of a panel; panels differ by one vector at most. */
    private int firstVector(int panel) {
        return (int) ((long) panel * vectors / panels);
    }

    private void packRows(int firstBlock, int endBlock) {
        int row = transposeA ? 1 : inner;
        int step = transposeA ? rows : 1;
        for (int block = firstBlock; block < endBlock; block++) {
            int width = blocks.width(block);
            int to = packedA.at + blocks.at(block, inner);
            if (transposeA && blocks.first(block) + width <= rows) {
                for (int k = 0; k < inner; k++) {
                    System.arraycopy(a.a, a.at + k * rows + blocks.first(block), packedA.a, to + k * width, width);
                }
                continue;
            }
            for (int j = 0; j < width; j++) {
                int from = a.at + Math.min(blocks.first(block) + j, rows - 1) * row;
                for (int k = 0; k < inner; k++) {
                    packedA.a[to + k * width + j] = a.a[from + k * step];
                }
            }
        }
    }

    /** Packs a panel row by row; the columns past the last are zero. */
    private void packPanel(int panel) {
        int first = firstVector(panel) * lanes;
        int width = firstVector(panel + 1) * lanes - first;
        int present = Math.min(width, columns - first);
        int at = packedB.at + first * inner;
        if (transposeB) {
            for (int j = 0; j < present; j++) {
                int from = b.at + (first + j) * inner;
                for (int k = 0; k < inner; k++) {
                    packedB.a[at + k * width + j] = b.a[from + k];
                }
            }
        }
        for (int k = 0; k < inner; k++) {
            int to = at + k * width;
            if (!transposeB) {
                System.arraycopy(b.a, b.at + k * columns + first, packedB.a, to, present);
            }
            if (present < width) {
                Arrays.fill(packedB.a, to + present, to + width, 0);
            }
        }
    }

    private void multiply(int firstBlock, int endBlock, int panel, int thread) {
        int first = firstVector(panel) * lanes;
        int count = firstVector(panel + 1) - firstVector(panel);
        boolean full = first + count * lanes <= columns;
        int panelAt = packedB.at + first * inner;
        for (int block = firstBlock; block < endBlock; block++) {
            int width = blocks.width(block);
            int last = Math.min(width, rows - blocks.first(block)) - 1;
            int to = c.at + blocks.first(block) * columns + first;
            // a panel that is not full would write past the row
            float[] result = full ? c.a : tiles.a;
            int resultAt = full ? to : tiles.at + thread * tileLength();
            int resultRow = full ? columns : count * lanes;
            products.run(
                    width,
                    packedA.a,
                    packedA.at + blocks.at(block, inner),
                    taps[count],
                    0,
                    inner,
                    packedB.a,
                    panelAt,
                    positions,
                    result,
                    resultAt,
                    positions,
                    0,
                    count,
                    resultRow,
                    last,
                    null,
                    0);
            for (int i = 0; !full && i <= last; i++) {
                System.arraycopy(tiles.a, resultAt + i * resultRow, c.a, to + i * columns, columns - first);
            }
        }
    }
}
