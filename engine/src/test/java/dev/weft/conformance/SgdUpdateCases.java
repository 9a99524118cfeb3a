package dev.weft.conformance;

import static dev.weft.conformance.Tensors.view;
import static dev.weft.conformance.Tensors.viewAt;

import dev.weft.op.Op;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link Op.SgdUpdate}. The learning rate of all cases is 1/16. */
final class SgdUpdateCases {
    private SgdUpdateCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int size : new int[] {1, 7, 16, 64, 1003}) {
            for (double momentum : new double[] {0, 0.9}) {
                for (double weightDecay : new double[] {0, 5e-4}) {
                    for (double scale : new double[] {1, 0.3, 0}) {
                        cases.add(OpCase.of(update(size, momentum, false, weightDecay, scale)));
                        if (momentum > 0) {
                            cases.add(OpCase.of(update(size, momentum, true, weightDecay, scale)));
                        }
                    }
                }
            }
        }
        for (int[] offsets : new int[][] {{1, 1, 1}, {64, 64, 3}, {64, 2, 64}}) {
            cases.add(OpCase.of(
                    "views at " + Arrays.toString(offsets),
                    new Op.SgdUpdate(
                            "case",
                            viewAt(offsets[0], "w", Role.PARAMETER, 33),
                            viewAt(offsets[1], "dw", Role.GRADIENT, 33),
                            viewAt(offsets[2], "v", Role.OPTIMIZER, 33),
                            0.9,
                            true,
                            0.01,
                            1,
                            0)));
        }
        cases.add(byHand(update(1, 0, false, 0, 1), 0.75));
        cases.add(byHand(update(1, 0, false, 0.5, 0.5), 0.859375));
        cases.add(byHand(update(1, 0.5, false, 0, 1), 0.625, 6));
        cases.add(byHand(update(1, 0.5, true, 0, 1), 0.5625, 6));
        cases.add(byHand(update(1, 0.5, true, 0, 0), 1, 6));
        return cases;
    }

    private static Op.SgdUpdate update(
            int size, double momentum, boolean nesterov, double weightDecay, double learningRateScale) {
        TensorRef velocity = momentum == 0 ? null : view("v", Role.OPTIMIZER, size);
        return new Op.SgdUpdate(
                "case",
                view("w", Role.PARAMETER, size),
                view("dw", Role.GRADIENT, size),
                velocity,
                momentum,
                nesterov,
                weightDecay,
                learningRateScale,
                0);
    }

    /** w = 1, dw = 4, v = 4. */
    private static OpCase byHand(Op.SgdUpdate op, double w, double... v) {
        OpCase opCase =
                OpCase.of("by hand", op).with(op.w(), 1).with(op.dw(), 4).expect(op.w(), w);
        return op.velocity() == null ? opCase : opCase.with(op.velocity(), 4).expect(op.velocity(), v);
    }
}
