package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.gradient;
import static dev.weft.conformance.Tensors.parameter;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.MatMul}. */
final class MatMulCases {
    private MatMulCases() {}

    /** M, K, P of {@code c[M,P] = a[M,K] b[K,P]}. */
    private static final int[][] SIZES = {
        {1, 1, 1},
        {1, 7, 1},
        {5, 1, 3},
        {2, 3, 4},
        {1, 13, 33},
        {16, 16, 16},
        {17, 31, 13},
        {33, 32, 15},
        {3, 129, 65},
        {65, 5, 64},
        {1, 400, 120},
        {130, 20, 132},
        {130, 3, 128},
        {68, 300, 69},
        {3, 5001, 6}
    };

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int transposes = 0; transposes < 4; transposes++) {
            boolean transposeA = transposes % 2 == 1;
            boolean transposeB = transposes / 2 == 1;
            for (int[] size : SIZES) {
                cases.add(OpCase.of(matMul(size[0], size[1], size[2], transposeA, transposeB)));
            }
            cases.addAll(byHand(transposeA, transposeB));
        }
        cases.add(OpCase.of(
                new Op.MatMul("case", batched("a", 33, 7), parameter("b", 17, 7), false, true, batched("c", 33, 17))));
        cases.add(OpCase.of(
                new Op.MatMul("case", batched("a", 5, 7), parameter("b", 7, 9), false, false, batched("c", 5, 9))));
        cases.add(OpCase.of(new Op.MatMul(
                "case", batched("a", 35, 520), parameter("b", 260, 520), false, true, batched("c", 35, 260))));
        cases.add(OpCase.of(new Op.MatMul(
                "case", batched("a", 19, 5, 7), parameter("b", 17, 7), false, true, batched("c", 19, 5, 17))));
        cases.add(OpCase.of(new Op.MatMul(
                "case", batched("a", 5, 3, 2, 7), parameter("b", 7, 9), false, false, batched("c", 5, 3, 2, 9))));
        for (int[] size : new int[][] {{2, 1, 1, 1}, {19, 5, 3, 17}, {9, 28, 70, 33}}) {
            cases.add(OpCase.of(new Op.MatMul(
                    "case",
                    batched("dy", size[0], size[1], size[2]),
                    batched("x", size[0], size[1], size[3]),
                    true,
                    false,
                    gradient("dw", size[2], size[3]))));
        }
        for (int[] size : new int[][] {{1, 1, 1}, {33, 3, 17}, {3, 64, 16}, {250, 10, 84}, {2, 1040, 235}}) {
            cases.add(OpCase.of(new Op.MatMul(
                    "case",
                    batched("dy", size[0], size[1]),
                    batched("x", size[0], size[2]),
                    true,
                    false,
                    gradient("dw", size[1], size[2]))));
        }
        return cases;
    }

    private static Op.MatMul matMul(int m, int k, int p, boolean transposeA, boolean transposeB) {
        TensorRef a = transposeA ? whole("a", k, m) : whole("a", m, k);
        TensorRef b = transposeB ? whole("b", p, k) : whole("b", k, p);
        return new Op.MatMul("case", a, b, transposeA, transposeB, whole("c", m, p));
    }

    private static List<OpCase> byHand(boolean transposeA, boolean transposeB) {
        Op.MatMul product = matMul(3, 2, 4, transposeA, transposeB);
        double[] a = transposeA ? new double[] {1, 3, 5, 2, 4, 6} : new double[] {1, 2, 3, 4, 5, 6};
        double[] b =
                transposeB ? new double[] {7, 11, 8, 12, 9, 13, 10, 14} : new double[] {7, 8, 9, 10, 11, 12, 13, 14};
        Op.MatMul row = matMul(1, 2, 2, transposeA, transposeB);
        double inf = Double.POSITIVE_INFINITY;
        double nan = Double.NaN;
        return List.of(
                OpCase.of("by hand", product)
                        .with(product.a(), a)
                        .with(product.b(), b)
                        .expect(product.c(), 29, 32, 35, 38, 65, 72, 79, 86, 101, 112, 123, 134),
                OpCase.of("NaN times zero is NaN", row)
                        .with(row.a(), nan, 1)
                        .with(row.b(), 0, 0, 0, 0)
                        .kink()
                        .expect(row.c(), nan, nan),
                OpCase.of("infinity times zero is NaN, times two infinity", row)
                        .with(row.a(), inf, 1)
                        .with(row.b(), transposeB ? new double[] {0, 3, 2, 3} : new double[] {0, 2, 3, 3})
                        .kink()
                        .expect(row.c(), nan, inf));
    }
}
