package dev.weft.program;

import dev.weft.WeftException;
import dev.weft.op.Gradients;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reverse-mode differentiation of a list of ops: walks it backwards and lets every op emit the ops that compute the
 * gradients of its inputs. A tensor that several ops read gets the sum of their contributions, added up as they arrive; how
 * many there will be, so that the last sum goes where the gradient is wanted, is counted first by a walk that emits nothing.
 * An output that no other op reads has the gradient zero.
 */
public class Autodiff implements Gradients {
    private final String d;
    private final Map<TensorRef, TensorRef> destinations;
    private final Set<TensorRef> needed;
    /** Contributions to each gradient: those that will arrive, and those that have. */
    private final Map<TensorRef, Integer> expected = new HashMap<>();

    private final Map<TensorRef, Integer> arrived = new HashMap<>();
    /** Sums of the contributions so far; once all have arrived, the gradients. */
    private final Map<TensorRef, TensorRef> gradients = new HashMap<>();

    private final List<Op> ops = new ArrayList<>();
    private Op.Differentiable current;

    /**
     * Differentiates {@code forward}.
     *
     * @param forward the ops from the inputs to {@code loss}, in order
     * @param loss the tensor whose gradient is known
     * @param dloss its gradient
     * @param destinations for each tensor whose gradient is wanted, where to write it
     * @return the backward ops
     * @throws WeftException if a wanted gradient would have to pass an op that has no rule for it, or a tensor does not
     *     affect the loss
     */
    public static List<Op> backward(
            List<Op> forward, TensorRef loss, TensorRef dloss, Map<TensorRef, TensorRef> destinations) {
        return backward(forward, loss, dloss, destinations, Set.of(), "d");
    }

    /**
     * Differentiates, where a program holds several derivatives or values that count as constant.
     *
     * @param constants take no gradient, and pass none on
     * @param d the gradient of {@code x} is named {@code d(x)}, with another name for each differentiation of a program
     */
    static List<Op> backward(
            List<Op> forward,
            TensorRef loss,
            TensorRef dloss,
            Map<TensorRef, TensorRef> destinations,
            Set<TensorRef> constants,
            String d) {
        return new Autodiff(forward, loss, destinations, constants, d).run(forward, loss, dloss);
    }

    /** The tensors that {@code y} is computed from by these ops, itself included, and none behind a constant. */
    static Set<TensorRef> leadingTo(TensorRef y, List<Op> ops, Set<TensorRef> constants) {
        Set<TensorRef> leading = new HashSet<>(Set.of(y));
        for (int i = ops.size() - 1; i >= 0; i--) {
            if (ops.get(i).outputs().stream().anyMatch(x -> leading.contains(x) && !constants.contains(x))) {
                leading.addAll(ops.get(i).inputs());
            }
        }
        return leading;
    }

    /** Finds which tensors need a gradient and how many contributions each will get; the arguments are those of {@link #backward}. */
    protected Autodiff(List<Op> forward, TensorRef loss, Map<TensorRef, TensorRef> destinations) {
        this(forward, loss, destinations, Set.of(), "d");
    }

    private Autodiff(
            List<Op> forward,
            TensorRef loss,
            Map<TensorRef, TensorRef> destinations,
            Set<TensorRef> constants,
            String d) {
        this.d = d;
        this.destinations = destinations;
        this.needed = new HashSet<>(destinations.keySet());
        for (Op op : forward) {
            if (op.inputs().stream().anyMatch(needed::contains)) {
                op.outputs().stream()
                        .filter(y -> y.type() == DType.REAL && !constants.contains(y))
                        .forEach(needed::add);
            }
        }
        Set<TensorRef> leading = leadingTo(loss, forward, constants);
        for (int i = forward.size() - 1; i >= 0; i--) {
            Op op = forward.get(i);
            if (!(op instanceof Op.Differentiable)
                    && op.inputs().stream().anyMatch(needed::contains)
                    && op.outputs().stream().anyMatch(y -> leading.contains(y) && needed.contains(y))) {
                throw withoutRule(op, "");
            }
        }
        new Count(loss).walk(forward);
        for (TensorRef x : destinations.keySet()) {
            if (!expected.containsKey(x)) {
                throw new WeftException(x + " does not affect the loss, so it cannot be trained");
            }
        }
    }

    /** Walks the ops backwards; the arguments are those of {@link #backward}. */
    protected final List<Op> run(List<Op> forward, TensorRef loss, TensorRef dloss) {
        gradients.put(loss, dloss);
        for (int i = forward.size() - 1; i >= 0; i--) {
            if (forward.get(i) instanceof Op.Differentiable op && isDifferentiated(op, gradients.keySet())) {
                current = op;
                op.backward(this);
            }
        }
        return ops;
    }

    private boolean isDifferentiated(Op op, Set<TensorRef> withGradient) {
        return op.outputs().stream().anyMatch(withGradient::contains)
                && op.inputs().stream().anyMatch(needed::contains);
    }

    /** Counts what the rules contribute. Every gradient that has arrived must be used, and every input must get what it needs. */
    private final class Count implements Gradients {
        private final Set<TensorRef> withGradient = new HashSet<>();
        private final Set<TensorRef> used = new HashSet<>();

        Count(TensorRef loss) {
            withGradient.add(loss);
        }

        void walk(List<Op> forward) {
            for (int i = forward.size() - 1; i >= 0; i--) {
                if (forward.get(i) instanceof Op.Differentiable op && isDifferentiated(op, withGradient)) {
                    apply(op);
                }
            }
        }

        private void apply(Op.Differentiable op) {
            used.clear();
            Map<TensorRef, Integer> before = Map.copyOf(expected);
            op.backward(this);
            for (TensorRef x : op.inputs()) {
                int needs = needed.contains(x) ? Collections.frequency(op.inputs(), x) : 0;
                if (expected.getOrDefault(x, 0) < before.getOrDefault(x, 0) + needs) {
                    throw withoutRule(op, " for " + x);
                }
            }
            for (TensorRef y : op.outputs()) {
                if (withGradient.contains(y) && !used.contains(y)) {
                    throw withoutRule(op, " for " + y);
                }
            }
        }

        @Override
        public TensorRef of(TensorRef y) {
            used.add(y);
            return gradient(y);
        }

        @Override
        public boolean has(TensorRef y) {
            return withGradient.contains(y);
        }

        @Override
        public void add(TensorRef x, Function<TensorRef, Op> op) {
            if (needed.contains(x)) {
                // asks for the gradients that it reads
                op.apply(gradient(x));
                contribute(x);
            }
        }

        @Override
        public void pass(TensorRef x, TensorRef dx) {
            if (needed.contains(x)) {
                contribute(x);
            }
        }

        private void contribute(TensorRef x) {
            expected.merge(x, 1, Integer::sum);
            withGradient.add(x);
        }

        @Override
        public void emit(Op op) {}
    }

    private static WeftException withoutRule(Op op, String operand) {
        return new WeftException(
                ("%s has no gradient rule%s, so parameters before it cannot be trained: make the layer of ops that have"
                                + " one (Op.Differentiable)")
                        .formatted(Program.describe(op), operand));
    }

    @Override
    public TensorRef of(TensorRef y) {
        return gradients.computeIfAbsent(y, nobodyReads -> {
            TensorRef dy = gradient(y);
            ops.add(new Op.Fill(current.layer(), 0, dy));
            return dy;
        });
    }

    @Override
    public boolean has(TensorRef y) {
        return gradients.containsKey(y);
    }

    @Override
    public void emit(Op op) {
        ops.add(op);
    }

    @Override
    public void add(TensorRef x, Function<TensorRef, Op> op) {
        if (needed.contains(x)) {
            boolean single = expected.get(x) == 1;
            TensorRef dx = single ? destination(x) : x.like(gradient(x).name() + "#" + arrived.getOrDefault(x, 0));
            ops.add(op.apply(dx));
            contribute(x, dx);
        }
    }

    @Override
    public void pass(TensorRef x, TensorRef dx) {
        if (needed.contains(x)) {
            contribute(x, dx);
        }
    }

    /** The op whose rule is being applied. */
    protected final Op.Differentiable current() {
        return current;
    }

    /** The backward ops so far. */
    protected final List<Op> ops() {
        return ops;
    }

    private TensorRef gradient(TensorRef x) {
        return x.like(d + "(" + x.name() + ")");
    }

    private TensorRef destination(TensorRef x) {
        return destinations.getOrDefault(x, gradient(x));
    }

    /** Adds a contribution to those that have arrived; the sum with the last one is the gradient. */
    private void contribute(TensorRef x, TensorRef dx) {
        int number = arrived.merge(x, 1, Integer::sum);
        boolean last = number == expected.get(x);
        TensorRef sum = dx;
        if (number > 1) {
            sum = last ? destination(x) : x.like(gradient(x).name() + "+" + (number - 1));
            ops.add(new Op.Add(current.layer(), gradients.get(x), dx, sum));
        }
        TensorRef wanted = destinations.get(x);
        if (last && wanted != null && !sum.equals(wanted)) {
            ops.add(new Op.Reshape(current.layer(), sum, wanted));
            sum = wanted;
        }
        gradients.put(x, sum);
    }
}
