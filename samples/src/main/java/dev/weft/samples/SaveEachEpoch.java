package dev.weft.samples;

import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import java.nio.file.Path;

/** Writes the model and its history after every epoch, so that a training that ends early leaves what it has reached. */
final class SaveEachEpoch implements Callback {
    private final Model model;
    private final ModelFile description;
    private final RunOutput output;
    private final Path json;
    private final long start = System.nanoTime();
    private RunRecord record;

    /**
     * @param json where the history goes beside the run folder, or null
     * @param settings of the training, without epochs
     */
    SaveEachEpoch(Model model, ModelFile description, RunOutput output, Path json, RunRecord settings) {
        this.model = model;
        this.description = description;
        this.output = output;
        this.json = json;
        this.record = settings;
    }

    @Override
    public void epochDone(EpochResult epoch) {
        output.checkThere();
        model.save(output.modelFile(), description.metadata());
        record = record.after(epoch, (System.nanoTime() - start) * 1e-9);
        output.folder().ifPresent(folder -> record.write(folder.resolve(RunOutput.HISTORY)));
        if (json != null) {
            record.write(json);
        }
    }

    /** The training so far. */
    RunRecord record() {
        return record;
    }
}
