package dev.weft.cpu;

/**
 * The loops that multiply, for tiles: a block of filters at a few positions, whose sums stay in registers. What a number
 * is to other kernels is here a vector, with one lane for each sample.
 */
interface Products {

    /**
     * The most terms of one running sum, whose error grows with their number: longer sums are made of pieces, which begin at
     * zero each and are added up in order.
     */
    int TERMS = 2048;

    /** Samples of a tile. */
    int lanes();

    /** How many filters the next block takes, where so many remain; it may be more than remain. */
    int blockWidth(int remaining);

    /** How many positions of a block of so many filters are computed together; other counts cost more for each. */
    int positions(int width);

    /**
     * {@code y[k][p] = sum over t of w[t][k] x[p][t], then + start[k][p]}. The sum runs over t in order, in pieces of
     * {@link #TERMS}; start may be y itself where there is one piece. Element (t,k) of w
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

    /** Rows of a matrix that {@link #runPacked} or {@link #runRows} takes. */
    int blockRows(boolean packed);

    /** How many vectors a group has that {@link #runPacked} or {@link #runRows} takes, if there are so many: 4 or 2. */
    int group();

    /**
     * A block of rows times a group of vectors that lie side by side: {@code y[k][v] = start[k][v] + sum over t of w[k][t] x[t][v]}.
     * Element (k,t) of w is {@code w[wAt + t rows + k]}; vector v of term t begins at
     * {@code xAt + (t vectors + v) lanes}, the result for row k at {@code yAt + k yRow + v lanes}, and what it starts from at
     * {@code startAt + k startRow + v lanes}.
     *
     * @param vectors {@link #group()}, 2 or 1
     * @param start zeros in matrix products; loops whose sums begin at a constant zero take 5 to 19 % more time
     * @param last the last row that is not a repeated one
     */
    void runPacked(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last);

    /** {@link #runPacked} for rows as they lie: element (k,t) of w is {@code w[wAt + k wRow + t]}. Rows past the last are not there. */
    void runRows(
            int vectors,
            int terms,
            float[] w,
            int wAt,
            int wRow,
            float[] x,
            int xAt,
            float[] start,
            int startAt,
            int startRow,
            float[] y,
            int yAt,
            int yRow,
            int last);

    /** Elements from a pixel to the next one in a frame of so many planes; see {@link Correlation}. */
    default int pixelStep(int planes) {
        return planes * lanes();
    }

    /** Elements from a plane to the next one in a frame of so many columns. */
    default int planeStep(int columns) {
        return lanes();
    }

    /**
     * {@link #run} on a frame: tap {@code s planes + plane} of position p is pixel {@code p step + s} of the plane.
     *
     * @param columns columns of the window
     * @param xAt the first pixel of the first plane that the first position meets
     * @param step pixels from a position to the next one
     * @param frameColumns columns of the frame
     */
    default void runFrame(
            int width,
            int count,
            int columns,
            int planes,
            float[] w,
            int wAt,
            float[] x,
            int xAt,
            int step,
            int frameColumns,
            float[] start,
            int startAt,
            int startFilter,
            int startStep,
            float[] y,
            int yAt,
            int yFilter,
            int yStep,
            int last) {
        run(
                width,
                count,
                columns * planes,
                w,
                wAt,
                x,
                xAt,
                step * pixelStep(planes),
                start,
                startAt,
                startFilter,
                startStep,
                y,
                yAt,
                yFilter,
                yStep,
                last);
    }

    /** Copies {@code count} vectors that lie side by side to places that are {@code yStep} apart. */
    void spread(float[] x, int xAt, float[] y, int yAt, int yStep, int count);

    /**
     * The next block of a gradient, where so many filters remain; it may have more.
     *
     * @param row taps of a row of the window
     * @param columns neighbouring positions of a row whose inputs lie side by side
     */
    GradientBlock gradientBlock(int remaining, int row, int columns);

    /** Elements from one filter's gradients to the next one's where {@link #gradient} takes so many passes. */
    int gradientFilterStep(GradientBlock block, int passes);

    /** Elements from one position's gradient to the next one's. */
    int gradientPositionStep(GradientBlock block);

    /** Bytes of the output's gradient for which {@link #gradient} is called at a time. */
    int gradientPieceBytes();

    /**
     * {@code lanes[k][t] += sum over passes i and columns q of dy[i][q][k] x[i][q + t]}, lane by lane. dy of pass i, column q
     * and filter k begins at {@code dyAt + k filterStep + ((i - from) columns + q) positionStep}, x of pass i, column q and
     * tap t at {@code xAt + xs[i] + q lanes + taps[t]}. Taps past the last one are that one again.
     *
     * @param to past the last pass; there is at least one
     * @param lanes filters times taps vectors from {@code lanesAt} on
     */
    void gradient(
            GradientBlock block,
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

    /** Channels that {@link #scatter} takes. */
    int CHANNELS = 2;

    /** Neighbouring pixels that {@link #scatter} takes for a window of so many columns; 0 where it has no loop for it. */
    int scatterPixels(int row);

    /**
     * {@code y[c][q + s] += sum over i of w[i][c][s] x[i][q]} for the pixels q, the columns s of a window and
     * {@link #CHANNELS} channels c. Element (i,c,s) of w is {@code w[wAt + (i CHANNELS + c) columns + s]}; pixel q begins at
     * {@code xAt + xs[i] + q lanes}, and the result for channel c and column p at {@code yAt + c yChannel + p lanes}.
     */
    void scatter(float[] w, int wAt, float[] x, int xAt, int[] xs, int from, int to, float[] y, int yAt, int yChannel);

    /** {@code x[i]} becomes the sum of the lanes of the i-th of {@code count} vectors, as a fixed tree. */
    void sumLanes(float[] x, int xAt, int count);
}
