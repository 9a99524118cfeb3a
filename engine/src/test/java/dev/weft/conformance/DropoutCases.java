package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedBytes;

import dev.weft.op.Op;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.Dropout} and {@link Op.DropoutBackward}. */
final class DropoutCases {
    private DropoutCases() {}

    /** p 2^32 for p = 0, 1/4, 1/2, the one above a half, and the largest p below 1. */
    private static final int[] THRESHOLDS = {0, 0x40000000, 0x80000000, 0x80000001, 0xFFFFFFFF};

    /** Around the four words that one block of random numbers gives. */
    private static final int[][] SHAPES = {{1, 1}, {1, 3}, {1, 4}, {1, 5}, {3, 7}, {2, 3, 5, 7}, {17, 64}};

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int threshold : THRESHOLDS) {
            for (int[] shape : SHAPES) {
                cases.add(OpCase.of(forward(threshold, 42, 7, shape)).step(3));
                Op.DropoutBackward backward = new Op.DropoutBackward(
                        "case", batched("dy", shape), batchedBytes("mask", shape), threshold, batched("dx", shape));
                cases.add(OpCase.of("threshold " + Integer.toUnsignedString(threshold), backward)
                        .integers(backward.mask(), 2));
            }
        }
        cases.add(OpCase.of("words above 2^31", forward(0x80000000, -1L, -1, 5, 33))
                .step(0x1_0000_0005L));

        // the words of counter 0 and key 0 are 6627e8d5 e169c58d bc57ac4c 9b00dbd8 (Random123's known answers)
        cases.add(byHand("by hand, p = 1/2", 0x80000000, new double[] {0, 4, 6, 8}, 0, 1, 1, 1));
        cases.add(byHand("by hand, p = 0", 0, new double[] {1, 2, 3, 4}, 1, 1, 1, 1));
        cases.add(byHand("a word that equals the threshold is kept", 0x9b00dbd8, null, 0, 1, 1, 1));
        cases.add(byHand("a word just below the threshold is dropped", 0x9b00dbd9, null, 0, 1, 1, 0));
        Op.DropoutBackward backward = new Op.DropoutBackward(
                "case", batched("dy", 1, 3), batchedBytes("mask", 1, 3), 0xC0000000, batched("dx", 1, 3));
        cases.add(OpCase.of("by hand, p = 3/4", backward)
                .with(backward.dy(), 1, 2, 3)
                .withIntegers(backward.mask(), 1, 0, 1)
                .expect(backward.dx(), 4, 0, 12));
        return cases;
    }

    private static OpCase byHand(String what, int threshold, double[] y, double... mask) {
        Op.Dropout op = forward(threshold, 0, 0, 1, 4);
        OpCase opCase = OpCase.of(what, op).with(op.x(), 1, 2, 3, 4).expect(op.mask(), mask);
        return y == null ? opCase : opCase.expect(op.y(), y);
    }

    private static Op.Dropout forward(int threshold, long seed, int stream, int... shape) {
        return new Op.Dropout(
                "case", batched("x", shape), threshold, seed, stream, batched("y", shape), batchedBytes("mask", shape));
    }
}
