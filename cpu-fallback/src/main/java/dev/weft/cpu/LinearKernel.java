package dev.weft.cpu;

import dev.weft.op.Op;

/**
 * The matrix product of a batch with a matrix, in tiles: {@code c[n,p] = sum over k of a[n,k] b[k,p]}. Seen as a
 * convolution, the columns of b are the filters, the rows of b their taps, and the rows of a sample in all tiles of a task the
 * positions, so that each weight that is loaded serves all of them.
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
        Biases biases = new Biases(addBias, binding);
        Operand c = binding.tiles(relu != null ? relu.y() : addBias != null ? addBias.y() : op.c());
        Primitives primitives = binding.primitives();
        Products products = primitives.products();
        int lanes = binding.tiling().lanes();
        int inner = op.inner();
        int columns = op.columns();
        int rows = op.rows() / op.c().shape().get(0);
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
        return Kernel.tiled(pack, (task, frame, thread) -> {
            for (int block = 0; block < blocks.count(); block++) {
                int first = blocks.first(block);
                products.run(
                        blocks.width(block),
                        task.count() * rows,
                        inner,
                        packed.a,
                        packed.at + blocks.at(block, inner),
                        a.reals,
                        a.at(task, frame),
                        inner * lanes,
                        biases.array(),
                        biases.at() + first * biases.step(),
                        biases.step(),
                        0,
                        c.reals,
                        c.at(task, frame) + first * lanes,
                        lanes,
                        columns * lanes,
                        Math.min(blocks.width(block), columns - first) - 1);
            }
            if (relu != null) {
                int at = c.at(task, frame);
                primitives.relu(c.reals, at, c.reals, at, task.count() * c.tile);
            }
        });
    }
}
