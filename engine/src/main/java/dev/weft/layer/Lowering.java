package dev.weft.layer;

import dev.weft.WeftException;
import dev.weft.op.Op;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Map;

/** What a layer lowers itself with: its name, its parameters, and the list that its ops go to. */
public final class Lowering {
    private final String layer;
    private final int batch;
    private final boolean training;
    private final long seed;
    private final Map<String, TensorRef> parameters;
    private final List<Op> ops;

    /**
     * What the compiler hands to one layer.
     *
     * @param layer the layer's name in the graph
     * @param batch rows of the batch
     * @param training whether this is a training program
     * @param seed the key of the model's random numbers
     * @param parameters all parameters by their names in the graph
     * @param ops receives the ops
     */
    public Lowering(
            String layer, int batch, boolean training, long seed, Map<String, TensorRef> parameters, List<Op> ops) {
        this.layer = layer;
        this.batch = batch;
        this.training = training;
        this.seed = seed;
        this.parameters = parameters;
        this.ops = ops;
    }

    /** The layer's name in the graph. */
    public String layer() {
        return layer;
    }

    /** Rows of the batch. */
    public int batch() {
        return batch;
    }

    /** Whether this is a training program; dropout does nothing in others. */
    public boolean training() {
        return training;
    }

    /** The key of the model's random numbers. */
    public long seed() {
        return seed;
    }

    /** The stable number of this layer's random stream. */
    public int stream() {
        return Philox.stream(layer);
    }

    /**
     * A parameter by its name in the layer.
     *
     * @throws WeftException if the layer has declared none of that name; the message lists those that it has
     */
    public TensorRef parameter(String name) {
        TensorRef parameter = parameters.get(layer + "." + name);
        if (parameter == null) {
            throw new WeftException("layer %s has no parameter %s; there are %s"
                    .formatted(
                            layer,
                            name,
                            parameters.keySet().stream()
                                    .filter(other -> other.startsWith(layer + "."))
                                    .toList()));
        }
        return parameter;
    }

    /** The layer's output tensor, named like the layer. */
    public TensorRef output(Shape sample) {
        return TensorRef.batched(layer, DType.REAL, sample.batch(batch));
    }

    /** An inner tensor of the layer, named {@code layer.name}. */
    public TensorRef inner(String name, Shape sample) {
        return inner(name, DType.REAL, sample);
    }

    /** An inner tensor of another type. */
    public TensorRef inner(String name, DType type, Shape sample) {
        return TensorRef.batched(layer + "." + name, type, sample.batch(batch));
    }

    /** Adds an op to the program; ops run in the order in which they are emitted. */
    public void emit(Op op) {
        ops.add(op);
    }
}
