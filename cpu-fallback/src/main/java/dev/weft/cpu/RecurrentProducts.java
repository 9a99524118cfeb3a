package dev.weft.cpu;

/**
 * The products of a recurrent layer's weights {@code [P H,H]} with a vector of each sample, for the tiles of a task: the weights
 * are packed before the first step, and a weight that is loaded serves all tiles.
 */
final class RecurrentProducts {
    private final Primitives primitives;
    private final Products products;
    private final FilterBlocks blocks;
    private final Reals weights;
    private final Reals packed;
    private final Reals sums;
    private final int filters;
    private final int taps;
    private final boolean transpose;
    private final float[] zeros;

    /**
     * @param count P
     * @param transpose whether the vectors are those of gradients of the products, {@code [P H]}, and the results {@code [H]}
     */
    RecurrentProducts(int count, Reals weights, int units, boolean transpose, Binding binding) {
        this.weights = weights;
        this.transpose = transpose;
        primitives = binding.primitives();
        products = primitives.products();
        int rows = count * units;
        filters = transpose ? units : rows;
        taps = transpose ? rows : units;
        blocks = new FilterBlocks(filters, products);
        packed = binding.scratch(blocks.length(taps));
        long ofThread = transpose && taps > Products.TERMS ? (long) filters * products.lanes() : 0;
        sums = binding.scratch(binding.threads() * ofThread);
        zeros = new float[products.lanes()];
    }

    Phase pack() {
        int filterStep = transpose ? 1 : taps;
        int tapStep = transpose ? filters : 1;
        return new Phase(
                blocks.count(),
                (block, thread) ->
                        blocks.pack(block, weights.a, weights.at, filterStep, tapStep, taps, packed.a, packed.at));
    }

    /** Multiplies; the vectors and results of two tiles are {@code xStep} and {@code yStep} apart. */
    void run(int tiles, float[] x, int xAt, int xStep, float[] y, int yAt, int yStep) {
        run(tiles, x, xAt, xStep, zeros, 0, 0, 0, y, yAt, yStep);
    }

    /** Adds the products to what is there. */
    void add(int tiles, float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int thread) {
        int lanes = products.lanes();
        if (taps <= Products.TERMS) {
            run(tiles, x, xAt, xStep, y, yAt, lanes, yStep, y, yAt, yStep);
            return;
        }
        // a sum of several pieces is not begun where it ends
        int at = sums.at + thread * filters * lanes;
        for (int tile = 0; tile < tiles; tile++) {
            run(1, x, xAt + tile * xStep, xStep, sums.a, at, 0);
            int to = yAt + tile * yStep;
            primitives.add(y, to, sums.a, at, y, to, filters * lanes);
        }
    }

    private void run(
            int tiles,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yStep) {
        int lanes = products.lanes();
        for (int block = 0; block < blocks.count(); block++) {
            int first = blocks.first(block);
            products.run(
                    blocks.width(block),
                    tiles,
                    taps,
                    packed.a,
                    packed.at + blocks.at(block, taps),
                    x,
                    xAt,
                    xStep,
                    start,
                    startAt + first * startFilter,
                    startFilter,
                    startStep,
                    y,
                    yAt + first * lanes,
                    lanes,
                    yStep,
                    Math.min(blocks.width(block), filters - first) - 1);
        }
    }
}
