package dev.weft.conformance;

import static dev.weft.conformance.Tensors.batched;
import static dev.weft.conformance.Tensors.batchedIntegers;
import static dev.weft.conformance.Tensors.whole;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Cases of {@link Op.BatchMean}, {@link Op.BatchMeanBackward} and {@link Op.CountCorrect}: what knows of valid rows. */
final class BatchMeanCases {
    private BatchMeanCases() {}

    /** Rows of the batch, and valid ones. */
    private static final int[][] ROWS = {{1, 1}, {2, 1}, {5, 5}, {17, 16}, {33, 1}, {64, 63}, {1021, 1000}, {2500, 2301}
    };

    static List<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int[] rows : ROWS) {
            int n = rows[0];
            int valid = rows[1];
            cases.add(OpCase.of(mean(n)).validRows(valid));
            cases.add(OpCase.of(meanBackward(n)).validRows(valid));
            for (int classes : new int[] {1, 2, 10, 33}) {
                Op.CountCorrect count = count(n, classes);
                cases.add(OpCase.of(count).integers(count.labels(), classes).validRows(valid));
            }
            if (valid < n) {
                Op.BatchMean padded = mean(n);
                OpCase withPadding = OpCase.of("padding is not looked at", padded)
                        .validRows(valid)
                        .kink();
                for (int i = valid; i < n; i++) {
                    withPadding.set(padded.x(), i, Double.NaN);
                }
                cases.add(withPadding);
            }
        }
        Op.BatchMean mean = mean(4);
        cases.add(OpCase.of("by hand", mean)
                .with(mean.x(), 1, 2, 6, 100)
                .validRows(3)
                .expect(mean.y(), 3));
        cases.add(OpCase.of("infinity", mean)
                .with(mean.x(), 1, Double.POSITIVE_INFINITY, 6, 100)
                .kink()
                .expect(mean.y(), Double.POSITIVE_INFINITY));
        Op.BatchMeanBackward backward = meanBackward(4);
        cases.add(OpCase.of("by hand", backward)
                .with(backward.dy(), 6)
                .validRows(3)
                .expect(backward.dx(), 2, 2, 2, 0));
        Op.CountCorrect count = count(4, 3);
        cases.add(OpCase.of("by hand, three of four rows count", count)
                .with(count.x(), 1, 2, 3, 3, 2, 1, -1, -2, -3, 9, 0, 0)
                .withIntegers(count.labels(), 2, 1, 0, 0)
                .validRows(3)
                .expect(count.y(), 2));
        cases.add(OpCase.of("the first of equal maxima counts", count)
                .with(count.x(), 5, 5, 5, 1, 5, 5, -1, -2, -1, 0, 0, 0)
                .withIntegers(count.labels(), 0, 2, 2, 0)
                .expect(count.y(), 2));
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        Op.CountCorrect single = count(2, 1);
        cases.add(OpCase.of("one class", single)
                .with(single.x(), nan, -inf)
                .withIntegers(single.labels(), 0, 0)
                .expect(single.y(), 1));
        Op.CountCorrect infinite = count(4, 3);
        cases.add(OpCase.of("infinities", infinite)
                .with(infinite.x(), -inf, -inf, -inf, -inf, -inf, inf, inf, 0, inf, inf, 0, inf)
                .withIntegers(infinite.labels(), 0, 2, 0, 2)
                .expect(infinite.y(), 3));
        for (int label = 0; label < 3; label++) {
            Op.CountCorrect odd = count(8, 3);
            cases.add(OpCase.of("a row with a NaN is never right, label " + label, odd)
                    .with(
                            odd.x(), nan, 8, nan, nan, 1, 2, 1, nan, 2, 2, 1, nan, nan, nan, 0, -inf, nan, inf, nan,
                            nan, nan, 0, 0, 0)
                    .set(odd.x(), 21 + label, 9)
                    .withIntegers(odd.labels(), label, label, label, label, label, label, label, label)
                    .expect(odd.y(), 1));
        }
        // in each row the label has the second largest value, so that who misses the largest counts the row; it is the
        // class
        // before, since who reads the next element instead of its own would find a later label larger than itself
        for (int classes : new int[] {96, 300}) {
            Op.CountCorrect second = count(classes, classes);
            double[] values = new double[classes * classes];
            int[] labels = new int[classes];
            for (int n = 0; n < classes; n++) {
                labels[n] = (n + classes - 1) % classes;
                values[n * classes + n] = 2;
                values[n * classes + labels[n]] = 1;
            }
            cases.add(OpCase.of("each class is the largest once", second)
                    .with(second.x(), values)
                    .withIntegers(second.labels(), labels)
                    .expect(second.y(), 0));
            // the label and the class before have the same value, so that but for class 0 the other is the first
            Op.CountCorrect equal = count(classes, classes);
            double[] pairs = new double[classes * classes];
            int[] later = new int[classes];
            for (int n = 0; n < classes; n++) {
                later[n] = n;
                pairs[n * classes + n] = 1;
                pairs[n * classes + Math.max(0, n - 1)] = 1;
            }
            cases.add(OpCase.of("equal neighbours", equal)
                    .with(equal.x(), pairs)
                    .withIntegers(equal.labels(), later)
                    .expect(equal.y(), 1));
        }
        // every lane and every turn of a loop meets the NaN
        for (int place : new int[] {0, 1, 31, 32, 34}) {
            Op.CountCorrect wide = count(35, 35);
            OpCase widely = OpCase.of("a NaN at " + place, wide).integers(wide.labels(), 35);
            for (int n = 0; n < 35; n++) {
                widely.set(wide.x(), n * 35 + place, nan);
            }
            cases.add(widely.expect(wide.y(), 0));
        }
        return cases;
    }

    private static Op.BatchMean mean(int n) {
        return new Op.BatchMean("case", batched("x", n), whole("y", 1));
    }

    private static Op.BatchMeanBackward meanBackward(int n) {
        TensorRef dy = whole("dy", 1);
        return new Op.BatchMeanBackward("case", dy, batched("dx", n));
    }

    private static Op.CountCorrect count(int n, int classes) {
        return new Op.CountCorrect("case", batched("x", n, classes), batchedIntegers("labels", n), whole("y", 1));
    }
}
