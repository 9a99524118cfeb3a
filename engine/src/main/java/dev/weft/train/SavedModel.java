package dev.weft.train;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.data.Preparation;
import dev.weft.graph.Graph;
import dev.weft.io.GraphFile;
import dev.weft.io.RecordJson;
import dev.weft.io.SafeTensors;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What {@link Model#save} has written beside the parameters: all of a model but its values, without a backend.
 *
 * @param seed the key of the model's random numbers
 * @param preparation how samples are prepared for the network, where the file says it
 */
public record SavedModel(Graph graph, long seed, Optional<Preparation> preparation) {
    private static final String GRAPH = "graph";
    private static final String SEED = "seed";
    private static final String PREPARATION = "preparation";

    /**
     * Reads what a model file holds beside the parameters; empty where it holds no graph. Layers of one's own are registered with
     * {@link dev.weft.io.Kinds} before.
     *
     * @throws DataException if the file is missing or malformed, or what it says of itself is
     */
    public static Optional<SavedModel> read(Path file) {
        Map<String, String> metadata = SafeTensors.metadata(file);
        return Optional.ofNullable(metadata.get(GRAPH))
                .map(graph -> new SavedModel(
                        GraphFile.parse(file + " (graph)", graph),
                        seed(file, metadata.getOrDefault(SEED, "0")),
                        Optional.ofNullable(metadata.get(PREPARATION))
                                .map(text -> RecordJson.read(file + " (preparation)", text, Preparation.class))));
    }

    private static long seed(Path file, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new DataException("%s: its seed is %s, no whole number".formatted(file, Quote.text(text)), e);
        }
    }

    /** @throws dev.weft.WeftException if the graph has a layer that no file can hold */
    void writeTo(Map<String, String> metadata) {
        metadata.put(GRAPH, GraphFile.write(graph));
        metadata.put(SEED, Long.toString(seed));
        preparation.ifPresent(prepared -> metadata.put(PREPARATION, RecordJson.write(prepared)));
    }
}
