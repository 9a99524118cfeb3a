package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Cell.Group;
import dev.weft.op.expr.Cell.Single;
import dev.weft.op.expr.Cell.Source;
import dev.weft.op.expr.Cell.Value;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A recurrent layer step by step, of ops that are not made for it: what {@link Op.Recurrence} is compared with. */
final class Unrolled {
    private static final Function STEP =
            Function.of("step", 3, x -> Expr.constant(0).lessThan(x.get(0), x.get(1), x.get(2)));
    private static final Function MASK =
            Function.of("mask", (present, x) -> Expr.constant(0).lessThan(present, x, Expr.constant(0)));

    private final Lowering l;
    private final String part;
    private final Cell cell;
    private final int units;
    private final boolean reverse;
    private final Map<Integer, TensorRef> matrices = new HashMap<>();
    private final Map<Value, TensorRef> values = new HashMap<>();
    private final Map<Integer, TensorRef> presences = new HashMap<>();

    Unrolled(Lowering l, String part, Cell cell, int units, boolean reverse, List<TensorRef> w, TensorRef v) {
        this.l = l;
        this.part = part;
        this.cell = cell;
        this.units = units;
        this.reverse = reverse;
        for (int g = 0; g < w.size(); g++) {
            Group group = cell.groups().get(g);
            for (int i = 0; i < group.products().size(); i++) {
                int product = group.products().get(i);
                TensorRef matrix = whole("matrix" + product, Shape.of(units, units));
                l.emit(new Op.Slice(l.layer(), w.get(g), 0, i * units, matrix));
                matrices.put(product, matrix);
            }
        }
        for (int q = 0; q < cell.weights().size(); q++) {
            TensorRef weight = whole("weight" + q, Shape.of(units));
            l.emit(new Op.Slice(l.layer(), v, 0, q * units, weight));
            values.put(new Value(Source.WEIGHT, q), weight);
        }
    }

    private TensorRef whole(String name, Shape shape) {
        return TensorRef.unbatched(l.layer() + "." + part + name, DType.REAL, shape);
    }

    private TensorRef ofUnits(String name) {
        return l.inner(part + name, Shape.of(units));
    }

    /** Emits all steps. */
    void lower(TensorRef x, List<TensorRef> start, TensorRef lengths, TensorRef y, List<TensorRef> last) {
        int steps = y.shape().get(1);
        TensorRef mask = null;
        if (lengths != null) {
            mask = l.inner(part + "mask", Shape.of(steps));
            l.emit(new Op.SequenceMask(l.layer(), lengths, mask));
        }
        List<TensorRef> states = new ArrayList<>(start);
        for (int k = states.size(); k < cell.states(); k++) {
            TensorRef zero = ofUnits("zero" + k);
            l.emit(new Op.Fill(l.layer(), 0, zero));
            states.add(zero);
        }
        TensorRef[] outputs = new TensorRef[steps];
        for (int i = 0; i < steps; i++) {
            int t = reverse ? steps - 1 - i : i;
            boolean ends = i == steps - 1;
            states = step(t, x, mask, states, ends ? last : null);
            TensorRef output = states.get(0);
            if (mask != null) {
                TensorRef shown = ofUnits("shown" + t);
                l.emit(masked(MASK, shown, present(mask, t), output));
                output = shown;
            }
            outputs[t] = l.inner(part + "output" + t, Shape.of(1, units));
            l.emit(new Op.Reshape(l.layer(), output, outputs[t]));
        }
        l.emit(new Op.Concat(l.layer(), List.of(outputs), 1, y));
    }

    /** The states after a step, in tensors that are given or made. */
    private List<TensorRef> step(int t, TensorRef x, TensorRef mask, List<TensorRef> states, List<TensorRef> results) {
        for (int k = 0; k < states.size(); k++) {
            values.put(new Value(Source.STATE, k), states.get(k));
        }
        TensorRef step = l.inner(part + "step" + t, Shape.of(1, x.shape().last()));
        TensorRef row = l.inner(part + "row" + t, Shape.of(x.shape().last()));
        l.emit(new Op.Slice(l.layer(), x, 1, t, step));
        l.emit(new Op.Reshape(l.layer(), step, row));
        for (int i = 0; i < cell.inputs(); i++) {
            TensorRef input = ofUnits("input" + t + "_" + i);
            l.emit(new Op.Slice(l.layer(), row, 1, i * units, input));
            values.put(new Value(Source.INPUT, i), input);
        }
        for (int product = 0; product < cell.vectors().size(); product++) {
            TensorRef vector = ofUnits("vector" + t + "_" + product);
            emit(cell.vectors().get(product), vector);
            TensorRef result = ofUnits("product" + t + "_" + product);
            l.emit(new Op.MatMul(l.layer(), vector, matrices.get(product), false, true, result));
            values.put(new Value(Source.PRODUCT, product), result);
        }
        List<TensorRef> next = new ArrayList<>();
        for (int k = 0; k < states.size(); k++) {
            TensorRef result = results != null ? results.get(k) : ofUnits("state" + t + "_" + k);
            TensorRef computed = mask == null ? result : ofUnits("computed" + t + "_" + k);
            emit(cell.next().get(k), computed);
            if (mask != null) {
                l.emit(masked(STEP, result, present(mask, t), computed, states.get(k)));
            }
            next.add(result);
        }
        return next;
    }

    private void emit(Single formula, TensorRef y) {
        List<TensorRef> x = formula.reads().stream().map(values::get).toList();
        List<List<Integer>> axes = x.stream()
                .map(operand -> operand.batched() ? List.of(0, 1) : List.of(1))
                .toList();
        l.emit(new Op.Map(l.layer(), formula.function(), x, axes, y));
    }

    /** 1 for the sequences that have a step, else 0. */
    private TensorRef present(TensorRef mask, int t) {
        return presences.computeIfAbsent(t, step -> {
            TensorRef column = l.inner(part + "column" + t, Shape.of(1));
            TensorRef present = l.inner(part + "present" + t, Shape.of());
            l.emit(new Op.Slice(l.layer(), mask, 1, t, column));
            l.emit(new Op.Reshape(l.layer(), column, present));
            return present;
        });
    }

    private Op.Map masked(Function function, TensorRef y, TensorRef present, TensorRef... x) {
        List<TensorRef> operands = new ArrayList<>(List.of(present));
        operands.addAll(List.of(x));
        List<List<Integer>> axes = new ArrayList<>(List.of(List.of(0)));
        for (int i = 0; i < x.length; i++) {
            axes.add(List.of(0, 1));
        }
        return new Op.Map(l.layer(), function, operands, axes, y);
    }
}
