package dev.weft.layer;

import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.util.Arrays;

/**
 * A tensor that a layer carries from step to step and no optimizer trains: a running mean.
 *
 * @param name {@code mean} in the layer, {@code norm1.mean} in the graph
 * @param initial what every element begins with
 */
public record State(String name, Shape shape, double initial) {

    /** The same state under the name that it has in the graph. */
    public State in(String layer) {
        return new State(layer + "." + name, shape, initial);
    }

    /** The values that it begins with. */
    public HostTensor initialValues() {
        float[] values = new float[Math.toIntExact(shape.elements())];
        Arrays.fill(values, (float) initial);
        return HostTensor.of(shape, values);
    }
}
