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
     * @throws WeftException if none was finished, which can be only where the training was stopped
     */
    public EpochResult last() {
        if (epochs.isEmpty()) {
            throw new WeftException("the training was stopped in its first epoch, so there is no result");
        }
        return epochs.get(epochs.size() - 1);
    }
}
