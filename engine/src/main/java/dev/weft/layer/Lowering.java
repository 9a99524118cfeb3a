package dev.weft.layer;

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

    /** A parameter by its name in the layer. */
    public TensorRef parameter(String name) {
        return parameters.get(layer + "." + name);
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

    public void emit(Op op) {
        ops.add(op);
    }
}
