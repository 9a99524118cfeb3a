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

    /** The loops of pooling, for tiles. */
    Pooling pooling();

    /** The loops of softmax and the losses, for tiles. */
    Losses losses();

    /** The loops that expressions are made of. */
    BlockLoops blockLoops();

    /** Turns rows of bytes into a tile: element i of lane n is {@code values[x[xAt + n row + i] & 0xff]}. */
    default void bytesToLanes(byte[] x, int xAt, int row, float[] values, float[] y, int yAt) {
        int lanes = lanes();
        // four lanes at a time, so that four neighbours are written together
        for (int lane = 0; lane < lanes; lane += 4) {
            int x0 = xAt + lane * row;
            int x1 = x0 + row;
            int x2 = x1 + row;
            int x3 = x2 + row;
            int yi = yAt + lane;
            int i = 0;
            for (; i < row - 1; i += 2) {
                float a0 = values[x[x0 + i] & 0xff];
                float a1 = values[x[x1 + i] & 0xff];
                float a2 = values[x[x2 + i] & 0xff];
                float a3 = values[x[x3 + i] & 0xff];
                float b0 = values[x[x0 + i + 1] & 0xff];
                float b1 = values[x[x1 + i + 1] & 0xff];
                float b2 = values[x[x2 + i + 1] & 0xff];
                float b3 = values[x[x3 + i + 1] & 0xff];
                y[yi] = a0;
                y[yi + 1] = a1;
                y[yi + 2] = a2;
                y[yi + 3] = a3;
                yi += lanes;
                y[yi] = b0;
                y[yi + 1] = b1;
                y[yi + 2] = b2;
                y[yi + 3] = b3;
                yi += lanes;
            }
            if (i < row) {
                y[yi] = values[x[x0 + i] & 0xff];
                y[yi + 1] = values[x[x1 + i] & 0xff];
                y[yi + 2] = values[x[x2 + i] & 0xff];
                y[yi + 3] = values[x[x3 + i] & 0xff];
            }
        }
    }

    /**
     * Turns rows into columns: {@code y[yAt + i yStep + n] = x[xAt + n row + i]} for {@code i < length} of each row n. Several
     * loads before the stores take half of the time of a load and a store in turns.
     */
    static void rowsToColumns(float[] x, int xAt, int rows, int row, int length, float[] y, int yAt, int yStep) {
        int n = 0;
        for (; n <= rows - 4; n += 4) {
            int x0 = xAt + n * row;
            int x1 = x0 + row;
            int x2 = x1 + row;
            int x3 = x2 + row;
            int yi = yAt + n;
            int i = 0;
            for (; i < length - 1; i += 2) {
                float a0 = x[x0 + i];
                float a1 = x[x1 + i];
                float a2 = x[x2 + i];
                float a3 = x[x3 + i];
                float b0 = x[x0 + i + 1];
                float b1 = x[x1 + i + 1];
                float b2 = x[x2 + i + 1];
                float b3 = x[x3 + i + 1];
                y[yi] = a0;
                y[yi + 1] = a1;
                y[yi + 2] = a2;
                y[yi + 3] = a3;
                yi += yStep;
                y[yi] = b0;
                y[yi + 1] = b1;
                y[yi + 2] = b2;
                y[yi + 3] = b3;
                yi += yStep;
            }
            if (i < length) {
                y[yi] = x[x0 + i];
                y[yi + 1] = x[x1 + i];
                y[yi + 2] = x[x2 + i];
                y[yi + 3] = x[x3 + i];
            }
        }
        for (; n < rows; n++) {
            for (int i = 0; i < length; i++) {
                y[yAt + i * yStep + n] = x[xAt + n * row + i];
            }
        }
    }

    /** Turns a tile into rows, the first {@code count} of them. */
    default void lanesToRows(float[] x, int xAt, int row, float[] y, int yAt, int count) {
        int lanes = lanes();
        int lane = 0;
        for (; lane <= count - 4; lane += 4) {
            int xi = xAt + lane;
            int y0 = yAt + lane * row;
            int y1 = y0 + row;
            int y2 = y1 + row;
            int y3 = y2 + row;
            int i = 0;
            for (; i < row - 1; i += 2) {
                float a0 = x[xi];
                float a1 = x[xi + 1];
                float a2 = x[xi + 2];
                float a3 = x[xi + 3];
                xi += lanes;
                float b0 = x[xi];
                float b1 = x[xi + 1];
                float b2 = x[xi + 2];
                float b3 = x[xi + 3];
                xi += lanes;
                y[y0 + i] = a0;
                y[y0 + i + 1] = b0;
                y[y1 + i] = a1;
                y[y1 + i + 1] = b1;
                y[y2 + i] = a2;
                y[y2 + i + 1] = b2;
                y[y3 + i] = a3;
                y[y3 + i + 1] = b3;
            }
            if (i < row) {
                y[y0 + i] = x[xi];
                y[y1 + i] = x[xi + 1];
                y[y2 + i] = x[xi + 2];
                y[y3 + i] = x[xi + 3];
            }
        }
        for (; lane < count; lane++) {
            for (int i = 0; i < row; i++) {
                y[yAt + lane * row + i] = x[xAt + i * lanes + lane];
            }
        }
    }

    /** {@code y = a + b}. */
    void add(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n);

    /** {@code y = x + value}. */
    void addScalar(float[] x, int xAt, float value, float[] y, int yAt, int n);

    /** {@code y = factor x}; both may be the same elements. */
    void scale(float[] x, int xAt, float factor, float[] y, int yAt, int n);

    /** {@code y = max(0, x)}, NaN for NaN. */
    void relu(float[] x, int xAt, float[] y, int yAt, int n);

    /** {@code dx = dy} where {@code y > 0}, else 0. */
    void reluBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n);

    /** {@code y = 1 / (1 + exp(-x))}. */
    void sigmoid(float[] x, int xAt, float[] y, int yAt, int n);

    /** {@code dx = dy y (1 - y)}. */
    void sigmoidBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n);

    /** {@code y = tanh(x)}. */
    void tanh(float[] x, int xAt, float[] y, int yAt, int n);

    /** {@code dx = dy (1 - y y)}. */
    void tanhBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int n);

    /**
     * {@code y = mean + deviation z} with {@code z = } {@link Elementary#normal} of {@code y} and {@code quarters}, which holds
     * {@code n} elements.
     */
    void normal(float[] y, int yAt, float[] quarters, float mean, float deviation, int n);

    /** The sum of {@code x}, in an order that depends on {@code n} alone. */
    float sum(float[] x, int xAt, int n);

    /** {@code y = max(a, b)}, NaN where one is NaN. */
    void max(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt, int n);

    /** The largest element of {@code x}, NaN where one is NaN; minus infinity where there is none. */
    float max(float[] x, int xAt, int n);

    /** Whether no element is NaN or infinite. */
    boolean allFinite(float[] x, int xAt, int n);

    /** Adds up the lanes of {@code n} vectors: {@code sums[lane] += the sum of x[i lanes + lane]}. */
    void addUpLanes(float[] x, int xAt, int n, float[] sums, int sumsAt);

    /** The update of {@link dev.weft.op.Op.SgdUpdate} without momentum. */
    void sgd(float[] w, int wAt, float[] dw, int dwAt, int n, SgdConstants constants);

    /** The update with momentum; a velocity is {@link Elementary#flushed}. */
    void momentum(float[] w, int wAt, float[] dw, int dwAt, float[] v, int vAt, int n, SgdConstants constants);

    /** The update with Nesterov's momentum; a velocity is {@link Elementary#flushed}. */
    void nesterov(float[] w, int wAt, float[] dw, int dwAt, float[] v, int vAt, int n, SgdConstants constants);

    /** The update of {@link dev.weft.op.Op.AdamUpdate}; both moments are {@link Elementary#flushed}. */
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
     * What an update of gradient descent multiplies with.
     *
     * @param rate the learning rate of the step
     */
    record SgdConstants(float momentum, float weightDecay, float rate) {}

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
