package dev.weft.layer;

import dev.weft.WeftException;
import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a layer lowers itself with: its name, its parameters, and the list that its ops go to. */
public final class Lowering {
    private final String layer;
    private final int batch;
    private final boolean training;
    private final long seed;
    private final Map<String, TensorRef> persistent;
    private final List<Op> ops;
    private final List<Op.StateUpdate> stateUpdates;

    /** What a layer without states is lowered with, or a loss. */
    public Lowering(
            String layer, int batch, boolean training, long seed, Map<String, TensorRef> parameters, List<Op> ops) {
        this(layer, batch, training, seed, parameters, ops, new ArrayList<>());
    }

    /**
     * What one layer is lowered with.
     *
     * @param layer the layer's name in the program: that in the graph, behind the scope that the graph is applied under
     * @param batch rows of the batch
     * @param training whether this is a training program
     * @param seed the key of the model's random numbers
     * @param persistent the layer's parameters and states by their names in the layer
     * @param ops receives the ops
     * @param stateUpdates receives the new values of states
     */
    public Lowering(
            String layer,
            int batch,
            boolean training,
            long seed,
            Map<String, TensorRef> persistent,
            List<Op> ops,
            List<Op.StateUpdate> stateUpdates) {
        this.layer = layer;
        this.batch = batch;
        this.training = training;
        this.seed = seed;
        this.persistent = persistent;
        this.ops = ops;
        this.stateUpdates = stateUpdates;
    }

    /** The layer's name in the program, which its tensors and ops bear. */
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
        return persistent("parameter", Role.PARAMETER, name);
    }

    /**
     * A state by its name in the layer. All reads of a step see the value that it has before the step.
     *
     * @throws WeftException if the layer has declared none of that name; the message lists those that it has
     */
    public TensorRef state(String name) {
        return persistent("state", Role.STATE, name);
    }

    private TensorRef persistent(String what, Role role, String name) {
        TensorRef tensor = persistent.get(name);
        if (tensor == null || tensor.root().role() != role) {
            throw new WeftException("layer %s has no %s %s; there are %s"
                    .formatted(
                            layer,
                            what,
                            name,
                            persistent.values().stream()
                                    .filter(other -> other.root().role() == role)
                                    .map(TensorRef::name)
                                    .toList()));
        }
        return tensor;
    }

    /**
     * Gives a state its next value, which is written at the end of a training step, unless that is a bad one. Without
     * effect in other programs, and where the layer is one of several uses that share the state: the first writes it.
     *
     * @param value of the state's shape; no batch
     */
    public void writeState(String name, TensorRef value) {
        stateUpdates.add(new Op.StateUpdate(layer, value, state(name)));
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

    /** The axes from {@code from} to before {@code to}. */
    public static List<Integer> axes(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    /** A function of tensors of one shape, as an inner tensor of the layer. */
    public TensorRef map(String name, Function function, TensorRef... x) {
        TensorRef y =
                new TensorRef(layer + "." + name, DType.REAL, x[0].shape(), Role.TRANSIENT, x[0].batched(), null, 0);
        emit(Op.Map.of(layer, function, y, x));
        return y;
    }

    /** Sum, mean or largest element over the axes from {@code from} to before {@code to}, as an inner tensor of the layer. */
    public TensorRef reduce(String name, Op.Reduction reduction, TensorRef x, int from, int to) {
        TensorRef y = Op.Reduce.result(layer + "." + name, x, from, to);
        emit(new Op.Reduce(layer, reduction, x, from, to, y));
        return y;
    }

    /** Adds an op to the program; ops run in the order in which they are emitted. */
    public void emit(Op op) {
        ops.add(op);
    }
}
