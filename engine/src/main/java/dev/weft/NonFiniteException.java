package dev.weft;

/** Training met a NaN or an infinity in the loss, a gradient or an updated parameter. */
public class NonFiniteException extends WeftException {
    private final int epoch;
    private final long step;
    private final String op;

    /**
     * Describes where it happened.
     *
     * @param epoch the epoch, from 1
     * @param step the step since training began, from 0
     * @param op the first op that wrote a non-finite value, with its layer and shapes
     * @param consequence what has become of the model
     */
    public NonFiniteException(int epoch, long step, String op, String consequence) {
        super("non-finite value in epoch %d, step %d, first written by: %s. %s. "
                        .formatted(epoch, step, op, consequence)
                + "Try a lower learning rate, and check the data.");
        this.epoch = epoch;
        this.step = step;
        this.op = op;
    }

    /** The epoch, from 1. */
    public int epoch() {
        return epoch;
    }

    /** The step since training began, from 0. */
    public long step() {
        return step;
    }

    /** The first op that wrote a non-finite value, with its layer and shapes. */
    public String op() {
        return op;
    }
}
