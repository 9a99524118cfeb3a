package dev.weft.samples;

import dev.weft.graph.Graph;
import dev.weft.tensor.Shape;
import java.util.List;
import java.util.function.BiFunction;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * A network that the command line knows by its name, with the settings that it trains well with.
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
        return List.of(Lenet5.network(), Mlp.network());
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

    /** For MNIST: images {@code [1,28,28]} in 10 classes. */
    public Graph graph() {
        return graph(Shape.of(1, 28, 28), 10);
    }

    /** For samples of this shape in this many classes. */
    Graph graph(Shape sample, int classes) {
        return builder.apply(sample, classes);
    }
}
