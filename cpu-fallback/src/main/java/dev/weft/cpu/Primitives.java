package dev.weft.cpu;

/**
 * The inner loops of the kernels. There is a scalar implementation and one with the Vector API; each gives the same bits
 * for the same arguments every time. Arrays come with the index of their first element; {@code n} counts elements.
 */
interface Primitives {

    /** For people: {@code Vector API 512 bit}. */
    String description();

    /** Samples of a tile: as many as the vectors have lanes. */
    default int lanes() {
        return products().lanes();
    }

    /** The loops that multiply, for tiles. */
    Products products();

    /** The loops of max-pooling, for tiles. */
    Pooling pooling();

    /** Elements that the vector loops below take at a time; the lengths of grids are multiples of it. */
    int panelWidth();

    /**
     * {@code c = a b} for {@link #panelWidth} columns of b. Element (i,k) of a is {@code a[aAt + i aRow + k aColumn]},
     * element (k,j) of b is {@code b[bAt + bRows[k] + j]}, element (i,j) of c is {@code c[cAt + i cRow + j]}. Each sum
     * runs over k in order.
     *
     * @param rows rows of a and c
     * @param bRows where the rows of b begin; as many as a has columns
     */
    void multiplyPanel(
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            int rows,
            float[] b,
            int bAt,
            int[] bRows,
            float[] c,
            int cAt,
            int cRow);

    /** Turns rows of bytes into a tile: element i of lane n is {@code scale x[xAt + n row + i] + shift}. */
    void bytesToLanes(byte[] x, int xAt, int row, float scale, float shift, float[] y, int yAt);

    /** Turns rows into a tile: element i of lane n is {@code x[xAt + n row + i]}. */
    void rowsToLanes(float[] x, int xAt, int row, float[] y, int yAt);

    /** Turns a tile into rows, the first {@code count} of them. */
    void lanesToRows(float[] x, int xAt, int row, float[] y, int yAt, int count);

    /** {@code y = a + b}. */
    void add(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n);

    /** {@code y = x + value}. */
    void addScalar(float[] x, int xAt, float value, float[] y, int yAt, int n);

    /** {@code y = max(0, x)}, NaN for NaN. */
    void relu(float[] x, int xAt, float[] y, int yAt, int n);

    /** {@code dx = dy} where {@code y > 0}, else 0. */
    void reluBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n);

    /** {@code y = 1 / (1 + exp(-x))}. */
    void sigmoid(float[] x, int xAt, float[] y, int yAt, int n);

    /** {@code y = tanh(x)}. */
    void tanh(float[] x, int xAt, float[] y, int yAt, int n);

    /** The sum of {@code x}, in an order that depends on {@code n} alone. */
    float sum(float[] x, int xAt, int n);

    /** Whether no element is NaN or infinite. */
    boolean allFinite(float[] x, int xAt, int n);

    /** The update of {@link dev.weft.op.Op.AdamUpdate}. */
    void adam(
            float[] w,
            int wAt,
            float[] dw,
            int dwAt,
            float[] m,
            int mAt,
            float[] v,
            int vAt,
            int n,
            AdamConstants constants);

    /**
     * What an Adam update multiplies with.
     *
     * @param complement1 1 - beta1, rounded once
     * @param complement2 1 - beta2, rounded once
     * @param rate the learning rate of the step
     * @param c1 the step's first bias correction
     * @param c2 the step's second bias correction
     */
    record AdamConstants(
            float beta1,
            float complement1,
            float beta2,
            float complement2,
            float epsilon,
            float weightDecay,
            float rate,
            float c1,
            float c2) {}
}
