package dev.weft.cpu;

import dev.weft.op.Op;

/** Matrix product: the panels of b are packed first, then blocks of rows are multiplied. */
final class MatMulKernel {
    /** Rows of one part of the work. */
    private static final int ROWS = 32;

    private MatMulKernel() {}

    static Phase[] bind(Op.MatMul op, Binding binding) {
        Primitives primitives = binding.primitives();
        Reals a = binding.reals(op.a());
        Reals b = binding.reals(op.b());
        Reals c = binding.reals(op.c());
        int rows = op.rows();
        int columns = op.columns();
        int inner = op.inner();
        int aRow = op.transposeA() ? 1 : inner;
        int aColumn = op.transposeA() ? rows : 1;
        int bRow = op.transposeB() ? 1 : columns;
        int bColumn = op.transposeB() ? inner : 1;
        int tileLength = ROWS * primitives.panelWidth();
        Reals packed = binding.scratch(Gemm.packedLength(primitives, inner, columns));
        Reals tiles = binding.scratch(tileLength * binding.threads());

        Phase pack = new Phase(
                Gemm.panels(primitives, columns),
                (panel, thread) -> Gemm.packPanel(
                        primitives, panel, b.a, b.at, bRow, bColumn, inner, columns, packed.a, packed.at));
        Phase multiply = new Phase((rows + ROWS - 1) / ROWS, (part, thread) -> {
            int from = part * ROWS;
            Gemm.multiply(
                    primitives,
                    a.a,
                    a.at + from * aRow,
                    aRow,
                    aColumn,
                    Math.min(ROWS, rows - from),
                    packed.a,
                    packed.at,
                    inner,
                    columns,
                    c.a,
                    c.at + from * columns,
                    columns,
                    false,
                    tiles.a,
                    tiles.at + thread * tileLength);
        });
        return new Phase[] {pack, multiply};
    }
}
