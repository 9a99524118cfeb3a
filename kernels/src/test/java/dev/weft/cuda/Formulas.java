package dev.weft.cuda;

import dev.weft.layer.Activations;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Rule;
import dev.weft.optim.Rules;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Expressions for tests: together they hold everything that {@link PtxWriter} writes. */
final class Formulas {
    private Formulas() {}

    /** The activations, and what they do not hold. */
    static List<Function> functions() {
        return Stream.concat(
                        Activations.names().stream().map(Activations::of),
                        Stream.of(
                                Function.of("erf", Expr::erf),
                                Function.of("sine", Expr::sin),
                                Function.of("cosine", Expr::cos),
                                Function.of("logarithm", Expr::log),
                                Function.of("log1p", Expr::log1p),
                                Function.of("sign", Expr::sign),
                                Function.of("root", Expr::sqrt),
                                Function.of("seven", x -> Expr.constant(7)),
                                Function.of("identity", x -> x)))
                .toList();
    }

    /** With which operands: whole ones, and those that lack axes. */
    static List<Op.Map> maps() {
        List<Op.Map> maps = new ArrayList<>();
        for (Function function : functions()) {
            maps.add(Op.Map.of("map", function, real("y", 5003), real("x", 5003)));
        }
        for (String name : List.of("gelu", "mish")) {
            Function gradient = Activations.of(name).gradient(0);
            maps.add(Op.Map.of("map", gradient, real("y", 5003), real("x", 5003), real("dy", 5003)));
        }
        Function three = Function.of(
                "three",
                3,
                x -> x.get(0).min(x.get(1)).over(x.get(2)).max(x.get(1).sqrt().plus(1)));
        maps.add(map(three, real("y", 60, 7, 12), List.of(List.of(0, 1, 2), List.of(2), List.of())));
        maps.add(map(three, real("y", 60, 7, 12), List.of(List.of(0), List.of(0, 1, 2), List.of(1))));
        maps.add(map(three, real("y", 61, 7, 11), List.of(List.of(0, 2), List.of(0, 1), List.of(1, 2))));
        maps.add(
                map(three, real("y", 5, 4, 3, 7, 9), List.of(List.of(0, 2, 4), List.of(1, 3), List.of(0, 1, 2, 3, 4))));
        maps.add(map(three, real("y", 1, 77, 1), List.of(List.of(1), List.of(0, 2), List.of(0, 1))));
        maps.add(map(three, real("y", 1, 1), List.of(List.of(0), List.of(), List.of(0, 1))));
        maps.add(new Op.Map(
                "map",
                three,
                List.of(
                        TensorRef.unbatched("a", DType.I32, Shape.of(500, 7)),
                        TensorRef.unbatched("b", DType.I32, Shape.of(7)),
                        TensorRef.unbatched("c", DType.I32, Shape.of(1))),
                List.of(List.of(0, 1), List.of(1), List.of()),
                real("y", 500, 7)));
        return maps;
    }

    static List<Rule> rules() {
        return List.of(
                Rules.sgd(0, false),
                Rules.sgd(0.9, true),
                Rules.adagrad(1e-10),
                Rules.adadelta(0.9, 1e-6),
                Rules.rmsprop(0.9, 1e-8, 0.9, true),
                Rules.adam(0.9, 0.999, 1e-8),
                Rules.adamax(0.9, 0.999, 1e-8),
                Rules.nadam(0.9, 0.999, 1e-8, 0.004),
                Rules.amsgrad(0.9, 0.999, 1e-8),
                Rules.radam(0.9, 0.999, 1e-8),
                Rules.lion(0.9, 0.99));
    }

    /** The update of {@code n} parameters that lie at {@code offset} of a buffer. */
    static Op.RuleUpdate update(Rule rule, int n, int offset) {
        List<TensorRef> state = IntStream.range(0, rule.slots())
                .mapToObj(k -> view("s" + k, Role.OPTIMIZER, n, offset))
                .toList();
        return new Op.RuleUpdate(
                "update",
                rule.name(),
                rule.bind(0.5, 0).code(),
                view("w", Role.PARAMETER, n, offset),
                view("dw", Role.GRADIENT, n, offset),
                state,
                0);
    }

    private static TensorRef view(String name, Role role, int n, int offset) {
        return TensorRef.persistent("all of " + name, DType.REAL, Shape.of(n + offset), role)
                .view(name, Shape.of(n), offset);
    }

    private static TensorRef real(String name, int... dimensions) {
        return TensorRef.unbatched(name, DType.REAL, Shape.of(dimensions));
    }

    private static Op.Map map(Function function, TensorRef y, List<List<Integer>> axes) {
        List<TensorRef> x = new ArrayList<>();
        for (List<Integer> own : axes) {
            int[] dimensions = own.stream().mapToInt(y.shape()::get).toArray();
            x.add(real("x" + x.size(), own.isEmpty() ? new int[] {1} : dimensions));
        }
        return new Op.Map("map", function, x, axes, y);
    }
}
