package dev.weft.layer;

import dev.weft.Quote;
import dev.weft.WeftException;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Step;
import dev.weft.op.expr.Expr;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The recurrent cells of the field. Below, {@code x} is the step's input, {@code h} the output of the step before, and every
 * {@code W}, {@code R} is a matrix of its own, every {@code b} and {@code p} a vector with an element for each unit; products with {@code p} are
 * element by element.
 */
public final class Cells {
    private static final Map<String, Cell> KNOWN = new LinkedHashMap<>();

    static {
        List.of(rnn(), rnnRelu(), lstm(), lstmPeepholes(), lstmOfStates(), gru(), gruOriginal())
                .forEach(cell -> KNOWN.put(cell.name(), cell));
    }

    private Cells() {}

    /** Elman's network (Elman 1990, doi 10.1207/s15516709cog1402_1): {@code h' = tanh(W x + R h + b)}. */
    public static Cell rnn() {
        return Cell.of("rnn", 1, s -> List.of(s.gate(s.state(0)).tanh()));
    }

    /** The same with {@code max(0, .)} (Le, Jaitly and Hinton 2015, arXiv 1504.00941). */
    public static Cell rnnRelu() {
        return Cell.of("rnn-relu", 1, s -> List.of(Expr.constant(0).max(s.gate(s.state(0)))));
    }

    /**
     * Long short-term memory (Hochreiter and Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735) with a forget gate (Gers,
     * Schmidhuber and Cummins 2000, doi 10.1162/089976600300015015): {@code i, f, o = sigmoid(W x + R h + b)},
     * {@code g = tanh(W x + R h + b)}, {@code c' = f c + i g}, {@code h' = o tanh(c')}. The rows of the weights are those of i, f,
     * g and o, in this order. The forget gate's bias begins at 1 (Jozefowicz, Zaremba and Sutskever 2015).
     */
    public static Cell lstm() {
        return Cell.of("lstm", 2, s -> {
            Expr h = s.state(0);
            Expr i = s.gate(h).sigmoid();
            Expr f = forget(s, h).sigmoid();
            Expr g = s.gate(h).tanh();
            Expr o = s.gate(h).sigmoid();
            return output(o, f.times(s.state(1)).plus(i.times(g)));
        });
    }

    /**
     * The long short-term memory with peepholes of Gers, Schraudolph and Schmidhuber (2002, Learning precise timing with LSTM
     * recurrent networks): {@code i, f = sigmoid(W x + R h + p c + b)}, {@code g = tanh(W x + R h + b)}, {@code c' = f c + i g},
     * {@code o = sigmoid(W x + R h + p c' + b)}, {@code h' = o tanh(c')}.
     */
    public static Cell lstmPeepholes() {
        return Cell.of("lstm-peepholes", 2, s -> {
            Expr h = s.state(0);
            Expr c = s.state(1);
            Expr i = s.gate(h).plus(s.weight(0).times(c)).sigmoid();
            Expr f = forget(s, h).plus(s.weight(0).times(c)).sigmoid();
            Expr g = s.gate(h).tanh();
            Expr next = f.times(c).plus(i.times(g));
            Expr o = s.gate(h).plus(s.weight(0).times(next)).sigmoid();
            return output(o, next);
        });
    }

    /**
     * A form in which the gates read the cell's state and no output: {@code i, f, o = sigmoid(W x + R c + b)},
     * {@code c' = f c + i sigmoid(W x + b)}, {@code h' = o tanh(c')}.
     */
    public static Cell lstmOfStates() {
        return Cell.of("lstm-of-states", 2, s -> {
            Expr c = s.state(1);
            Expr i = s.gate(c).sigmoid();
            Expr f = forget(s, c).sigmoid();
            Expr g = s.input().plus(s.weight(0)).sigmoid();
            Expr o = s.gate(c).sigmoid();
            return output(o, f.times(c).plus(i.times(g)));
        });
    }

    /**
     * Gated recurrent unit, in the form that libraries compute in one product: {@code r, z = sigmoid(W x + R h + b)},
     * {@code n = tanh(W x + b + r (R h + b))}, {@code h' = (1 - z) n + z h}. The rows of the weights are those of r, z and n, in
     * this order.
     */
    public static Cell gru() {
        return Cell.of("gru", 1, s -> {
            Expr h = s.state(0);
            Expr r = s.gate(h).sigmoid();
            Expr z = s.gate(h).sigmoid();
            Expr n = s.input()
                    .plus(s.weight(0))
                    .plus(r.times(s.product(h).plus(s.weight(0))))
                    .tanh();
            return List.of(mixed(z, n, h));
        });
    }

    /**
     * Gated recurrent unit as published (Cho et al. 2014, arXiv 1406.1078): {@code r, z = sigmoid(W x + R h + b)},
     * {@code n = tanh(W x + R (r h) + b)}, {@code h' = (1 - z) n + z h}.
     */
    public static Cell gruOriginal() {
        return Cell.of("gru-original", 1, s -> {
            Expr h = s.state(0);
            Expr r = s.gate(h).sigmoid();
            Expr z = s.gate(h).sigmoid();
            Expr n = s.gate(r.times(h)).tanh();
            return List.of(mixed(z, n, h));
        });
    }

    /** All cells that are known by their names. */
    public static synchronized List<Cell> all() {
        return List.copyOf(KNOWN.values());
    }

    /**
     * Makes a cell of one's own known by its name, so that model files can name it. Doing so again changes nothing.
     *
     * @throws WeftException if another cell has that name
     */
    public static synchronized void register(Cell cell) {
        Cell other = KNOWN.putIfAbsent(cell.name(), cell);
        if (other != null && !other.equals(cell)) {
            throw new WeftException("another cell is named %s; take another name".formatted(Quote.text(cell.name())));
        }
    }

    /**
     * A cell by its name.
     *
     * @throws WeftException if there is none of that name; the message lists them
     */
    public static synchronized Cell of(String name) {
        Cell cell = KNOWN.get(name);
        if (cell == null) {
            throw new WeftException(
                    "no recurrent cell is named %s; there are %s".formatted(Quote.text(name), KNOWN.keySet()));
        }
        return cell;
    }

    /**
     * The cell with one state more, which stays as it begins: products of the output take it times that state. With a mask of
     * dropout as its first value, this is the dropout of recurrent connections whose mask is the same in all steps (Gal and
     * Ghahramani 2016, arXiv 1512.05287).
     */
    static Cell masked(Cell cell) {
        int states = cell.states();
        return Cell.of(cell.name() + " masked", states + 1, s -> {
            Expr mask = s.state(states);
            Expr output = s.state(0).times(mask);
            List<Expr> next = new ArrayList<>(cell.formula().next(new Step() {
                @Override
                public Expr state(int index) {
                    return s.state(index);
                }

                @Override
                public Expr input() {
                    return s.input();
                }

                @Override
                public Expr product(Expr vector) {
                    return s.product(vector == s.state(0) ? output : vector);
                }

                @Override
                public Expr weight(double initial) {
                    return s.weight(initial);
                }
            }));
            next.add(mask);
            return next;
        });
    }

    private static Expr forget(Step s, Expr vector) {
        return s.input().plus(s.product(vector)).plus(s.weight(1));
    }

    private static List<Expr> output(Expr gate, Expr state) {
        return List.of(gate.times(state.tanh()), state);
    }

    /** {@code (1 - z) n + z h}. */
    private static Expr mixed(Expr z, Expr n, Expr h) {
        return n.plus(z.times(h.minus(n)));
    }
}
