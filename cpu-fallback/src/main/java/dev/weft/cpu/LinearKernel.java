package dev.weft.cpu;

import dev.weft.op.Op;

/**
 * The matrix product of a batch with a matrix, in tiles: {@code c[n,p] = sum over k of a[n,k] b[k,p]}. Seen as a
 * convolution, the columns of b are the filters, the rows of b their taps, and the tiles of a task the positions, so that
 * each weight that is loaded serves all of them.
 */
final class LinearKernel {
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
        Reals bias = addBias == null ? null : binding.reals(addBias.b());
        Operand c = binding.tiles(relu != null ? relu.y() : addBias != null ? addBias.y() : op.c());
        Primitives primitives = binding.primitives();
        Products products = primitives.products();
        int lanes = binding.tiling().lanes();
        int inner = op.inner();
        int columns = op.columns();
        FilterBlocks blocks = new FilterBlocks(columns, products);
        Reals packed = binding.scratch(blocks.length(inner));
        int[] taps = new int[inner];
        for (int k = 0; k < inner; k++) {
            taps[k] = k * lanes;
        }
        int[] aTiles = new int[binding.tiling().tiles()];
        int[] cTiles = new int[aTiles.length];
        for (int t = 0; t < aTiles.length; t++) {
            aTiles[t] = t * a.tile;
            cTiles[t] = t * c.tile;
        }
        Phase pack = new Phase(blocks.count(), (block, thread) -> {
            int to = packed.at + blocks.at(block, inner);
            int width = blocks.width(block);
            int first = blocks.first(block);
            int stride = op.transposeB() ? inner : 1;
            int step = op.transposeB() ? 1 : columns;
            for (int j = 0; j < width; j++) {
                int from = b.at + Math.min(first + j, columns - 1) * stride;
                for (int k = 0; k < inner; k++) {
                    packed.a[to + k * width + j] = b.a[from + k * step];
                }
            }
        });
        return Kernel.tiled(pack, (task, frame, thread) -> {
            for (int block = 0; block < blocks.count(); block++) {
                int first = blocks.first(block);
                products.run(
                        blocks.width(block),
                        packed.a,
                        packed.at + blocks.at(block, inner),
                        taps,
                        0,
                        inner,
                        a.reals,
                        a.at(task, frame),
                        aTiles,
                        c.reals,
                        c.at(task, frame) + first * lanes,
                        cTiles,
                        0,
                        task.count(),
                        lanes,
                        Math.min(blocks.width(block), columns - first) - 1,
                        bias == null ? null : bias.a,
                        bias == null ? 0 : bias.at + first);
            }
            if (relu != null) {
                int at = c.at(task, frame);
                primitives.relu(c.reals, at, c.reals, at, task.count() * c.tile);
            }
        });
    }
}
