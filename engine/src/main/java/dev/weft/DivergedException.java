package dev.weft;

/** A training went through all its epochs, and its loss is finite, but far above what it began with: nothing was learnt. */
public class DivergedException extends WeftException {
    private final int epoch;
    private final double loss;

    /**
     * Describes it.
     *
     * @param epoch the last epoch, from 1
     * @param loss mean over the second half of its steps
     * @param message that names both, and what to do
     */
    public DivergedException(int epoch, double loss, String message) {
        super(message);
        this.epoch = epoch;
        this.loss = loss;
    }

    /** The last epoch, from 1. */
    public int epoch() {
        return epoch;
    }

    /** Mean over the second half of the last epoch's steps. */
    public double loss() {
        return loss;
    }
}
