package dev.weft.samples;

import dev.weft.graph.Graph;
import java.util.List;

/**
 * A network that the command line knows by its name, with the settings that it trains well with.
 *
 * @param description one line
 * @param graph reads MNIST's images, gives 10 logits
 * @param learningRate for {@code optimizer}
 */
record Network(
        String name,
        String description,
        Graph graph,
        int epochs,
        int batch,
        OptimizerName optimizer,
        double learningRate) {

    /** All networks. */
    static List<Network> all() {
        return List.of(Lenet5.network(), Mlp.network());
    }
}
