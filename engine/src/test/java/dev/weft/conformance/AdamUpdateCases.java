package dev.weft.conformance;

import static dev.weft.conformance.Tensors.view;
import static dev.weft.conformance.Tensors.viewAt;

import dev.weft.op.Op;
import dev.weft.tensor.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of {@link Op.AdamUpdate}. In all of them the learning rate is 1/16, c1 is 3.7 and c2 is 334. */
final class AdamUpdateCases {
    private AdamUpdateCases() {}

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int size : new int[] {1, 7, 16, 64, 1003}) {
            for (double weightDecay : new double[] {0, 0.01}) {
                for (double scale : new double[] {1, 0.3, 0}) {
                    Op.AdamUpdate op = update(size, 0.9, 0.999, 1e-8, weightDecay, scale);
                    cases.add(OpCase.of(op).uniform(op.v(), 0, 1));
                }
            }
            Op.AdamUpdate first = update(size, 0.9, 0.999, 1e-8, 0, 1);
            cases.add(OpCase.of("first step", first).uniform(first.m(), 0, 0).uniform(first.v(), 0, 0));
            Op.AdamUpdate small = update(size, 0.9, 0.999, 1e-8, 0, 1);
            cases.add(OpCase.of("small gradients", small)
                    .uniform(small.dw(), -1e-6, 1e-6)
                    .uniform(small.m(), -1e-6, 1e-6)
                    .uniform(small.v(), 0, 1e-12));
        }
        for (int[] offsets : new int[][] {{1, 1, 1, 1}, {64, 64, 3, 64}}) {
            Op.AdamUpdate odd = new Op.AdamUpdate(
                    "case",
                    viewAt(offsets[0], "w", Role.PARAMETER, 33),
                    viewAt(offsets[1], "dw", Role.GRADIENT, 33),
                    viewAt(offsets[2], "m", Role.OPTIMIZER, 33),
                    viewAt(offsets[3], "v", Role.OPTIMIZER, 33),
                    0.9,
                    0.999,
                    1e-8,
                    0.01,
                    1,
                    0);
            cases.add(OpCase.of("views at " + Arrays.toString(offsets), odd).uniform(odd.v(), 0, 1));
        }
        Op.AdamUpdate zero = update(1, 0.9, 0.999, 1e-8, 0, 1);
        cases.add(byHand(zero, 0, 0, 0, 1, 0, 0));
        Op.AdamUpdate op = update(1, 0.5, 0.75, 1, 0.5, 2);
        // m = (2 + 4) / 2 = 3, v = 0.75 0 + 0.25 16 = 4, w = 1 - 2/16 (3 3.7 / (sqrt(4 334) + 1) + 0.5)
        cases.add(byHand(op, 4, 2, 0, 0.9005505800757083, 3, 4));
        return cases;
    }

    private static Op.AdamUpdate update(
            int size, double beta1, double beta2, double epsilon, double weightDecay, double learningRateScale) {
        return new Op.AdamUpdate(
                "case",
                view("w", Role.PARAMETER, size),
                view("dw", Role.GRADIENT, size),
                view("m", Role.OPTIMIZER, size),
                view("v", Role.OPTIMIZER, size),
                beta1,
                beta2,
                epsilon,
                weightDecay,
                learningRateScale,
                0);
    }

    /** With w = 1. */
    private static OpCase byHand(
            Op.AdamUpdate op, double dw, double m, double v, double newW, double newM, double newV) {
        return OpCase.of("by hand", op)
                .with(op.w(), 1)
                .with(op.dw(), dw)
                .with(op.m(), m)
                .with(op.v(), v)
                .expect(op.w(), newW)
                .expect(op.m(), newM)
                .expect(op.v(), newV);
    }
}
