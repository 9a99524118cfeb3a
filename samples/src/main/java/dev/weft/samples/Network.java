package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.graph.Graph;
import dev.weft.io.GraphFile;
import dev.weft.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * A network that the command line knows by its name, or from a file, with the settings that it trains well with.
 *
 * @param description one line
 * @param builder makes the graph for the shape of a sample and the number of classes
 * @param learningRate for {@code optimizer}
 */
public record Network(
        String name,
        String description,
        BiFunction<Shape, Integer, Graph> builder,
        int epochs,
        int batch,
        OptimizerName optimizer,
        double learningRate,
        ScheduleName schedule) {

    /** All networks. */
    public static List<Network> all() {
        return List.of(Lenet5.network(), Mlp.network(), LstmRows.network());
    }

    /**
     * The network of this name.
     *
     * @throws ParameterException if there is none
     */
    static Network named(CommandLine command, String name) {
        return all().stream()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        command,
                        "there is no network '%s'; there are %s"
                                .formatted(name, String.join(", ", new NetworkNames()))));
    }

    /**
     * The network that options name, of which exactly one is not null.
     *
     * @param name of a network that the command line knows
     * @param description a file with a graph as JSON
     * @param model a model file
     * @throws ParameterException if none or several are given, or the name is not known
     * @throws DataException if the file holds no graph
     */
    static Network chosen(CommandLine command, String name, Path description, Path model) {
        if (Stream.of(name, description, model).filter(Objects::nonNull).count() != 1) {
            throw new ParameterException(
                    command,
                    "name one network: NETWORK (%s), --network FILE.json or --from FILE"
                            .formatted(String.join(" or ", new NetworkNames())));
        }
        if (name != null) {
            return named(command, name);
        }
        return description == null ? of(ModelFile.require(model)) : described(description);
    }

    /** The network that a file describes as JSON. */
    private static Network described(Path file) {
        return of(stem(file), "as %s describes it".formatted(file), GraphFile.read(file));
    }

    /** The network of a model file. */
    static Network of(ModelFile model) {
        boolean plain = model.network().matches("[A-Za-z0-9_][A-Za-z0-9_.-]*");
        return of(
                plain ? model.network() : stem(model.path()), "as %s holds it".formatted(model.path()), model.graph());
    }

    private static String stem(Path file) {
        return file.getFileName().toString().replaceFirst("\\.(json|safetensors)$", "");
    }

    /** With the settings of the network of that name, where there is one. */
    private static Network of(String name, String description, Graph graph) {
        Network alike = all().stream()
                .filter(network -> network.name.equals(name))
                .findFirst()
                .orElseGet(Lenet5::network);
        return new Network(
                name,
                description,
                (sample, classes) -> graph,
                alike.epochs,
                alike.batch,
                alike.optimizer,
                alike.learningRate,
                alike.schedule);
    }

    /** The same with another graph. */
    Network with(BiFunction<Shape, Integer, Graph> other) {
        return new Network(name, description, other, epochs, batch, optimizer, learningRate, schedule);
    }

    /** The same with settings for tables, which are mostly small. */
    Network forTables() {
        return new Network(name, description, builder, 30, 32, OptimizerName.ADAM, 1e-3, ScheduleName.COSINE);
    }

    /** For MNIST, images {@code [1,28,28]} in 10 classes, unless its file says otherwise. */
    public Graph graph() {
        return graph(Shape.of(1, 28, 28), 10);
    }

    /** For samples of this shape in this many classes. */
    Graph graph(Shape sample, int classes) {
        return builder.apply(sample, classes);
    }
}
