package dev.weft.samples;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.weft.io.OutputFile;
import dev.weft.train.EpochResult;
import dev.weft.train.History;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a training was and what came of it, for {@code --json}.
 *
 * @param options every setting, given or default: text, numbers, booleans, null
 * @param backend its description
 * @param kernels which kernels it took, {@link dev.weft.backend.Backend#kernels}
 * @param evaluatedOn {@code test} or {@code validation}: what testLoss and testAccuracy were measured on
 * @param totalSeconds training and evaluation together
 */
record RunRecord(
        String network,
        Map<String, Object> options,
        long seed,
        String backend,
        String kernels,
        int threads,
        String evaluatedOn,
        History history,
        double totalSeconds) {

    /** What the samples are called: {@code images} or {@code rows}. */
    String samples() {
        return DatasetName.CSV.toString().equals(options.get("dataset"))
                ? DatasetName.CSV.samples()
                : DatasetName.MNIST.samples();
    }

    /** The same training, one epoch later. */
    RunRecord after(EpochResult epoch, double seconds) {
        List<EpochResult> epochs = new ArrayList<>(history.epochs());
        epochs.add(epoch);
        return new RunRecord(
                network, options, seed, backend, kernels, threads, evaluatedOn, new History(epochs), seconds);
    }

    /**
     * Writes it as JSON.
     *
     * @throws dev.weft.DataException if that cannot be done
     */
    void write(Path file) {
        OutputFile.write(file, out -> {
            try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
                json.setPrettyPrinter(new DefaultPrettyPrinter());
                write(json);
            }
        });
    }

    private void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("network", network);
        json.writeNumberField("seed", seed);
        json.writeStringField("backend", backend);
        json.writeStringField("kernels", kernels);
        json.writeNumberField("threads", threads);

        json.writeObjectFieldStart("options");
        for (Map.Entry<String, Object> option : options.entrySet()) {
            json.writeObjectField(option.getKey(), option.getValue());
        }
        json.writeEndObject();

        json.writeObjectFieldStart("versions");
        json.writeStringField("weft", Machine.weft());
        json.writeStringField("jdk", Machine.jdk());
        json.writeStringField("os", Machine.os());
        json.writeEndObject();

        json.writeObjectFieldStart("machine");
        json.writeStringField("cpu", Machine.cpu());
        json.writeNumberField("cores", Machine.cores());
        json.writeNumberField("memoryBytes", Machine.memoryBytes());
        json.writeEndObject();

        json.writeStringField("evaluatedOn", evaluatedOn);
        json.writeArrayFieldStart("epochs");
        for (EpochResult epoch : history.epochs()) {
            json.writeStartObject();
            json.writeNumberField("epoch", epoch.epoch());
            json.writeNumberField("trainLoss", epoch.trainLoss());
            json.writeNumberField("trainAccuracy", epoch.trainAccuracy());
            json.writeNumberField("testLoss", epoch.test().loss());
            json.writeNumberField("testAccuracy", epoch.test().accuracy());
            json.writeNumberField("seconds", epoch.seconds());
            json.writeNumberField("imagesPerSecond", epoch.imagesPerSecond());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeNumberField("totalSeconds", totalSeconds);
        json.writeEndObject();
    }
}
