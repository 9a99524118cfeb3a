package dev.weft.train;

import dev.weft.data.Dataset;

/**
 * Looks at the losses of a training and tells when they run away, finite though they are: the rule is {@link Trainer}'s. The
 * second half of an epoch's steps counts, so that a loss that rises and falls again when training begins is none.
 */
final class Divergence {
    /** A loss has run away where it is so many times what it was without any training. */
    private static final double FACTOR = 10;

    private final Dataset data;
    private final int stepsPerEpoch;
    private double first = Double.NaN;
    private double sum;
    private long rows;

    Divergence(Dataset data, int stepsPerEpoch) {
        this.data = data;
        this.stepsPerEpoch = stepsPerEpoch;
    }

    void beginEpoch() {
        sum = 0;
        rows = 0;
    }

    /** Takes the loss of a step, numbered within the epoch from 0. */
    void add(int step, double loss, int stepRows) {
        if (Double.isNaN(first)) {
            first = loss;
        }
        if (step >= stepsPerEpoch / 2) {
            sum += loss * stepRows;
            rows += stepRows;
        }
    }

    /** Mean over the second half of the epoch's steps. */
    double loss() {
        return sum / rows;
    }

    boolean seen() {
        return loss() > FACTOR * first && loss() > FACTOR * lossOfZeros();
    }

    private double lossOfZeros() {
        if (data.classes() > 0) {
            return Math.log(data.classes());
        }
        double squares = 0;
        for (int i = 0; i < data.targets().elements(); i++) {
            squares += data.targets().get(i) * data.targets().get(i);
        }
        return squares / data.targets().elements();
    }

    String message(int epoch) {
        return ("the training diverges: the loss in the second half of epoch %d is %.3g, in the first step it was %.3g, and outputs"
                        + " of zero would have %.3g. Try a lower learning rate, and check the data")
                .formatted(epoch, loss(), first, lossOfZeros());
    }
}
