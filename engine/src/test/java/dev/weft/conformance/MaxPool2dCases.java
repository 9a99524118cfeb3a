package dev.weft.conformance;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link Op.MaxPool2d} and {@link Op.MaxPool2dBackward}. */
final class MaxPool2dCases {
    private MaxPool2dCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Pool2d g : Pool2d.GEOMETRIES) {
            cases.add(OpCase.of(forward(g)));
            Op.MaxPool2d equal = forward(g);
            double[] same = new double[equal.x().elements()];
            Arrays.fill(same, -2);
            cases.add(OpCase.of("equal values", equal).with(equal.x(), same).kink());
            Op.MaxPool2dBackward backward = backward(g);
            cases.add(OpCase.of(backward).withIntegers(backward.argmax(), g.someWinners()));
        }
        Pool2d plane = new Pool2d(1, 1, 3, 3, Window2d.square(2, 1, 0));
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        cases.add(byHand(
                "by hand", plane, new double[] {1, 2, 3, 4, 5, 6, 9, 8, 7}, new double[] {5, 6, 9, 8}, 4, 5, 6, 7));
        cases.add(byHand(
                        "the first of equal values wins",
                        plane,
                        new double[] {1, 1, 1, 1, 1, 1, 1, 1, 1},
                        new double[] {1, 1, 1, 1},
                        0,
                        1,
                        3,
                        4)
                .kink());
        cases.add(byHand(
                        "zeros of both signs are equal",
                        plane,
                        new double[] {-0.0, 0.0, -0.0, 0.0, -0.0, 0.0, -1, -0.0, 0.0},
                        new double[] {0, 0, 0, 0},
                        0,
                        1,
                        3,
                        4)
                .kink());
        cases.add(byHand(
                        "NaN wins, the first of them",
                        plane,
                        new double[] {inf, nan, 3, 4, nan, 6, 9, 8, 7},
                        new double[] {nan, nan, nan, nan},
                        1,
                        1,
                        4,
                        4)
                .kink());
        cases.add(byHand(
                        "infinities",
                        plane,
                        new double[] {-inf, -inf, 3, -inf, -inf, inf, 9, 8, 7},
                        new double[] {-inf, inf, 9, inf},
                        0,
                        5,
                        6,
                        5)
                .kink());
        cases.add(byHand(
                "padding never wins",
                new Pool2d(1, 1, 2, 2, Window2d.square(2, 2, 1)),
                new double[] {-1, -2, -3, -4},
                new double[] {-1, -2, -3, -4},
                0,
                1,
                2,
                3));
        cases.add(byHand(
                        "padding never wins, not even over the lowest value",
                        new Pool2d(1, 1, 2, 2, Window2d.square(2, 2, 1)),
                        new double[] {-inf, -inf, -inf, -inf},
                        new double[] {-inf, -inf, -inf, -inf},
                        0,
                        1,
                        2,
                        3)
                .kink());
        Pool2d quarters = new Pool2d(1, 1, 2, 8, Window2d.square(2, 2, 0));
        cases.add(byHand(
                        "two by two pixels: NaN, infinities, zeros of both signs",
                        quarters,
                        new double[] {inf, nan, -inf, -inf, 1, inf, -0.0, 0, 3, nan, -inf, -inf, inf, 2, 0, -1},
                        new double[] {nan, -inf, inf, 0},
                        1,
                        2,
                        5,
                        6)
                .kink());
        Op.MaxPool2dBackward share = backward(quarters);
        cases.add(OpCase.of("gradients that are not finite", share)
                .with(share.dy(), inf, nan, -inf, 5)
                .withIntegers(share.argmax(), 1, 10, 12, 15)
                .expect(share.dx(), 0, inf, 0, 0, 0, 0, 0, 0, 0, 0, nan, 0, -inf, 0, 0, 5));
        Op.MaxPool2dBackward backward = backward(plane);
        cases.add(OpCase.of("by hand", backward)
                .with(backward.dy(), 1, 10, 100, 1000)
                .withIntegers(backward.argmax(), 4, 4, 4, 8)
                .expect(backward.dx(), 0, 0, 0, 0, 111, 0, 0, 0, 1000));
        return cases;
    }

    private static OpCase byHand(String what, Pool2d g, double[] x, double[] y, int... argmax) {
        Op.MaxPool2d op = forward(g);
        return OpCase.of(what, op)
                .with(op.x(), x)
                .expect(op.y(), y)
                .expect(op.argmax(), Arrays.stream(argmax).asDoubleStream().toArray());
    }

    private static Op.MaxPool2d forward(Pool2d g) {
        return new Op.MaxPool2d("case", g.image("x"), g.window(), g.output("y"), g.argmax());
    }

    private static Op.MaxPool2dBackward backward(Pool2d g) {
        return new Op.MaxPool2dBackward("case", g.output("dy"), g.argmax(), g.window(), g.image("dx"));
    }
}
