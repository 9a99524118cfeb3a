package dev.weft.cpu;

/**
 * The loops of softmax and the losses over the rows of a tile: element {@code j} of sample {@code lane} is at {@code at +
 * j lanes + lane}, and operands with one element for each sample have a lane each. The implementations do the same
 * operations in the same order.
 */
interface Losses {

    /** The most terms of one running sum; longer sums are made of pieces, which are added up in order. */
    int TERMS = Products.TERMS;
    /** {@code y = exp(x - max) / sum of exp(x - max)}. */
    void softmax(float[] x, int xAt, float[] y, int yAt, int columns);

    /** {@code dx = y (dy - sum of dy y)}. */
    void softmaxBackward(float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int columns);

    /** The softmax {@code p}, and {@code loss = log of sum of exp(x - max) + (max - x[label])}. */
    void softmaxCrossEntropy(
            float[] x, int xAt, int[] labels, int labelsAt, float[] p, int pAt, float[] loss, int lossAt, int columns);

    /** {@code dx = dloss (p - 1)} for the label, {@code dloss p} for the others. */
    void softmaxCrossEntropyBackward(
            float[] p,
            int pAt,
            int[] labels,
            int labelsAt,
            float[] dloss,
            int dlossAt,
            float[] dx,
            int dxAt,
            int columns);

    /** {@code loss = mean of (x - target)^2}. */
    void squaredError(float[] x, int xAt, float[] target, int targetAt, float[] loss, int lossAt, int columns);

    /** {@code dx = dloss 2 / columns (x - target)}. */
    void squaredErrorBackward(
            float[] x,
            int xAt,
            float[] target,
            int targetAt,
            float[] dloss,
            int dlossAt,
            float[] dx,
            int dxAt,
            int columns);
}
