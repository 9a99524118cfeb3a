package dev.weft.cpu;

import dev.weft.op.Op;

/**
 * The matrix product of a batch with a matrix, in tiles: {@code c[n,p] = sum over k of a[n,k] b[k,p]}. Seen as a
 * convolution, the columns of b are the filters, the rows of b their taps, and the tiles of a task the positions, so that
 * each weight that is loaded serves all of them. The sum is cut into pieces, so that the tiles' piece stays in the first-level
 * cache while all columns pass.
 */
final class LinearKernel {
    /** Terms of a piece of the sum: those of two tiles take 16 KB. */
    private static final int PIECE = 128;

    private LinearKernel() {}

    static Kernel bind(Op.MatMul op, Binding binding) {
        return bind(op, null, null, binding);
    }

    /**
     * @param addBias null where there is none
     * @param relu null where there is none
     */
    static Kernel bind(Op.MatMul op, Op.AddBias addBias, Op.Activation relu, Binding binding) {
        Operand a = binding.tiles(op.a());
        Reals b = binding.reals(op.b());
        Biases biases = new Biases(addBias, binding);
        Operand c = binding.tiles(relu != null ? relu.y() : addBias != null ? addBias.y() : op.c());
        Primitives primitives = binding.primitives();
        Products products = primitives.products();
        int lanes = binding.tiling().lanes();
        int inner = op.inner();
        int columns = op.columns();
        FilterBlocks blocks = new FilterBlocks(columns, products);
        Reals packed = binding.scratch(blocks.length(inner));
        Phase pack = new Phase(blocks.count() + 1, (block, thread) -> {
            if (block == blocks.count()) {
                biases.spread();
                return;
            }
            int filterStep = op.transposeB() ? inner : 1;
            int tapStep = op.transposeB() ? 1 : columns;
            blocks.pack(block, b.a, b.at, filterStep, tapStep, inner, packed.a, packed.at);
        });
        int pieces = (inner + PIECE - 1) / PIECE;
        return Kernel.tiled(pack, (task, frame, thread) -> {
            int cAt = c.at(task, frame);
            for (int piece = 0; piece < pieces; piece++) {
                int from = (int) ((long) piece * inner / pieces);
                int to = (int) ((piece + 1L) * inner / pieces);
                for (int block = 0; block < blocks.count(); block++) {
                    int first = blocks.first(block);
                    int width = blocks.width(block);
                    int y = cAt + first * lanes;
                    products.run(
                            width,
                            task.count(),
                            to - from,
                            packed.a,
                            packed.at + blocks.at(block, inner) + from * width,
                            a.reals,
                            a.at(task, frame) + from * lanes,
                            a.tile,
                            piece == 0 ? biases.array() : c.reals,
                            piece == 0 ? biases.at() + first * biases.step() : y,
                            piece == 0 ? biases.step() : lanes,
                            piece == 0 ? 0 : c.tile,
                            c.reals,
                            y,
                            lanes,
                            c.tile,
                            Math.min(width, columns - first) - 1);
                }
            }
            if (relu != null) {
                primitives.relu(c.reals, cAt, c.reals, cAt, task.count() * c.tile);
            }
        });
    }
}
