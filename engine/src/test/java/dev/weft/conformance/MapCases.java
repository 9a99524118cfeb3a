package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;
import static dev.weft.conformance.Tensors.parameter;
import static dev.weft.conformance.Tensors.viewAt;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.layer.Activations;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Map} and {@link Op.OneHot}: every activation, every kind of node, every way of broadcasting. */
final class MapCases {
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    /** Where functions are hard: kinks, zeros of both signs, what is small or large, and what is no number. */
    private static final double[] AWKWARD = {
        -0.0,
        0,
        1e-30,
        -1e-30,
        1e-42,
        -1e-42,
        1e-3,
        -1e-3,
        0.5,
        -0.5,
        1,
        -1,
        3,
        -3,
        5.5,
        -5.5,
        6,
        -20,
        20,
        -80,
        80,
        -1000,
        1000,
        1e30,
        -1e30,
        INFINITY,
        -INFINITY,
        Double.NaN
    };

    private MapCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        TensorRef x = batched("x", 3, 19);
        TensorRef dy = batched("dy", 3, 19);
        TensorRef y = batched("y", 3, 19);
        TensorRef line = whole("x", AWKWARD.length);
        TensorRef dline = whole("dy", AWKWARD.length);
        TensorRef result = whole("y", AWKWARD.length);
        for (String name : Activations.names()) {
            Function function = Activations.of(name);
            Function gradient = function.gradient(0);
            cases.add(OpCase.of(Op.Map.of("case", function, y, x)).uniform(x, -4, 4));
            cases.add(OpCase.of(Op.Map.of("case", gradient, y, x, dy))
                    .uniform(x, -4, 4)
                    .kink());
            cases.add(OpCase.of("awkward", Op.Map.of("case", function, result, line))
                    .with(line, AWKWARD)
                    .kink());
            cases.add(OpCase.of("awkward", Op.Map.of("case", gradient, result, line, dline))
                    .with(line, AWKWARD)
                    .kink());
        }
        for (Function function : nodes()) {
            cases.add(OpCase.of("awkward", Op.Map.of("case", function, result, line))
                    .with(line, AWKWARD)
                    .kink());
            cases.add(OpCase.of(Op.Map.of("case", function, y, x)).uniform(x, 0.1, 0.9));
        }
        cases.addAll(ofTwo());
        cases.addAll(broadcast());
        // more than a grid of GPU threads handles at once, even by fours
        TensorRef large = whole("x", 530_003);
        cases.add(OpCase.of(Op.Map.of("case", Activations.silu(), whole("y", 530_003), large))
                .kink());
        cases.add(OpCase.of(
                "from odd places",
                Op.Map.of(
                        "case",
                        Activations.mish(),
                        viewAt(3, "y", Role.GRADIENT, 33),
                        viewAt(1, "x", Role.PARAMETER, 33))));
        cases.addAll(oneHot());
        return cases;
    }

    /** Functions of one number that no activation has. */
    private static List<Function> nodes() {
        return List.of(
                Function.of("abs", Expr::abs),
                Function.of("sign", Expr::sign),
                Function.of("sqrt", Expr::sqrt),
                Function.of("log", Expr::log),
                Function.of("log1p", Expr::log1p),
                Function.of("sin", Expr::sin),
                Function.of("cos", Expr::cos),
                Function.of("third", a -> a.over(3)),
                Function.of("reciprocal", a -> Expr.constant(1).over(a)),
                Function.of("constant", a -> Expr.constant(2.5)));
    }

    private static List<OpCase> ofTwo() {
        Function join = Function.of(
                "join", (a, b) -> a.min(b).plus(a.max(b.times(0.5))).minus(a.lessThan(b, a.times(b), b.square())));
        List<OpCase> cases = new ArrayList<>();
        for (int[] shape : new int[][] {{1, 1}, {1, 15}, {37}, {2, 3, 5, 7}, {64, 33}}) {
            TensorRef a = batched("a", shape);
            cases.add(OpCase.of(Op.Map.of("case", join, batched("y", shape), a, batched("b", shape))));
        }
        TensorRef a = whole("a", 6);
        TensorRef b = whole("b", 6);
        TensorRef y = whole("y", 6);
        Function order =
                Function.of("order", (p, q) -> p.lessThan(q, p.min(q), p.max(q).times(2)));
        cases.add(OpCase.of("by hand", Op.Map.of("case", order, y, a, b))
                .with(a, 1, 2, 2, Double.NaN, -INFINITY, 3)
                .with(b, 2, 1, 2, 1, 5, Double.NaN)
                .kink()
                .expect(y, 1, 4, 4, Double.NaN, -INFINITY, Double.NaN));
        cases.add(OpCase.of(
                "a tensor and itself",
                Op.Map.of("case", Function.of("twice", (p, q) -> p.times(q).plus(p)), y, a, a)));
        return cases;
    }

    private static List<OpCase> broadcast() {
        Function affine = Function.of("affine", 3, p -> p.get(0).times(p.get(1)).plus(p.get(2)));
        List<OpCase> cases = new ArrayList<>();
        TensorRef x = batched("x", 3, 4, 5, 2);
        TensorRef y = batched("y", 3, 4, 5, 2);
        List<Integer> all = List.of(0, 1, 2, 3);
        cases.add(OpCase.of(
                "[C] and [1]",
                new Op.Map(
                        "case",
                        affine,
                        List.of(x, parameter("c", 4), whole("one", 1)),
                        List.of(all, List.of(1), List.of()),
                        y)));
        cases.add(OpCase.of(
                "[D] and [N]",
                new Op.Map(
                        "case",
                        affine,
                        List.of(x, parameter("d", 2), batched("n", 3)),
                        List.of(all, List.of(3), List.of(0)),
                        y)));
        cases.add(OpCase.of(
                "[N,H] and [C,W]",
                new Op.Map(
                        "case",
                        affine,
                        List.of(x, batched("nh", 3, 5), whole("cw", 4, 2)),
                        List.of(all, List.of(0, 2), List.of(1, 3)),
                        y)));
        cases.add(OpCase.of(
                "no operand has all axes",
                new Op.Map(
                        "case",
                        affine,
                        List.of(batched("n", 3), whole("c", 4), whole("hw", 5, 2)),
                        List.of(List.of(0), List.of(1), List.of(2, 3)),
                        y)));
        cases.add(OpCase.of(
                "without a batch",
                new Op.Map(
                        "case",
                        affine,
                        List.of(whole("a", 7, 130), whole("b", 130), whole("c", 7)),
                        List.of(List.of(0, 1), List.of(1), List.of(0)),
                        whole("y", 7, 130))));
        cases.add(OpCase.of(
                "one number for all",
                new Op.Map(
                        "case",
                        affine,
                        List.of(whole("a", 1), whole("b", 1), whole("c", 1)),
                        List.of(List.of(), List.of(), List.of()),
                        whole("y", 77))));
        TensorRef labels = batchedIntegers("labels", 3);
        Function chosen = Function.of("chosen", (a, label) -> label.lessThan(1.5, a, a.times(label)));
        cases.add(OpCase.of("integers", new Op.Map("case", chosen, List.of(x, labels), List.of(all, List.of(0)), y))
                .withIntegers(labels, 2, 0, 1));
        return cases;
    }

    private static List<OpCase> oneHot() {
        TensorRef labels = batchedIntegers("labels", 4);
        TensorRef y = batched("y", 4, 3);
        TensorRef words = batchedIntegers("words", 3, 5);
        return List.of(
                OpCase.of("by hand", new Op.OneHot("case", labels, y))
                        .withIntegers(labels, 2, 0, 1, 2)
                        .expect(y, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1),
                OpCase.of(new Op.OneHot("case", words, batched("y", 3, 5, 130))).integers(words, 130));
    }
}
