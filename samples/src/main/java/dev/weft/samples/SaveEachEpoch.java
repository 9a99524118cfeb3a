package dev.weft.samples;

import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.Model;
import java.nio.file.Path;
import java.util.Map;

/** Writes the model and its history after every epoch, so that a training that ends early leaves what it has reached. */
final class SaveEachEpoch implements Callback {
    private final Model model;
    private final Map<String, String> metadata;
    private final RunOutput output;
    private final Path json;
    private final long start = System.nanoTime();
    private RunRecord record;

    /**
     * @param metadata of the model file, beside what the model writes itself
     * @param json where the history goes beside the run folder, or null
     * @param settings of the training, without epochs
     */
    SaveEachEpoch(Model model, Map<String, String> metadata, RunOutput output, Path json, RunRecord settings) {
        this.model = model;
        this.metadata = metadata;
        this.output = output;
        this.json = json;
        this.record = settings;
    }

    @Override
    public void epochDone(EpochResult epoch) {
        output.checkThere();
        model.save(output.modelFile(), metadata);
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
