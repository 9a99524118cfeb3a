package dev.weft.train;

import dev.weft.WeftException;
import java.util.List;

/** The epochs of a training, in order; fewer than asked for where it was stopped. */
public record History(List<EpochResult> epochs) {
    public History {
        epochs = List.copyOf(epochs);
    }

    /**
     * The last finished epoch.
     *
     * @throws WeftException if the training was stopped in its first epoch
     */
    public EpochResult last() {
        if (epochs.isEmpty()) {
            throw new WeftException("the training was stopped or interrupted before its first epoch was done");
        }
        return epochs.get(epochs.size() - 1);
    }
}
