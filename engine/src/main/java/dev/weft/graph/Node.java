package dev.weft.graph;

import dev.weft.layer.Layer;
import dev.weft.layer.Parameter;
import dev.weft.tensor.Shape;
import java.util.List;

/**
 * A layer in its place in a graph, or the graph's input.
 *
 * @param layer null for the input
 * @param shape the shape of one sample of the output
 * @param parameters under the names that they have in the graph
 */
public record Node(String name, Layer layer, List<Node> inputs, Shape shape, List<Parameter> parameters) {

    /** Nodes are places, not values: two of them are equal only if they are the same. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name + shape;
    }
}
