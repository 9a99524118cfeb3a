package dev.weft.cpu;

import dev.weft.op.Op;
import java.util.Arrays;

/**
 * The gradient of a convolution's input where the stride is one; see {@link Conv2dKernels#inputGradient}. A row of the output's
 * gradient, read where it lies, is multiplied with a row of the window and added to the pixels that it came from: no zeros are
 * multiplied, and nothing is copied. The sums of some pixels of {@link Products#CHANNELS} channels stay in registers while the
 * filters and the rows of the window pass.
 */
final class InputGradient {
    /** Bytes of the output's gradient that all channels read while they are in the first-level cache. */
    private static final int ROWS_BYTES = 32 << 10;

    /** More terms than this are too many for one running sum. */
    private static final int MOST_TERMS = 4 * Products.TERMS;

    private final Conv2dKernels.Geometry g;
    private final Products products;
    private final int lanes;
    private final Operand dy;
    private final Operand dx;
    private final Reals w;
    private final Reals packed;
    private final ThreadScratch scratch;
    /** Neighbouring pixels of the output's gradient that are multiplied together. */
    private final int pixels;

    private final Block[] blocks;
    /** Groups of channels that are summed up together. */
    private final int groups;
    /** Columns of dx, and of the padding that the window reached. */
    private final int fullWidth;

    /**
     * Filters whose rows are in the cache together.
     *
     * @param rows where the row of a filter lies that meets a row of the window, by row of the window and filter, relative to the
     *     one that meets row 0 in the block's first filter
     */
    private record Block(int first, int count, int[] rows) {}

    /** Whether there is a loop for it. */
    static boolean takes(Conv2dKernels.Geometry g, Products products) {
        int pixels = products.scatterPixels(g.window().width());
        return pixels > 0
                && g.outWidth() % pixels == 0
                && g.window().strideWidth() == 1
                && g.window().strideHeight() == 1
                && g.filters() * g.area() <= MOST_TERMS;
    }

    InputGradient(Conv2dKernels.Geometry g, Op.Conv2dInputGradient op, Binding binding) {
        this.g = g;
        this.products = binding.primitives().products();
        this.lanes = products.lanes();
        this.dy = binding.tiles(op.dy());
        this.dx = binding.tiles(op.dx());
        this.w = binding.reals(op.w());
        this.pixels = products.scatterPixels(g.window().width());
        this.groups = (g.channels() + Products.CHANNELS - 1) / Products.CHANNELS;
        this.packed = binding.scratch((long) groups * Products.CHANNELS * g.filters() * g.area());
        this.fullWidth = g.outWidth() + g.window().width() - 1;
        this.scratch = binding.threadScratch((long) groups * Products.CHANNELS * fullWidth * lanes);
        int bytesOfFilter = g.window().height() * g.outWidth() * lanes * Float.BYTES;
        int most = Math.max(1, Math.min(g.filters(), ROWS_BYTES / bytesOfFilter));
        this.blocks = new Block[(g.filters() + most - 1) / most];
        for (int i = 0; i < blocks.length; i++) {
            int first = i * g.filters() / blocks.length;
            blocks[i] = block(first, (i + 1) * g.filters() / blocks.length - first);
        }
    }

    private Block block(int first, int count) {
        int[] rows = new int[g.window().height() * count];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (i % count * g.outHeight() - i / count) * g.outWidth() * lanes;
        }
        return new Block(first, count, rows);
    }

    Kernel kernel() {
        return Kernel.tiled(new Phase(groups, (group, thread) -> pack(group)), (task, frame, thread) -> {
            for (int t = 0; t < task.count(); t++) {
                run(dy.at(task, frame) + t * dy.tile, dx.at(task, frame) + t * dx.tile, scratch.at(thread));
            }
        });
    }

    /** Packs the weights of a group of channels: block by block, row by row of the window, filter by filter. */
    private void pack(int group) {
        int row = g.window().width();
        int to = packedAt(group, 0);
        for (Block block : blocks) {
            for (int r = 0; r < g.window().height(); r++) {
                for (int k = block.first; k < block.first + block.count; k++) {
                    for (int c = 0; c < Products.CHANNELS; c++) {
                        int channel = Math.min(group * Products.CHANNELS + c, g.channels() - 1);
                        int from = w.at + (k * g.channels() + channel) * g.area() + r * row;
                        System.arraycopy(w.a, from, packed.a, to, row);
                        to += row;
                    }
                }
            }
        }
    }

    private int packedAt(int group, int filter) {
        return packed.at + (group * g.filters() + filter) * Products.CHANNELS * g.area();
    }

    /** One tile, row after row; the sums of a row have the columns of the padding, too. */
    private void run(int dyAt, int dxAt, int sumsAt) {
        int line = fullWidth * lanes;
        for (int h = 0; h < g.height(); h++) {
            Arrays.fill(scratch.a, sumsAt, sumsAt + groups * Products.CHANNELS * line, 0);
            int meetsFirst = h + g.window().padHeight();
            int from = Math.max(0, meetsFirst - g.outHeight() + 1);
            int to = Math.min(g.window().height(), meetsFirst + 1);
            for (Block block : blocks) {
                int rowAt = dyAt + (block.first * g.outHeight() + meetsFirst) * g.outWidth() * lanes;
                for (int group = 0; group < groups; group++) {
                    int y = sumsAt + group * Products.CHANNELS * line;
                    for (int q = 0; q < g.outWidth(); q += pixels) {
                        products.scatter(
                                packed.a,
                                packedAt(group, block.first),
                                dy.reals,
                                rowAt + q * lanes,
                                block.rows,
                                from * block.count,
                                to * block.count,
                                scratch.a,
                                y + q * lanes,
                                line);
                    }
                }
            }
            int width = g.width() * lanes;
            int left = g.window().padWidth() * lanes;
            for (int c = 0; c < g.channels(); c++) {
                System.arraycopy(
                        scratch.a, sumsAt + c * line + left, dx.reals, dxAt + (c * g.height() + h) * width, width);
            }
        }
    }
}
