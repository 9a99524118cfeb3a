package dev.weft.cpu;

/** The loops of pooling, for tiles: a number is a vector, with one lane for each sample. */
interface Pooling {

    /**
     * Takes one pixel of each of {@code count} neighbouring windows into their maxima, where it is larger, or the first NaN.
     *
     * @param xAt the first window's pixel
     * @param stride pixels from one window's to the next one's
     * @param pixel number of the first window's pixel, which argmax becomes where it wins
     */
    void max(float[] x, int xAt, int stride, int pixel, float[] y, int yAt, int[] argmax, int argmaxAt, int count);

    /** Adds dy to one pixel of each of {@code count} neighbouring windows, in the lanes where that pixel won. */
    void maxBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int stride, int pixel, int count);

    /**
     * A row of windows of two by two pixels that lie side by side: the maxima, then ReLU if wanted, and which pixel won.
     *
     * @param xAt the first pixel of the upper row
     * @param width pixels of a row of x
     * @param pixel number of the first pixel in its plane
     */
    void maxOfFour(
            float[] x,
            int xAt,
            int width,
            int pixel,
            float[] y,
            int yAt,
            int[] argmax,
            int argmaxAt,
            int count,
            boolean relu);

    /** The gradient of such a row: dy for the pixel that won, zero for the others. */
    void maxOfFourBackward(
            float[] dy, int dyAt, int[] argmax, int argmaxAt, float[] dx, int dxAt, int width, int pixel, int count);

    /**
     * Adds {@code count} pixels of x to pixels of y.
     *
     * @param xStride pixels from one to the next
     * @param yStride pixels from one to the next
     */
    void add(float[] x, int xAt, int xStride, float[] y, int yAt, int yStride, int count);
}
