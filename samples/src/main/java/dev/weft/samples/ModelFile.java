package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.backend.Backend;
import dev.weft.data.Mnist;
import dev.weft.data.Preparation;
import dev.weft.data.TableForm;
import dev.weft.graph.Graph;
import dev.weft.io.Reason;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import dev.weft.train.SavedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a model file tells of itself beside the parameters, in its safetensors metadata: all that is needed to use it. A file
 * that was written before files held graphs names one of the command line's networks instead.
 *
 * @param network its name; empty where the file does not say it
 * @param dataset what it was trained on, for example {@code mnist}; empty where the file does not say it
 * @param seed of the training; the default one where the file does not say it
 * @param whole whether the file holds its graph
 */
record ModelFile(
        Path path,
        String network,
        String dataset,
        Graph graph,
        Optional<Preparation> preparation,
        long seed,
        boolean whole) {
    static final String MNIST = "mnist";

    private static final String NETWORK = "network";
    private static final String DATASET = "dataset";

    /** What the command line writes beside what the engine does. */
    static Map<String, String> metadata(String network, String dataset) {
        return Map.of(NETWORK, network, DATASET, dataset);
    }

    /**
     * Reads the metadata of a model file; empty where it does not say which network it holds.
     *
     * @throws DataException if the file is missing, truncated or malformed, or its metadata are
     */
    static Optional<ModelFile> read(Path file) {
        Map<String, String> metadata = SafeTensors.metadata(file);
        String network = metadata.getOrDefault(NETWORK, "");
        String dataset = metadata.getOrDefault(DATASET, "");
        Optional<SavedModel> saved = SavedModel.read(file);
        if (saved.isPresent()) {
            SavedModel model = saved.get();
            return Optional.of(
                    new ModelFile(file, network, dataset, model.graph(), model.preparation(), model.seed(), true));
        }
        if (network.isEmpty()) {
            return Optional.empty();
        }
        try {
            Preparation preparation = preparation(metadata);
            Graph graph = network(file, network)
                    .graph(shape(metadata), preparation.classes().size());
            return Optional.of(new ModelFile(
                    file, network, dataset, graph, Optional.of(preparation), TrainCommand.DEFAULT_SEED, false));
        } catch (IllegalArgumentException e) {
            throw new DataException(
                    "%s has malformed metadata (%s): %s".formatted(file, Reason.of(e), Quote.text(metadata.toString())),
                    e);
        }
    }

    /**
     * Reads a model file that says which network it holds.
     *
     * @throws DataException as {@link #read}, or if it does not say it
     */
    static ModelFile require(Path file) {
        return read(file)
                .orElseThrow(() ->
                        new DataException(file + " holds values alone: it does not say which network they are of"));
    }

    /** A file of values alone, of a network that was trained on MNIST. */
    static ModelFile ofMnist(Path file, Network network) {
        Preparation preparation =
                new Preparation(Mnist.MEAN, Mnist.DEVIATION, numbers(Mnist.CLASSES), Optional.empty());
        return new ModelFile(
                file,
                network.name(),
                MNIST,
                network.graph(),
                Optional.of(preparation),
                TrainCommand.DEFAULT_SEED,
                false);
    }

    /** Classes without names of their own: 0, 1, 2 ... */
    static List<String> numbers(int classes) {
        return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }

    private static Network network(Path file, String name) {
        List<String> names = Network.all().stream().map(Network::name).toList();
        return Network.all().stream()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new DataException("%s holds the network %s, which is not known here; there are %s"
                        .formatted(file, Quote.text(name), String.join(", ", names))));
    }

    private static Shape shape(Map<String, String> metadata) {
        return Shape.of(Stream.of(metadata.getOrDefault("input", "").split(","))
                .mapToInt(Integer::parseInt)
                .toArray());
    }

    private static Preparation preparation(Map<String, String> metadata) {
        List<String> classes = lines(metadata, "classes");
        if (metadata.containsKey("columns")) {
            return new Preparation(0, 1, classes, Optional.of(table(metadata)));
        }
        return new Preparation(
                Double.parseDouble(metadata.getOrDefault("mean", "")),
                Double.parseDouble(metadata.getOrDefault("deviation", "")),
                classes,
                Optional.empty());
    }

    private static TableForm table(Map<String, String> metadata) {
        List<String> names = lines(metadata, "columns");
        double[] means = values(metadata, "means");
        double[] deviations = values(metadata, "deviations");
        if (means.length != names.size() || deviations.length != names.size()) {
            throw new IllegalArgumentException("columns, means and deviations differ in number");
        }
        List<TableForm.Column> columns = new ArrayList<>();
        for (int j = 0; j < means.length; j++) {
            columns.add(new TableForm.Column(names.get(j), means[j], deviations[j]));
        }
        return new TableForm(
                columns, metadata.getOrDefault("label", ""), Integer.parseInt(metadata.getOrDefault("labelAt", "")));
    }

    private static List<String> lines(Map<String, String> metadata, String key) {
        return List.of(metadata.getOrDefault(key, "").split("\n"));
    }

    private static double[] values(Map<String, String> metadata, String key) {
        return Arrays.stream(metadata.getOrDefault(key, "").split(","))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /**
     * How samples are prepared, and what the outputs stand for.
     *
     * @throws DataException if the file does not say it, or names more or fewer classes than there are outputs
     */
    Preparation classification() {
        Preparation known = preparation.orElseThrow(() -> new DataException(path
                + " does not say how its samples were prepared; Model.setPreparation does before a model is saved"));
        Shape output = graph.output().shape();
        if (!output.equals(Shape.of(Math.max(1, known.classes().size())))
                || known.classes().isEmpty()) {
            throw new DataException("%s names %,d classes, and its network has outputs of shape %s"
                    .formatted(path, known.classes().size(), output));
        }
        return known;
    }

    /** The model; the backend stays open as long as it. */
    Model open(Backend backend) {
        if (whole) {
            return Model.load(path, backend);
        }
        requireHeld();
        Model model = Model.create(graph, backend, seed);
        try {
            model.loadParameters(path);
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** Looks whether the file can hold the parameters, before memory is taken for them: its metadata may claim anything. */
    private void requireHeld() {
        double values = graph.parameters().stream()
                .mapToDouble(parameter -> parameter.shape().elements())
                .sum();
        long bytes = path.toFile().length();
        if (values > bytes) {
            throw new DataException(
                    "%s says of itself what needs %,.0f values, and has %,d bytes".formatted(path, values, bytes));
        }
    }
}
