package dev.weft.op;

import static dev.weft.op.Operands.require;
import static dev.weft.op.Operands.shape;
import static dev.weft.op.Operands.type;

import dev.weft.op.expr.Cell;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** What the ops of sequences check of their operands, and their gradient rule. */
final class Sequences {
    private Sequences() {}

    /**
     * Checks what both directions read.
     *
     * @param y one of the tensors {@code [N,T,H]}
     * @param x the inputs or their gradient
     */
    static void check(
            String layer, Cell cell, TensorRef y, TensorRef x, List<TensorRef> w, TensorRef v, TensorRef lengths) {
        require(y.shape().rank() == 3, layer, "recurrence needs sequences [N,T,H], got", y);
        int units = y.shape().get(2);
        shape(layer, x, Shape.of(y.shape().get(0), y.shape().get(1), cell.inputs() * units));
        require(
                w.size() == cell.groups().size(),
                layer,
                "cell " + cell + " has " + cell.groups().size() + " matrices of recurrent weights, got",
                w.toArray(TensorRef[]::new));
        for (int i = 0; i < w.size(); i++) {
            shape(layer, w.get(i), Shape.of(cell.groups().get(i).products().size() * units, units));
        }
        int own = cell.weights().size();
        require((v == null) == (own == 0), layer, "cell " + cell + " has " + own + " weights of a unit, for", y);
        if (v != null) {
            shape(layer, v, Shape.of(own * units));
        }
        if (lengths != null) {
            type(layer, lengths, DType.I32);
            Operands.rows(layer, y, lengths);
        }
    }

    /** One tensor {@code [N,H]} for each state, or none. */
    static void ofStates(String layer, Cell cell, TensorRef y, List<TensorRef> states) {
        require(
                states.isEmpty() || states.size() == cell.states(),
                layer,
                "cell " + cell + " has " + cell.states() + " states, got",
                states.toArray(TensorRef[]::new));
        states.forEach(state ->
                shape(layer, state, Shape.of(y.shape().get(0), y.shape().get(2))));
    }

    /** So many tensors of y's shape, or none. */
    static void ofSteps(String layer, TensorRef y, List<TensorRef> values, int count) {
        require(
                values.isEmpty() || values.size() == count,
                layer,
                "needs " + count + " tensors of all steps, got",
                values.toArray(TensorRef[]::new));
        values.forEach(each -> shape(layer, each, y.shape()));
    }

    static void gradients(
            String layer, Cell cell, TensorRef y, TensorRef x, TensorRef dx, List<TensorRef> dproducts, TensorRef dv) {
        int units = y.shape().get(2);
        require(
                (x != null) == cell.gradientsReadInputs(),
                layer,
                "gradients of " + cell + " read its inputs, or not:",
                dx);
        if (x != null) {
            shape(layer, x, dx.shape());
        }
        require(
                dproducts.size()
                        == (cell.inputGradientsAreThoseOfProducts()
                                ? 0
                                : cell.groups().size()),
                layer,
                "cell " + cell + " has other gradients of products than",
                dproducts.toArray(TensorRef[]::new));
        for (int i = 0; i < dproducts.size(); i++) {
            int products = cell.groups().get(i).products().size();
            shape(layer, dproducts.get(i), Shape.of(y.shape().get(0), y.shape().get(1), products * units));
        }
        require((dv == null) == cell.weights().isEmpty(), layer, "weights of units have a gradient:", dx);
        if (dv != null) {
            shape(layer, dv, Shape.of(y.shape().get(0), cell.weights().size() * units));
        }
    }

    static void backward(Op.Recurrence op, Gradients g) {
        String layer = op.layer();
        Cell cell = op.cell();
        require(!op.previous().isEmpty(), layer, "keeps nothing for the gradients:", op.y());
        boolean ofOutputs = g.has(op.y());
        boolean ofLast = op.last().stream().anyMatch(g::has);
        TensorRef dy = ofOutputs || !ofLast ? g.of(op.y()) : null;
        List<TensorRef> dlast = ofLast ? op.last().stream().map(g::of).toList() : List.of();
        // two layers whose outputs are added up have one gradient
        String name = (dy != null ? dy : dlast.get(0)).name() + "/" + op.y().name();
        Shape steps = op.y().shape();
        TensorRef dx = op.x().like(name + ".inputs");
        List<TensorRef> dproducts = new ArrayList<>();
        for (int i = 0; i < cell.groups().size() && !cell.inputGradientsAreThoseOfProducts(); i++) {
            int products = cell.groups().get(i).products().size();
            Shape shape = Shape.of(steps.get(0), steps.get(1), products * op.units());
            dproducts.add(TensorRef.batched(name + ".products" + (i + 1), DType.REAL, shape));
        }
        TensorRef dv = op.v() == null
                ? null
                : TensorRef.batched(
                        name + ".weights",
                        DType.REAL,
                        Shape.of(steps.get(0), op.v().elements()));
        List<TensorRef> dstart = new ArrayList<>();
        op.start().forEach(state -> dstart.add(state.like(name + ".start" + (dstart.size() + 1))));
        g.emit(new Op.RecurrenceBackward(
                layer,
                cell,
                op.reverse(),
                cell.gradientsReadInputs() ? op.x() : null,
                op.w(),
                op.v(),
                op.lengths(),
                op.previous(),
                op.kept(),
                dy,
                dlast,
                dx,
                dproducts,
                dv,
                dstart));
        g.pass(op.x(), dx);
        for (int i = 0; i < cell.groups().size(); i++) {
            TensorRef vector = vector(cell.groups().get(i).vector(), op);
            TensorRef dproduct = dproducts.isEmpty() ? dx : dproducts.get(i);
            g.add(op.w().get(i), dw -> new Op.MatMul(layer, dproduct, vector, true, false, dw));
        }
        if (dv != null) {
            g.add(op.v(), sum -> new Op.Reduce(layer, Op.Reduction.SUM, dv, 0, 1, sum));
        }
        for (int i = 0; i < dstart.size(); i++) {
            g.pass(op.start().get(i), dstart.get(i));
        }
    }

    private static TensorRef vector(Cell.Value value, Op.Recurrence op) {
        return value.source() == Cell.Source.STATE
                ? op.previous().get(value.index())
                : op.kept().get(value.index());
    }
}
