package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/**
 * Matrix product in panels of a few columns of b. The inner loop reads a panel row by row; rows of a panel that are not
 * contiguous, or not full, are packed first. a is read through two strides, so it needs no packing whether transposed or
 * not.
 */
final class MatMulKernel {
    /** Rows of one part of the work. */
    private static final int ROWS = 32;

    private final Primitives primitives;
    private final int rows;
    private final int columns;
    private final int inner;
    private final int width;
    private final boolean packAll;
    private final Reals a;
    private final int aRow;
    private final int aColumn;
    private final Reals b;
    private final Reals c;
    private final Reals packed;
    private final Reals tiles;
    private final int[] contiguousRows;
    private final int[] packedRows;

    private MatMulKernel(Op.MatMul op, Binding binding) {
        primitives = binding.primitives();
        rows = op.rows();
        columns = op.columns();
        inner = op.inner();
        width = primitives.panelWidth();
        packAll = op.transposeB();
        a = binding.reals(op.a());
        aRow = op.transposeA() ? 1 : inner;
        aColumn = op.transposeA() ? rows : 1;
        b = binding.reals(op.b());
        c = binding.reals(op.c());
        packed = binding.scratch((packAll ? panels() : 1L) * width * inner);
        tiles = binding.scratch((long) ROWS * width * binding.threads());
        contiguousRows = new int[inner];
        packedRows = new int[inner];
        for (int k = 0; k < inner; k++) {
            contiguousRows[k] = k * columns;
            packedRows[k] = k * width;
        }
    }

    static Kernel bind(Op.MatMul op, Binding binding) {
        if (Tiling.tiled(op)) {
            return LinearKernel.bind(op, binding);
        }
        MatMulKernel kernel = new MatMulKernel(op, binding);
        int firstToPack = kernel.packAll ? 0 : kernel.columns / kernel.width;
        Phase pack = new Phase(kernel.panels() - firstToPack, (part, thread) -> kernel.packPanel(firstToPack + part));
        Phase multiply = new Phase((kernel.rows + ROWS - 1) / ROWS, kernel::multiplyRows);
        return Kernel.whole(pack, multiply);
    }

    private int panels() {
        return (columns + width - 1) / width;
    }

    /** Where a packed panel begins: each has its place, or there is only the last one. */
    private int packedAt(int panel) {
        return packed.at + (packAll ? panel * width * inner : 0);
    }

    /** Packs a panel row by row; the columns past the last are zero. */
    private void packPanel(int panel) {
        int first = panel * width;
        int present = Math.min(width, columns - first);
        int at = packedAt(panel);
        for (int k = 0; k < inner; k++) {
            for (int j = 0; j < present; j++) {
                packed.a[at + j] = b.a[b.at + (packAll ? (first + j) * inner + k : k * columns + first + j)];
            }
            Arrays.fill(packed.a, at + present, at + width, 0);
            at += width;
        }
    }

    private void multiplyRows(int part, int thread) {
        int firstRow = part * ROWS;
        int count = Math.min(ROWS, rows - firstRow);
        int aAt = a.at + firstRow * aRow;
        int cAt = c.at + firstRow * columns;
        for (int j = 0; j < columns; j += width) {
            boolean full = j + width <= columns;
            boolean isPacked = packAll || !full;
            float[] panel = isPacked ? packed.a : b.a;
            int panelAt = isPacked ? packedAt(j / width) : b.at + j;
            int[] panelRows = isPacked ? packedRows : contiguousRows;
            if (full) {
                primitives.multiplyPanel(
                        a.a, aAt, aRow, aColumn, count, panel, panelAt, panelRows, c.a, cAt + j, columns);
            } else {
                int tile = tiles.at + thread * ROWS * width;
                primitives.multiplyPanel(
                        a.a, aAt, aRow, aColumn, count, panel, panelAt, panelRows, tiles.a, tile, width);
                for (int i = 0; i < count; i++) {
                    System.arraycopy(tiles.a, tile + i * width, c.a, cAt + i * columns + j, columns - j);
                }
            }
        }
    }
}
