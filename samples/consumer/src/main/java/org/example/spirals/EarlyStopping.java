package org.example.spirals;

import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Trainer;

/** Ends a training whose validation loss has not improved for {@code patience} epochs. */
final class EarlyStopping implements Callback {
    private final Trainer trainer;
    private final int patience;
    private double best = Double.POSITIVE_INFINITY;
    private int bestEpoch;

    EarlyStopping(Trainer trainer, int patience) {
        this.trainer = trainer;
        this.patience = patience;
    }

    @Override
    public void epochDone(EpochResult epoch) {
        if (epoch.test().loss() < best) {
            best = epoch.test().loss();
            bestEpoch = epoch.epoch();
        } else if (epoch.epoch() - bestEpoch >= patience) {
            trainer.stop();
        }
    }
}
