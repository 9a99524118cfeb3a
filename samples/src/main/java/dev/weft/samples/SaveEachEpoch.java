package dev.weft.samples;

import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import java.nio.file.Path;

/** Saves the model after each epoch, so that a training that is ended early leaves the last finished one. */
record SaveEachEpoch(Model model, Path file) implements Callback {
    @Override
    public void epochDone(EpochResult epoch) {
        model.save(file);
    }
}
