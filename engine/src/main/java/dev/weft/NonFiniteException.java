package dev.weft;

/**
 * Training met a NaN or an infinity in the loss or a gradient. The parameters and the optimizer's state are those
 * before the bad step.
 */
public class NonFiniteException extends WeftException {
    private final int epoch;
    private final long step;
    private final String op;

    /**
     * @param epoch the epoch, from 1
     * @param step the step since training began, from 0
     * @param op the first op that wrote a non-finite value, with its layer and shapes
     */
    public NonFiniteException(int epoch, long step, String op) {
        super("non-finite value in epoch %d, step %d, first written by: %s. ".formatted(epoch, step, op)
                + "The model keeps its weights from before that step. Try a lower learning rate, and check the data.");
        this.epoch = epoch;
        this.step = step;
        this.op = op;
    }

    public int epoch() {
        return epoch;
    }

    public long step() {
        return step;
    }

    public String op() {
        return op;
    }
}
