package dev.weft.cpu;

/**
 * The loops that multiply, for tiles: a block of filters at a few positions, whose sums stay in registers. What a number
 * is to other kernels is here a vector, with one lane for each sample.
 */
interface Products {

    /** Filters that {@link #runRows} takes. */
    int ROWS = 6;

    /** Samples of a tile. */
    int lanes();

    /** How many filters the next block takes, where so many remain; it may be more than remain. */
    int blockWidth(int remaining);

    /** How many positions of a block of so many filters are computed together; other counts cost more for each. */
    int positions(int width);

    /**
     * {@code y[k][p] = sum over t of w[t][k] x[p][t], then + start[k][p]}. The sum runs over t in order. Element (t,k) of w
     * is {@code w[wAt + t width + k]}; vector t of position p begins at {@code xAt + p xStep + t lanes}, the result for
     * filter k at {@code yAt + k yFilter + p yStep}, and what is added to it at {@code startAt + k startFilter + p startStep}.
     *
     * @param width filters of the block
     * @param count positions
     * @param last the last filter that is not a repeated one
     */
    void run(
            int width,
            int count,
            int taps,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last);

    /**
     * {@link #run} for {@link #ROWS} filters that are not packed: element (t,k) of w is {@code w[wAt + k wFilter + t]}. Filters past
     * {@code last} are not there.
     */
    void runRows(
            int count,
            int taps,
            float[] w,
            int wAt,
            int wFilter,
            float[] x,
            int xAt,
            int xStep,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last);

    /** Copies {@code count} vectors that lie side by side to places that are {@code yStep} apart. */
    void spread(float[] x, int xAt, float[] y, int yAt, int yStep, int count);

    /** Copies {@code count} vectors that are {@code xStep} apart to places side by side. */
    void gather(float[] x, int xAt, int xStep, float[] y, int yAt, int count);

    /**
     * How many filters the next block of a gradient takes, where so many remain; it may be more than remain.
     *
     * @param row taps of a row of the window
     */
    int gradientWidth(int remaining, int row);

    /** How many taps a block of a gradient takes. */
    int gradientTaps(int width, int row);

    /** Bytes of the output's gradient for which {@link #gradient} is called at a time. */
    int gradientPieceBytes();

    /**
     * {@code lanes[k][t] += sum over positions p of dy[p][k] x[p + t]}, lane by lane. dy of position p and filter k begins at
     * {@code dyAt + ((p - from) width + k) lanes}, x of position p and tap t at {@code xAt + xs[p] + taps[t]}. Taps past the
     * last one are that one again.
     *
     * @param to past the last position; there is at least one
     * @param lanes {@code width} times {@link #gradientTaps} vectors from {@code lanesAt} on
     */
    void gradient(
            int width,
            int row,
            float[] dy,
            int dyAt,
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

    /** {@code x[i]} becomes the sum of the lanes of the i-th of {@code count} vectors, as a fixed tree. */
    void sumLanes(float[] x, int xAt, int count);
}
