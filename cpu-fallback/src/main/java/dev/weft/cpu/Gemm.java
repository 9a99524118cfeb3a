package dev.weft.cpu;

/**
 * Matrix product {@code c[M,P] = a[M,K] b[K,P]} in panels: b is packed into panels of a few columns, row after row, so
 * that the inner loop reads it contiguously; a is read through two strides, so it needs no packing whether transposed or
 * not.
 */
final class Gemm {
    private Gemm() {}

    /** Panels that {@code columns} columns take. */
    static int panels(Primitives primitives, int columns) {
        return (columns + primitives.panelWidth() - 1) / primitives.panelWidth();
    }

    /** Elements of the packed form of a matrix. */
    static int packedLength(Primitives primitives, int inner, int columns) {
        return Math.multiplyExact(panels(primitives, columns) * primitives.panelWidth(), inner);
    }

    /**
     * Packs one panel; the columns past the last are zero.
     *
     * @param bRow distance of two rows of b, 1 where b is held transposed
     * @param bColumn distance of two columns of b
     */
    static void packPanel(
            Primitives primitives,
            int panel,
            float[] b,
            int bAt,
            int bRow,
            int bColumn,
            int inner,
            int columns,
            float[] packed,
            int packedAt) {
        int width = primitives.panelWidth();
        int first = panel * width;
        int present = Math.min(width, columns - first);
        int at = packedAt + panel * width * inner;
        for (int k = 0; k < inner; k++) {
            int row = bAt + k * bRow + first * bColumn;
            if (bColumn == 1) {
                System.arraycopy(b, row, packed, at, present);
            } else {
                for (int j = 0; j < present; j++) {
                    packed[at + j] = b[row + j * bColumn];
                }
            }
            java.util.Arrays.fill(packed, at + present, at + width, 0);
            at += width;
        }
    }

    /**
     * Multiplies {@code rows} rows of a with all panels of the packed b.
     *
     * @param tile scratch of rows x panel width elements, for a last panel that is not full
     */
    static void multiply(
            Primitives primitives,
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            int rows,
            float[] packed,
            int packedAt,
            int inner,
            int columns,
            float[] c,
            int cAt,
            int cRow,
            boolean accumulate,
            float[] tile,
            int tileAt) {
        int width = primitives.panelWidth();
        for (int j = 0; j < columns; j += width) {
            int panelAt = packedAt + j * inner;
            if (j + width <= columns) {
                primitives.multiplyPanel(
                        a, aAt, aRow, aColumn, packed, panelAt, c, cAt + j, cRow, rows, inner, accumulate);
            } else {
                primitives.multiplyPanel(
                        a, aAt, aRow, aColumn, packed, panelAt, tile, tileAt, width, rows, inner, false);
                copyTile(tile, tileAt, width, c, cAt + j, cRow, rows, columns - j, accumulate);
            }
        }
    }

    private static void copyTile(
            float[] tile,
            int tileAt,
            int tileRow,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int columns,
            boolean accumulate) {
        for (int i = 0; i < rows; i++) {
            int from = tileAt + i * tileRow;
            int to = cAt + i * cRow;
            if (accumulate) {
                for (int j = 0; j < columns; j++) {
                    c[to + j] += tile[from + j];
                }
            } else {
                System.arraycopy(tile, from, c, to, columns);
            }
        }
    }
}
