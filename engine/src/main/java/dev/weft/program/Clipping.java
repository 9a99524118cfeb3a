package dev.weft.program;

import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.optim.Clip;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.Collections;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The ops that limit the norm of gradients. The norm is {@code m sqrt(sum of (g / m)^2)} with the largest absolute value m, so
 * that gradients whose squares, or whose norm, are too large for a float are clipped like others. What is below the limit
 * stays as it is, to the bit.
 *
 * @param layer that the ops belong to
 * @param network whose gradients they are, for the names of tensors
 */
record Clipping(String layer, String network, Clip clip, Consumer<Op> emit) {
    private static final Function SIZE = Function.of("abs", Expr::abs);

    /** {@code (g / m)^2}; 0 where m is. */
    private static final Function SQUARE = Function.of("square of share", (g, m) -> {
        Expr share = g.over(m);
        return Expr.constant(0).lessThan(m, share.square(), Expr.constant(0));
    });

    /** Gradients that are clipped, for flat ranges of gradients: the same where nothing is to be clipped. */
    List<TensorRef> clip(List<TensorRef> gradients) {
        return switch (clip.scope()) {
            case NOTHING -> gradients;
            case ALL -> scaled(gradients, 0);
            case PARAMETER ->
                IntStream.range(0, gradients.size())
                        .mapToObj(i -> scaled(List.of(gradients.get(i)), i).get(0))
                        .toList();
        };
    }

    private List<TensorRef> scaled(List<TensorRef> gradients, int number) {
        List<TensorRef> largest = IntStream.range(0, gradients.size())
                .mapToObj(i -> reduce(
                        "largest", number + i, Op.Reduction.MAX, map("size", number + i, SIZE, gradients.get(i))))
                .toList();
        TensorRef m = all("largest of all", number, Expr::max, largest);
        List<TensorRef> sums = IntStream.range(0, gradients.size())
                .mapToObj(i -> reduce(
                        "sum", number + i, Op.Reduction.SUM, map("square", number + i, SQUARE, gradients.get(i), m)))
                .toList();
        Function share = Function.of("limit", sum -> Expr.constant(clip.limit()).over(sum.sqrt()));
        TensorRef most = map("limit", number, share, all("sum of all", number, Expr::plus, sums));
        Function clipped = Function.of("clip to " + clip.limit(), 3, x -> clipped(x.get(0), x.get(1), x.get(2)));
        return IntStream.range(0, gradients.size())
                .mapToObj(i -> map("clipped", number + i, clipped, gradients.get(i), m, most))
                .toList();
    }

    /** {@code g / m} times the largest absolute value that may stay, where that is below m. */
    private static Expr clipped(Expr g, Expr m, Expr most) {
        return most.lessThan(m, g.over(m).times(most), g);
    }

    private TensorRef all(String name, int number, BinaryOperator<Expr> join, List<TensorRef> numbers) {
        if (numbers.size() == 1) {
            return numbers.get(0);
        }
        Function joined =
                Function.of(name, numbers.size(), x -> x.stream().reduce(join).orElseThrow());
        return map(name, number, joined, numbers.toArray(TensorRef[]::new));
    }

    /** A function of the first tensor and of others that are like it or one number. */
    private TensorRef map(String name, int number, Function function, TensorRef... x) {
        TensorRef y = x[0].like(named(name, number));
        List<List<Integer>> axes = IntStream.range(0, x.length)
                .mapToObj(k -> x[k].shape().equals(x[0].shape()) ? List.of(0) : Collections.<Integer>emptyList())
                .toList();
        emit.accept(new Op.Map(layer, function, List.of(x), axes, y));
        return y;
    }

    private TensorRef reduce(String name, int number, Op.Reduction reduction, TensorRef x) {
        TensorRef y = TensorRef.unbatched(named(name, number), DType.REAL, Shape.of(1));
        emit.accept(new Op.Reduce(layer, reduction, x, 0, 1, y));
        return y;
    }

    private String named(String name, int number) {
        return "%s of %s: %s %d".formatted(layer, network, name, number);
    }
}
