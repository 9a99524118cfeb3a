package dev.weft.conformance;

import dev.weft.op.Gradients;
import dev.weft.op.Op;
import dev.weft.program.Autodiff;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Differentiation that remembers which op each gradient rule emitted for each input. Where a rule passes a gradient on as
 * it is, a copy is emitted, so that every rule has an op of its own.
 */
final class RecordingAutodiff extends Autodiff {
    private final Map<String, List<Op>> emitted = new LinkedHashMap<>();
    private final List<Op> backward;

    RecordingAutodiff(List<Op> forward, TensorRef y, TensorRef dy, Map<TensorRef, TensorRef> destinations) {
        super(forward, y, destinations);
        backward = run(forward, y, dy);
    }

    /** The backward ops. */
    List<Op> backward() {
        return backward;
    }

    /** The ops that each rule emitted. */
    Map<String, List<Op>> emitted() {
        return emitted;
    }

    @Override
    public void add(TensorRef x, Function<TensorRef, Op> op) {
        super.add(x, dx -> record(x, op.apply(dx)));
    }

    @Override
    public void pass(TensorRef x, TensorRef dx) {
        TensorRef copy = x.like("copy %d of %s".formatted(ops().size(), dx.name()));
        ops().add(record(x, new Op.Reshape(current().layer(), dx, copy)));
        super.pass(x, copy);
    }

    private Op record(TensorRef x, Op op) {
        emitted.computeIfAbsent(rule(current(), x), key -> new ArrayList<>()).add(op);
        return op;
    }

    /** Names the rule for an input: {@code matmul a b' input 1}. Transposes and functions have formulas of their own. */
    static String rule(Op.Differentiable op, TensorRef x) {
        boolean variants = op instanceof Op.MatMul
                || op instanceof Op.Activation
                || op instanceof Op.Reduce
                || op instanceof Op.Recurrence;
        return op.name() + (variants ? " " + op.attributes() : "") + " input "
                + op.inputs().indexOf(x);
    }

    /** The rules that an op has. */
    static Set<String> rules(Op.Differentiable op) {
        Set<String> rules = new TreeSet<>();
        op.backward(new Gradients() {
            @Override
            public TensorRef of(TensorRef y) {
                return y.like("d(" + y.name() + ")");
            }

            @Override
            public boolean has(TensorRef y) {
                return true;
            }

            @Override
            public void add(TensorRef x, Function<TensorRef, Op> rule) {
                rules.add(rule(op, x));
            }

            @Override
            public void emit(Op written) {}

            @Override
            public void pass(TensorRef x, TensorRef dx) {
                rules.add(rule(op, x));
            }
        });
        return rules;
    }
}
