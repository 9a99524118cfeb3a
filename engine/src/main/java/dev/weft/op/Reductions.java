package dev.weft.op;

import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.stream.IntStream;

/** The gradients of reductions, and sums over axes that are no neighbours. */
final class Reductions {
    private static final Function PASS = Function.of("pass", dy -> dy);

    /** A gradient where the row's weight is above 0, else 0. */
    private static final Function PASS_VALID =
            Function.of("pass valid", (dy, weight) -> Expr.constant(0).lessThan(weight, dy, Expr.constant(0)));

    private static final Function EQUAL = Function.of(
            "equal", (a, b) -> a.lessThan(b, Expr.constant(0), b.lessThan(a, Expr.constant(0), Expr.constant(1))));

    private Reductions() {}

    /** Emits all but the last of the ops that sum up {@code x} over the axes which are not kept; the last writes {@code y}. */
    static Op toAxes(String layer, TensorRef x, List<Integer> kept, TensorRef y, Gradients g) {
        int to = x.shape().rank();
        while (kept.contains(to - 1)) {
            to--;
        }
        int from = to;
        while (from > 0 && !kept.contains(from - 1)) {
            from--;
        }
        if (kept.size() == x.shape().rank() - (to - from)) {
            return new Op.Reduce(layer, Op.Reduction.SUM, x, from, to, y);
        }
        TensorRef part = Operands.reduced(x, y.name() + ".to" + from, from, to);
        g.emit(new Op.Reduce(layer, Op.Reduction.SUM, x, from, to, part));
        int first = from;
        int gone = to - from;
        List<Integer> left =
                kept.stream().map(axis -> axis < first ? axis : axis - gone).toList();
        return toAxes(layer, part, left, y, g);
    }

    /** Emits all but the last of the ops that compute the gradient of a reduction's operand. */
    static Op gradient(Op.Reduce op, TensorRef dy, TensorRef dx, Gradients g) {
        List<Integer> kept = IntStream.range(0, op.x().shape().rank())
                .filter(axis -> axis < op.from() || axis >= op.to())
                .boxed()
                .toList();
        return switch (op.reduction()) {
            case SUM -> pass(op, dy, kept, dx, g);
            case MEAN -> mean(op, dy, kept, dx, g);
            case MAX -> max(op, dy, kept, dx, g);
        };
    }

    private static Op pass(Op.Reduce op, TensorRef dy, List<Integer> kept, TensorRef dx, Gradients g) {
        if (!op.reducesBatch()) {
            return new Op.Map(op.layer(), PASS, List.of(dy), List.of(kept), dx);
        }
        TensorRef weights = rowWeights(op, dx, g);
        return new Op.Map(op.layer(), PASS_VALID, List.of(dy, weights), List.of(kept, List.of(0)), dx);
    }

    private static Op mean(Op.Reduce op, TensorRef dy, List<Integer> kept, TensorRef dx, Gradients g) {
        long terms = op.x().shape().elements() / op.y().shape().elements();
        if (!op.reducesBatch()) {
            Function share = Function.of("share", x -> x.over(terms));
            return new Op.Map(op.layer(), share, List.of(dy), List.of(kept), dx);
        }
        long ofRow = terms / op.x().shape().get(0);
        Function share = Function.of("share", (x, weight) -> x.times(weight).over(ofRow));
        return new Op.Map(op.layer(), share, List.of(dy, rowWeights(op, dx, g)), List.of(kept, List.of(0)), dx);
    }

    private static Op max(Op.Reduce op, TensorRef dy, List<Integer> kept, TensorRef dx, Gradients g) {
        List<Integer> all = Operands.allAxes(op.x());
        String layer = op.layer();
        TensorRef equal = op.x().like(dx.name() + ".equal");
        g.emit(new Op.Map(layer, EQUAL, List.of(op.x(), op.y()), List.of(all, kept), equal));
        if (op.reducesBatch()) {
            TensorRef valid = op.x().like(dx.name() + ".valid");
            TensorRef weights = rowWeights(op, dx, g);
            g.emit(new Op.Map(layer, PASS_VALID, List.of(equal, weights), List.of(all, List.of(0)), valid));
            equal = valid;
        }
        TensorRef count = op.y().like(dx.name() + ".count");
        g.emit(new Op.Reduce(layer, Op.Reduction.SUM, equal, op.from(), op.to(), count));
        TensorRef share = op.y().like(dx.name() + ".share");
        g.emit(Op.Map.of(layer, Functions.DIVIDE, share, dy, count));
        return new Op.Map(layer, Functions.MULTIPLY, List.of(equal, share), List.of(all, kept), dx);
    }

    /** One divided by the number of the batch's valid rows for each of them, and 0 for the others. */
    private static TensorRef rowWeights(Op.Reduce op, TensorRef dx, Gradients g) {
        TensorRef one = TensorRef.unbatched(dx.name() + ".one", DType.REAL, Shape.of(1));
        TensorRef weights = TensorRef.batched(
                dx.name() + ".weights", DType.REAL, Shape.of(op.x().shape().get(0)));
        g.emit(new Op.Fill(op.layer(), 1, one));
        g.emit(new Op.BatchMeanBackward(op.layer(), one, weights));
        return weights;
    }
}
