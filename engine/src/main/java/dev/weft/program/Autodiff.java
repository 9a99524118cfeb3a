package dev.weft.program;

import dev.weft.WeftException;
import dev.weft.op.Gradients;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Reverse-mode differentiation of a list of ops: walks it backwards and lets every op emit the ops that compute the
 * gradients of its inputs. A tensor that several ops read gets the sum of their contributions.
 */
public class Autodiff implements Gradients {
    private final Map<TensorRef, TensorRef> destinations;
    private final List<Op> ops = new ArrayList<>();
    private final Map<TensorRef, TensorRef> gradients = new HashMap<>();
    private final Map<TensorRef, List<TensorRef>> contributions = new HashMap<>();
    private final Map<TensorRef, Integer> uses = new HashMap<>();
    private final Set<TensorRef> needed;
    /** Outputs of the current op whose gradients its rule has not asked for. */
    private final List<TensorRef> unused = new ArrayList<>();

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
        return new Autodiff(forward, loss, destinations).run(forward, loss, dloss);
    }

    /** Finds which tensors need a gradient and how many contributions each will get; the arguments are those of {@link #backward}. */
    protected Autodiff(List<Op> forward, TensorRef loss, Map<TensorRef, TensorRef> destinations) {
        this.destinations = destinations;
        this.needed = new HashSet<>(destinations.keySet());
        for (Op op : forward) {
            if (op.inputs().stream().anyMatch(needed::contains)) {
                op.outputs().stream().filter(y -> y.type() == DType.REAL).forEach(needed::add);
            }
        }
        Set<TensorRef> leadToLoss = new HashSet<>(Set.of(loss));
        for (int i = forward.size() - 1; i >= 0; i--) {
            Op op = forward.get(i);
            if (op.outputs().stream().anyMatch(leadToLoss::contains)) {
                if (!(op instanceof Op.Differentiable) && op.inputs().stream().anyMatch(needed::contains)) {
                    throw withoutRule(op, "");
                }
                leadToLoss.addAll(op.inputs());
                op.inputs().forEach(x -> uses.merge(x, 1, Integer::sum));
            }
        }
    }

    /** Walks the ops backwards; the arguments are those of {@link #backward}. */
    protected final List<Op> run(List<Op> forward, TensorRef loss, TensorRef dloss) {
        gradients.put(loss, dloss);
        for (int i = forward.size() - 1; i >= 0; i--) {
            if (forward.get(i) instanceof Op.Differentiable op
                    && op.outputs().stream().anyMatch(gradients::containsKey)
                    && op.inputs().stream().anyMatch(needed::contains)) {
                applyRule(op);
            }
        }
        for (TensorRef x : destinations.keySet()) {
            if (!gradients.containsKey(x)) {
                throw new WeftException(x + " does not affect the loss, so it cannot be trained");
            }
        }
        return ops;
    }

    /** Emits what the op's rule says. Every gradient that has arrived must be used, and every input must get what it needs. */
    private void applyRule(Op.Differentiable op) {
        current = op;
        unused.clear();
        op.outputs().stream().filter(gradients::containsKey).forEach(unused::add);
        Map<TensorRef, Integer> expected = new LinkedHashMap<>();
        op.inputs().stream().filter(needed::contains).forEach(x -> expected.merge(x, 1, Integer::sum));
        expected.replaceAll((x, times) -> count(x) + times);
        op.backward(this);
        expected.forEach((x, contributions) -> {
            if (count(x) < contributions) {
                throw withoutRule(op, " for " + x);
            }
        });
        if (!unused.isEmpty()) {
            throw withoutRule(op, " for " + unused.get(0));
        }
    }

    private static WeftException withoutRule(Op op, String operand) {
        return new WeftException(
                ("%s has no gradient rule%s, so parameters before it cannot be trained: make the layer of ops that have"
                                + " one (Op.Differentiable)")
                        .formatted(Program.describe(op), operand));
    }

    @Override
    public TensorRef of(TensorRef y) {
        TensorRef dy = gradients.get(y);
        if (dy == null) {
            throw withoutRule(current, " for " + unused.get(0));
        }
        unused.remove(y);
        return dy;
    }

    @Override
    public void emit(Op op) {
        ops.add(op);
    }

    @Override
    public void add(TensorRef x, Function<TensorRef, Op> op) {
        if (needed.contains(x)) {
            TensorRef dx = uses.get(x) == 1 ? destination(x) : x.like("d(" + x.name() + ")#" + count(x));
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

    private int count(TensorRef x) {
        return contributions.getOrDefault(x, List.of()).size();
    }

    private TensorRef destination(TensorRef x) {
        TensorRef wanted = destinations.get(x);
        return wanted == null ? x.like("d(" + x.name() + ")") : wanted;
    }

    /** Once all contributions have arrived, the gradient of x is their sum. */
    private void contribute(TensorRef x, TensorRef dx) {
        List<TensorRef> all = contributions.computeIfAbsent(x, key -> new ArrayList<>());
        all.add(dx);
        if (all.size() < uses.get(x)) {
            return;
        }
        TensorRef sum = all.get(0);
        for (int i = 1; i < all.size(); i++) {
            boolean last = i == all.size() - 1;
            TensorRef next = last ? destination(x) : x.like("d(" + x.name() + ")+" + i);
            ops.add(new Op.Add(current.layer(), sum, all.get(i), next));
            sum = next;
        }
        TensorRef wanted = destinations.get(x);
        if (wanted != null && !sum.equals(wanted)) {
            ops.add(new Op.Reshape(current.layer(), sum, wanted));
        }
        gradients.put(x, wanted == null ? sum : wanted);
    }
}
