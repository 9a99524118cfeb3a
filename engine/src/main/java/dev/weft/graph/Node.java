package dev.weft.graph;

import dev.weft.layer.Layer;
import dev.weft.layer.Parameter;
import dev.weft.layer.State;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A layer in its place in a graph, or one of the graph's inputs.
 *
 * @param layer null for an input
 * @param type of the value; REAL for every layer
 * @param shape the shape of one sample of the value
 * @param parameters the layer's own, under the names that they have in the graph
 * @param states the layer's own, under the names that they have in the graph
 * @param tied the parameters and states that it shares with layers before it: by the name in this layer the name in the
 *     graph
 */
public record Node(
        String name,
        Layer layer,
        List<Node> inputs,
        DType type,
        Shape shape,
        List<Parameter> parameters,
        List<State> states,
        Map<String, String> tied) {

    /** All parameters and states that the layer reads, its own and tied ones: by the name in the layer that in the graph. */
    public Map<String, String> persistentNames() {
        Map<String, String> names = new LinkedHashMap<>();
        parameters.forEach(own -> names.put(own.name().substring(name.length() + 1), own.name()));
        states.forEach(own -> names.put(own.name().substring(name.length() + 1), own.name()));
        names.putAll(tied);
        return names;
    }

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
