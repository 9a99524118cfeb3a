package dev.weft.check;

import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Locale;

/**
 * How one output of an op differs from the reference. Integers must be equal; real numbers within the op's
 * {@link Tolerance}, NaN and infinities where the reference has them.
 *
 * @param index the op's number in the program
 * @param op the op that wrote the tensor
 * @param maxAbsolute the largest {@code |value - reference|}
 * @param maxRelative the largest {@code |value - reference| / |reference|}, over elements whose reference is not 0
 * @param maxScaled the largest {@code |value - reference| / (u magnitude)}; equal while it is at most {@code allowed}
 * @param allowed the op's factor c
 * @param worst the element of the largest scaled error, in row-major order
 * @param expected its value in the reference
 * @param actual its value in the candidate
 */
public record Difference(
        int index,
        Op op,
        TensorRef tensor,
        double maxAbsolute,
        double maxRelative,
        double maxScaled,
        double allowed,
        int worst,
        double expected,
        double actual) {

    /**
     * Compares one output of an op.
     *
     * @param expected the reference's values
     * @param magnitudes the reference's magnitudes; not looked at for integers
     * @param actual the candidate's values
     * @param unitRoundoff the candidate's
     */
    public static Difference of(
            int index,
            Op op,
            TensorRef tensor,
            HostTensor expected,
            HostTensor magnitudes,
            HostTensor actual,
            double unitRoundoff) {
        double[] inherited = new double[expected.elements()];
        return of(index, op, tensor, expected, magnitudes, inherited, actual, unitRoundoff);
    }

    /**
     * The same for an op that others are fused with.
     *
     * @param inherited what each value may be off because of the ops before it that it is fused with
     */
    static Difference of(
            int index,
            Op op,
            TensorRef tensor,
            HostTensor expected,
            HostTensor magnitudes,
            double[] inherited,
            HostTensor actual,
            double unitRoundoff) {
        if (actual.elements() != expected.elements() || actual.type() != expected.type()) {
            throw new IllegalArgumentException(
                    "%s: the reference has %s, the candidate %s".formatted(tensor, expected, actual));
        }
        Precision precision = Precision.of(unitRoundoff);
        double maxAbsolute = 0;
        double maxRelative = 0;
        double maxScaled = -1;
        int worst = 0;
        for (int i = 0; i < expected.elements(); i++) {
            double e = expected.get(i);
            double a = actual.get(i);
            double scaled;
            if (tensor.type() == DType.REAL) {
                scaled = scaledError(e, magnitudes.get(i), a, inherited[i], precision);
            } else {
                scaled = e == a ? 0 : Double.POSITIVE_INFINITY;
            }
            double absolute = same(e, a, precision) ? 0 : Math.abs(a - e);
            maxAbsolute = Math.max(maxAbsolute, absolute);
            maxRelative = Math.max(maxRelative, absolute == 0 || e == 0 ? 0 : absolute / Math.abs(e));
            if (scaled > maxScaled) {
                maxScaled = scaled;
                worst = i;
            }
        }
        return new Difference(
                index,
                op,
                tensor,
                maxAbsolute,
                maxRelative,
                maxScaled,
                Tolerance.of(op),
                worst,
                expected.get(worst),
                actual.get(worst));
    }

    /** Whether the candidate has the correctly rounded value of the reference. */
    private static boolean same(double expected, double actual, Precision precision) {
        return actual == precision.round(expected) || (Double.isNaN(expected) && Double.isNaN(actual));
    }

    /**
     * The error in units of unit roundoff times magnitude, apart from what is inherited and what numbers below the normal
     * ones lose.
     */
    private static double scaledError(
            double expected, double magnitude, double actual, double inherited, Precision precision) {
        if (same(expected, actual, precision)) {
            return 0;
        }
        boolean finite = Double.isFinite(expected) && Double.isFinite(actual) && Double.isFinite(magnitude);
        double error = Math.abs(actual - expected);
        if (!finite || error == 0) {
            return finite ? 0 : Double.POSITIVE_INFINITY;
        }
        if (error <= inherited) {
            return 0;
        }
        double excess = Math.max(0, error - inherited - precision.smallestNormal());
        return excess == 0 ? Double.MIN_VALUE : excess / (precision.unitRoundoff() * magnitude);
    }

    /** Whether all elements are within the tolerance. */
    public boolean equal() {
        return maxScaled <= allowed;
    }

    /** The worst element's place along each dimension: {@code [3,0,7,2]}. */
    public String place() {
        int[] dimensions = tensor.shape().toArray();
        StringBuilder place = new StringBuilder();
        int rest = worst;
        for (int axis = dimensions.length - 1; axis >= 0; axis--) {
            place.insert(0, (axis == 0 ? "" : ",") + rest % dimensions[axis]);
            rest /= dimensions[axis];
        }
        return "[" + place + "]";
    }

    /** Layer, op, shapes, worst element and its two values in one line. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "op %d %s: %s%s is %s, the reference has %s; error %.3g, %.3g of unit roundoff times magnitude,"
                        + " %.3g allowed",
                index,
                Program.describe(op),
                tensor.name(),
                place(),
                actual,
                expected,
                maxAbsolute,
                maxScaled,
                allowed);
    }
}
