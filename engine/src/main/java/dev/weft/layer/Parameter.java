package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.tensor.Shape;

/**
 * A trained tensor of a layer.
 *
 * @param name {@code weight} in the layer, {@code conv1.weight} in the graph
 * @param fanIn inputs that one output sums over, for the initializer
 * @param fanOut outputs that one input reaches, for the initializer
 */
public record Parameter(String name, Shape shape, Initializer initializer, int fanIn, int fanOut) {

    /** The same parameter under the name that it has in the graph. */
    public Parameter in(String layer) {
        return new Parameter(layer + "." + name, shape, initializer, fanIn, fanOut);
    }
}
