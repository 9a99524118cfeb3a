package dev.weft.train;

import java.util.List;

/** The epochs of a training, in order; fewer than asked for where it was stopped. */
public record History(List<EpochResult> epochs) {
    public History {
        epochs = List.copyOf(epochs);
    }

    public EpochResult last() {
        return epochs.get(epochs.size() - 1);
    }
}
