package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.io.Reason;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a model file tells about itself beside the parameters, in its safetensors metadata: all that is needed to use it.
 *
 * @param network its name on the command line
 * @param input shape of a sample
 * @param mean what the pixels, on the scale 0 to 1, were normalised with
 * @param deviation likewise
 * @param classes their names
 * @param dataset what it was trained on, for example {@code mnist}
 * @param table the form of that, where it was a table; mean and deviation are then 0 and 1
 */
record ModelFile(
        String network,
        Shape input,
        double mean,
        double deviation,
        List<String> classes,
        String dataset,
        Optional<TableForm> table) {
    static final String MNIST = "mnist";

    ModelFile {
        classes = List.copyOf(classes);
    }

    /** What a network that is trained on {@code data} needs to know. */
    static ModelFile of(String network, Dataset data, String dataset, Optional<TableForm> table) {
        List<String> classes = data.classNames().isEmpty() ? numbers(data.classes()) : data.classNames();
        return new ModelFile(network, data.shape(), data.mean(), data.deviation(), classes, dataset, table);
    }

    /** Classes without names of their own: 0, 1, 2 ... */
    static List<String> numbers(int classes) {
        return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }

    Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("network", network);
        metadata.put("dataset", dataset);
        metadata.put(
                "input",
                IntStream.of(input.toArray()).mapToObj(Integer::toString).collect(Collectors.joining(",")));
        if (table.isPresent()) {
            table.get().writeTo(metadata);
        } else {
            metadata.put("mean", Double.toString(mean));
            metadata.put("deviation", Double.toString(deviation));
        }
        metadata.put("classes", String.join("\n", classes));
        return metadata;
    }

    /**
     * Reads the metadata of a model file; empty where it does not say which network it holds.
     *
     * @throws DataException if the file is missing, truncated or malformed, or its metadata are
     */
    static Optional<ModelFile> read(Path file) {
        Map<String, String> metadata = SafeTensors.metadata(file);
        if (!metadata.containsKey("network")) {
            return Optional.empty();
        }
        try {
            int[] input = Stream.of(metadata.getOrDefault("input", "").split(","))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            boolean table = metadata.containsKey("columns");
            return Optional.of(new ModelFile(
                    metadata.get("network"),
                    Shape.of(input),
                    table ? 0 : finite(Double.parseDouble(metadata.getOrDefault("mean", ""))),
                    table ? 1 : positive(Double.parseDouble(metadata.getOrDefault("deviation", ""))),
                    List.of(metadata.getOrDefault("classes", "").split("\n")),
                    metadata.getOrDefault("dataset", ""),
                    table ? Optional.of(TableForm.read(metadata)) : Optional.empty()));
        } catch (IllegalArgumentException e) {
            throw new DataException(
                    "%s has malformed metadata (%s): %s".formatted(file, Reason.of(e), Quote.text(metadata.toString())),
                    e);
        }
    }

    private static double finite(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("a mean of " + value);
        }
        return value;
    }

    private static double positive(double value) {
        if (!(finite(value) > 0)) {
            throw new IllegalArgumentException("a deviation of " + value);
        }
        return value;
    }

    /**
     * Looks whether a file can hold the parameters of a network, before memory is taken for them: its metadata may claim anything.
     *
     * @throws DataException if it has less than a byte for each value
     */
    static void requireHeld(Graph graph, Path file) {
        double values = graph.parameters().stream()
                .mapToDouble(parameter -> parameter.shape().elements())
                .sum();
        long bytes = file.toFile().length();
        if (values > bytes) {
            throw new DataException(
                    "%s says of itself what needs %,.0f values, and has %,d bytes".formatted(file, values, bytes));
        }
    }
}
