package dev.weft.conformance;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.AvgPool2d} and {@link Op.AvgPool2dBackward}. */
final class AvgPool2dCases {
    private AvgPool2dCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Pool2d g : Pool2d.GEOMETRIES) {
            cases.add(OpCase.of(forward(g)));
            cases.add(OpCase.of(backward(g)));
        }
        Op.AvgPool2d plane = forward(new Pool2d(1, 1, 2, 4, Window2d.square(2, 2, 0)));
        cases.add(OpCase.of("by hand", plane)
                .with(plane.x(), 1, 2, 30, 40, 3, 6, 50, 80)
                .expect(plane.y(), 3, 50));
        Op.AvgPool2d padded = forward(new Pool2d(1, 1, 2, 2, Window2d.square(2, 2, 1)));
        cases.add(OpCase.of("padding counts as zeros", padded)
                .with(padded.x(), 4, 8, 12, 16)
                .expect(padded.y(), 1, 2, 3, 4));
        Op.AvgPool2d row = forward(new Pool2d(1, 1, 1, 4, new Window2d(1, 2, 1, 2, 0, 0)));
        cases.add(OpCase.of("NaN and infinity", row)
                .with(row.x(), Double.NaN, 1, Double.POSITIVE_INFINITY, 1)
                .kink()
                .expect(row.y(), Double.NaN, Double.POSITIVE_INFINITY));
        Op.AvgPool2dBackward backward = backward(new Pool2d(1, 1, 1, 3, new Window2d(1, 2, 1, 1, 0, 0)));
        cases.add(OpCase.of("by hand", backward).with(backward.dy(), 2, 20).expect(backward.dx(), 1, 11, 10));
        return cases;
    }

    private static Op.AvgPool2d forward(Pool2d g) {
        return new Op.AvgPool2d("case", g.image("x"), g.window(), g.output("y"));
    }

    private static Op.AvgPool2dBackward backward(Pool2d g) {
        return new Op.AvgPool2dBackward("case", g.output("dy"), g.window(), g.image("dx"));
    }
}
