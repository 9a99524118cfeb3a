package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * A recurrent layer: a {@link Cells cell} for each of its units, over all steps of a sequence. Input {@code [T,D]}; output, as
 * {@code returns} says, {@code [T,H]} or {@code [H]}. Further inputs, where they are asked for, in this order: the lengths of the
 * sequences (I32, one number, 1 to T), and the states before the first step ({@code [S H]}, else 0).
 *
 * <p>Parameters: {@code weight[I H,D]} for the cell's I inputs, {@code recurrent[P H,H]} for its P products (with
 * {@code recurrent2} where products multiply another vector), {@code bias[Q H]} for the units' own Q weights. The rows of unit h
 * are {@code i H + h}.
 *
 * @param units H
 * @param lengths whether the second input are the lengths; what follows after the end of a sequence changes nothing
 * @param start whether the next input are the first states
 * @param reverse whether the last step comes first; outputs stay in the order of the input
 * @param recurrentDropout the probability with which an output is dropped from the products, while training: the same ones in
 *     all steps of a sequence (Gal and Ghahramani 2016, arXiv 1512.05287)
 * @param carried the batch that states are carried for, from a training step to the next one, whose row n goes on where row n
 *     of the step before has ended, also from an epoch to the next; {@link dev.weft.train.Training#inOrder} keeps rows where they
 *     are. 0: each sequence begins anew. Outside of training they begin anew, too
 * @param unrolled whether the steps are ops of their own, which is slow, and the definition of what the layer computes
 */
public record Recurrent(
        Cell cell,
        int units,
        Returns returns,
        boolean lengths,
        boolean start,
        boolean reverse,
        double recurrentDropout,
        int carried,
        boolean unrolled,
        Initializer weights,
        Initializer recurrentWeights)
        implements Layer {

    /** What a recurrent layer gives. */
    public enum Returns {
        /** The outputs of all steps, {@code [T,H]}, 0 after the end of a sequence. */
        SEQUENCE,
        /** The output of the sequence's last step, {@code [H]}. */
        LAST,
        /** All states after the last step, {@code [S H]}; the first is the output. */
        STATES
    }

    private static final String STATES = "states";

    public Recurrent {
        if (units < 1) {
            throw new IllegalArgumentException("a recurrent layer needs at least 1 unit, got " + units);
        }
        Dropout.requireProbability(recurrentDropout);
        if (carried < 0 || carried > 0 && (start || reverse)) {
            throw new IllegalArgumentException(
                    "states are carried for a batch of at least 1 row, forward in time, and are no input; got "
                            + carried);
        }
    }

    /** A layer with these units that gives its outputs of all steps. */
    public static Recurrent of(Cell cell, int units) {
        Initializer glorot = Initializer.glorotUniform();
        return new Recurrent(cell, units, Returns.SEQUENCE, false, false, false, 0, 0, false, glorot, glorot);
    }

    /** The same, giving the output of the last step. */
    public Recurrent last() {
        return with(Returns.LAST, lengths, start, reverse, recurrentDropout, carried, unrolled);
    }

    /** The same, giving all states after the last step. */
    public Recurrent states() {
        return with(Returns.STATES, lengths, start, reverse, recurrentDropout, carried, unrolled);
    }

    /** The same with the lengths of the sequences as its second input. */
    public Recurrent withLengths() {
        return with(returns, true, start, reverse, recurrentDropout, carried, unrolled);
    }

    /** The same with the first states as its last input. */
    public Recurrent withStart() {
        return with(returns, lengths, true, reverse, recurrentDropout, carried, unrolled);
    }

    /** The same from the last step to the first. */
    public Recurrent backwards() {
        return with(returns, lengths, start, true, recurrentDropout, carried, unrolled);
    }

    /** The same with dropout of recurrent connections. */
    public Recurrent recurrentDropout(double p) {
        return with(returns, lengths, start, reverse, p, carried, unrolled);
    }

    /** The same with states that are carried from step to step of a training with this batch. */
    public Recurrent carryStates(int batch) {
        return with(returns, lengths, start, reverse, recurrentDropout, batch, unrolled);
    }

    /** The same, a step after the other by ops of their own. */
    public Recurrent unroll() {
        return with(returns, lengths, start, reverse, recurrentDropout, carried, true);
    }

    /** The same with other initial weights. */
    public Recurrent init(Initializer ofInputs, Initializer ofProducts) {
        return new Recurrent(
                cell,
                units,
                returns,
                lengths,
                start,
                reverse,
                recurrentDropout,
                carried,
                unrolled,
                ofInputs,
                ofProducts);
    }

    private Recurrent with(
            Returns toReturn,
            boolean ofLengths,
            boolean ofStart,
            boolean backward,
            double p,
            int batch,
            boolean steps) {
        return new Recurrent(
                cell, units, toReturn, ofLengths, ofStart, backward, p, batch, steps, weights, recurrentWeights);
    }

    @Override
    public String kind() {
        return cell.name().replaceAll("[^A-Za-z0-9_]+", "_");
    }

    @Override
    public DType inputType(int index) {
        return lengths && index == 1 ? DType.I32 : DType.REAL;
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        int count = 1 + (lengths ? 1 : 0) + (start ? 1 : 0);
        if (inputs.size() != count || inputs.get(0).rank() != 2) {
            throw new IllegalArgumentException("needs sequences [T,D]%s%s, got %s"
                    .formatted(lengths ? ", their lengths" : "", start ? ", the first states" : "", inputs));
        }
        if (lengths && inputs.get(1).rank() != 0) {
            throw new IllegalArgumentException("needs one length for each sequence, got " + inputs.get(1));
        }
        if (start && !inputs.get(count - 1).equals(Shape.of(cell.states() * units))) {
            throw new IllegalArgumentException("needs the first states [%d], %d of %d units, got %s"
                    .formatted(cell.states() * units, cell.states(), units, inputs.get(count - 1)));
        }
        return switch (returns) {
            case SEQUENCE -> Shape.of(inputs.get(0).get(0), units);
            case LAST -> Shape.of(units);
            case STATES -> Shape.of(cell.states() * units);
        };
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        int width = inputs.get(0).get(1);
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(new Parameter("weight", Shape.of(cell.inputs() * units, width), weights, width, units));
        for (int i = 0; i < cell.groups().size(); i++) {
            int products = cell.groups().get(i).products().size();
            parameters.add(
                    new Parameter(recurrent(i), Shape.of(products * units, units), recurrentWeights, units, units));
        }
        if (!cell.weights().isEmpty()) {
            Shape shape = Shape.of(cell.weights().size() * units);
            parameters.add(new Parameter("bias", shape, Initializer.constants(cell.weights()), width, units));
        }
        return parameters;
    }

    private static String recurrent(int group) {
        return group == 0 ? "recurrent" : "recurrent" + (group + 1);
    }

    @Override
    public List<State> states(List<Shape> inputs) {
        return carried == 0 ? List.of() : List.of(new State(STATES, Shape.of(carried, cell.states() * units), 0));
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        return lower(
                l,
                "",
                inputs,
                l.output(infer(inputs.stream().map(x -> x.shape().sample()).toList())));
    }

    /**
     * Lowers the layer as a part of another one.
     *
     * @param part in front of the names of parameters and tensors
     * @param y the layer's output
     */
    TensorRef lower(Lowering l, String part, List<TensorRef> inputs, TensorRef y) {
        if (carried > 0 && l.training() && l.batch() != carried) {
            throw new IllegalArgumentException(
                    "carries the states of a batch of %d, and the batch is %d: give both the same"
                            .formatted(carried, l.batch()));
        }
        TensorRef x = inputs.get(0);
        int steps = x.shape().get(1);
        TensorRef ofInputs = l.inner(part + "inputs", Shape.of(steps, cell.inputs() * units));
        l.emit(new Op.MatMul(l.layer(), x, l.parameter(part + "weight"), false, true, ofInputs));
        List<TensorRef> states = first(l, part, inputs);
        Cell used = cell;
        if (recurrentDropout > 0 && l.training()) {
            used = Cells.masked(cell);
            states = states.isEmpty() ? zeros(l, part) : states;
            states = new ArrayList<>(states);
            states.add(Dropout.mask(l, part + "recurrentMask", recurrentDropout, Shape.of(units)));
        }
        List<TensorRef> w = new ArrayList<>();
        for (int i = 0; i < cell.groups().size(); i++) {
            w.add(l.parameter(part + recurrent(i)));
        }
        TensorRef v = cell.weights().isEmpty() ? null : l.parameter(part + "bias");
        TensorRef outputs = returns == Returns.SEQUENCE ? y : l.inner(part + "outputs", Shape.of(steps, units));
        List<TensorRef> last = ofStates(l, part + "last", used.states(), returns == Returns.LAST ? y : null);
        TensorRef ofLengths = lengths ? inputs.get(1) : null;
        if (unrolled) {
            new Unrolled(l, part, used, units, reverse, w, v).lower(ofInputs, states, ofLengths, outputs, last);
        } else {
            l.emit(new Op.Recurrence(
                    l.layer(),
                    used,
                    reverse,
                    ofInputs,
                    w,
                    v,
                    states,
                    ofLengths,
                    outputs,
                    last,
                    l.training() ? ofSteps(l, part + "previous", used.states(), steps) : List.of(),
                    l.training() ? ofSteps(l, part + "kept", used.kept(), steps) : List.of()));
        }
        carry(l, part, last);
        if (returns == Returns.STATES) {
            l.emit(new Op.Concat(l.layer(), last.subList(0, cell.states()), 1, y));
        }
        return y;
    }

    /** The states before the first step; none where all are 0. */
    private List<TensorRef> first(Lowering l, String part, List<TensorRef> inputs) {
        Shape all = Shape.of(cell.states() * units);
        TensorRef given = start ? inputs.get(inputs.size() - 1) : null;
        if (carried > 0 && l.training()) {
            given = l.inner(part + "carried", all);
            l.emit(new Op.Reshape(l.layer(), l.state(STATES), given));
        }
        if (given == null) {
            return List.of();
        }
        List<TensorRef> states = ofStates(l, part + "first", cell.states(), null);
        for (int k = 0; k < states.size(); k++) {
            l.emit(new Op.Slice(l.layer(), given, 1, k * units, states.get(k)));
        }
        return states;
    }

    private List<TensorRef> zeros(Lowering l, String part) {
        List<TensorRef> states = ofStates(l, part + "zero", cell.states(), null);
        states.forEach(state -> l.emit(new Op.Fill(l.layer(), 0, state)));
        return states;
    }

    private void carry(Lowering l, String part, List<TensorRef> last) {
        if (carried == 0 || !l.training()) {
            return;
        }
        TensorRef batch = l.inner(part + "toCarry", Shape.of(cell.states() * units));
        l.emit(new Op.Concat(l.layer(), last.subList(0, cell.states()), 1, batch));
        TensorRef whole = TensorRef.unbatched(
                l.layer() + "." + part + "next", DType.REAL, Shape.of(carried, cell.states() * units));
        l.emit(new Op.Reshape(l.layer(), batch, whole));
        l.writeState(STATES, whole);
    }

    private List<TensorRef> ofStates(Lowering l, String name, int count, TensorRef ofFirst) {
        List<TensorRef> states = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            states.add(k == 0 && ofFirst != null ? ofFirst : l.inner(name + (k + 1), Shape.of(units)));
        }
        return states;
    }

    private List<TensorRef> ofSteps(Lowering l, String name, int count, int steps) {
        List<TensorRef> values = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            values.add(l.inner(name + (k + 1), Shape.of(steps, units)));
        }
        return values;
    }
}
