package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The stated bounds, in units in the last place of the exact result, over a sample of all floats. */
class ElementaryTest {
    /** Prime, so that all exponents and mantissas get their turn: some 4 million of the 4 billion floats. */
    private static final int STEP = 1021;

    private interface FloatFunction {
        float at(float x);
    }

    private static double greatestError(FloatFunction function, DoubleUnaryOperator exact) {
        double greatest = 0;
        for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += STEP) {
            float x = Float.intBitsToFloat((int) bits);
            double expected = exact.applyAsDouble(x);
            if (Float.isNaN(x)) {
                assertThat(function.at(x)).isNaN();
            } else if (!Float.isInfinite((float) expected)) {
                double ulp = Math.ulp((float) expected);
                greatest = Math.max(greatest, Math.abs(function.at(x) - expected) / ulp);
            } else {
                assertThat(function.at(x)).isEqualTo((float) expected);
            }
        }
        return greatest;
    }

    @Test
    void exp() {
        assertThat(greatestError(Elementary::exp, StrictMath::exp)).isLessThan(Elementary.EXP_ULPS);
    }

    @Test
    void sigmoid() {
        assertThat(greatestError(
                        Elementary::sigmoid,
                        x -> x < 0 ? StrictMath.exp(x) / (1 + StrictMath.exp(x)) : 1 / (1 + StrictMath.exp(-x))))
                .isLessThan(Elementary.SIGMOID_ULPS);
    }

    @Test
    void tanh() {
        assertThat(greatestError(Elementary::tanh, StrictMath::tanh)).isLessThan(Elementary.TANH_ULPS);
    }

    @Test
    void log1p() {
        assertThat(greatestError(x -> x < 0 ? 0 : Elementary.log1p(x), x -> x < 0 ? 0 : StrictMath.log1p(x)))
                .isLessThan(Elementary.LOG1P_ULPS);
    }

    @Test
    void vectorsGiveTheBitsOfTheScalarFunctions() {
        assertSameBits((x, y, n) -> VectorElementary.exp(copy(x, y), 0, n), Elementary::exp);
        assertSameBits((x, y, n) -> VectorElementary.sigmoid(x, 0, y, 0, n), Elementary::sigmoid);
        assertSameBits((x, y, n) -> VectorElementary.tanh(x, 0, y, 0, n), Elementary::tanh);
    }

    private static float[] copy(float[] x, float[] y) {
        System.arraycopy(x, 0, y, 0, x.length);
        return y;
    }

    private interface VectorFunction {
        void at(float[] x, float[] y, int n);
    }

    /** Over a sample of all floats, and all floats around those where a function changes its form; a NaN is a NaN. */
    private static void assertSameBits(VectorFunction vector, FloatFunction scalar) {
        int[] bits = bitsToTry().toArray();
        // whole vectors of any length
        float[] x = new float[(bits.length + 63) / 64 * 64];
        float[] y = new float[x.length];
        for (int i = 0; i < bits.length; i++) {
            x[i] = Float.intBitsToFloat(bits[i]);
        }
        vector.at(x, y, x.length);
        for (int i = 0; i < x.length; i++) {
            if (Float.floatToIntBits(y[i]) != Float.floatToIntBits(scalar.at(x[i]))) {
                throw new AssertionError("f(%s) is %s, not %s".formatted(x[i], y[i], scalar.at(x[i])));
            }
        }
    }

    private static IntStream bitsToTry() {
        IntStream sample =
                IntStream.iterate(Integer.MIN_VALUE, bits -> bits <= Integer.MAX_VALUE - STEP, bits -> bits + STEP);
        IntStream edges = DoubleStream.of(
                        0,
                        Float.MIN_NORMAL,
                        Elementary.EXP_MAX,
                        Elementary.EXP_MIN,
                        Elementary.TANH_LINEAR,
                        Elementary.TANH_POLYNOMIAL,
                        Double.POSITIVE_INFINITY)
                .mapToInt(edge -> Float.floatToRawIntBits((float) edge))
                .flatMap(bits -> IntStream.range(bits - 256, bits + 256))
                .flatMap(bits -> IntStream.of(bits, bits ^ Integer.MIN_VALUE));
        return IntStream.concat(edges, sample);
    }

    @Test
    void theEndsAreExact() {
        assertThat(Elementary.log1p(0)).isZero();
        assertThat(Elementary.log1p(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Elementary.flushed(-Float.MIN_NORMAL)).isEqualTo(-Float.MIN_NORMAL);
        assertThat(Elementary.flushed(-Math.nextDown(Float.MIN_NORMAL))).isZero();
        assertThat(Elementary.exp(0)).isEqualTo(1);
        assertThat(Elementary.exp(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(Elementary.exp(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Elementary.sigmoid(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(Elementary.sigmoid(Float.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(Elementary.tanh(Float.NEGATIVE_INFINITY)).isEqualTo(-1);
        assertThat(Elementary.tanh(Float.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(Float.floatToRawIntBits(Elementary.tanh(-0f))).isEqualTo(Float.floatToRawIntBits(-0f));
    }
}
