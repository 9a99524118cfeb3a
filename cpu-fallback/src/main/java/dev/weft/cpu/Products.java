package dev.weft.cpu;

/**
 * The loops that multiply, for tiles: a block of filters at a few positions, whose sums stay in registers. What a number
 * is to other kernels is here a vector, with one lane for each sample.
 */
interface Products {

    /** Samples of a tile. */
    int lanes();

    /** How many filters the next block takes, where so many remain; it may be more than remain. */
    int blockWidth(int remaining);

    /**
     * {@code y[k][p] = sum over t of w[t][k] x[p + t]}, then with the bias of k added. Element (t,k) of w is
     * {@code w[wAt + t width + k]}; x of position p and tap t begins at {@code xAt + xs[p] + taps[t]}, y of filter k and
     * position p at {@code yAt + ys[p] + k yFilter}. Each sum runs over t in order.
     *
     * @param width filters of the block
     * @param from the first tap
     * @param to one past the last tap
     * @param firstPosition index of the first position in {@code xs} and {@code ys}
     * @param endPosition one past the last
     * @param last the last filter that is not a repeated one
     * @param b the filters' biases from {@code bAt} on, or null
     */
    void run(
            int width,
            float[] w,
            int wAt,
            int[] taps,
            int from,
            int to,
            float[] x,
            int xAt,
            int[] xs,
            float[] y,
            int yAt,
            int[] ys,
            int firstPosition,
            int endPosition,
            int yFilter,
            int last,
            float[] b,
            int bAt);

    /**
     * How many filters the next block of a gradient takes, where so many remain; it may be more than remain.
     *
     * @param row taps of a row of the window
     */
    int gradientWidth(int remaining, int row);

    /** How many taps a block of a gradient takes. */
    int gradientTaps(int width, int row);

    /**
     * {@code lanes[k][t] += sum over positions p of dy[k][p] x[p + t]}, lane by lane. dy of filter k and position p begins
     * at {@code dyAt + k dyFilter + p lanes}, x of position p and tap t at {@code xAt + xs[p] + taps[t]}. Filters and taps
     * past the last ones are those again.
     *
     * @param lanes {@code width} times {@link #gradientTaps} vectors from {@code lanesAt} on
     */
    void gradient(
            int width,
            int row,
            float[] dy,
            int dyAt,
            int dyFilter,
            int lastFilter,
            float[] x,
            int xAt,
            int[] xs,
            int from,
            int to,
            int[] taps,
            int firstTap,
            int lastTap,
            float[] lanes,
            int lanesAt);
}
