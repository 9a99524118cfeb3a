package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.op.expr.Polynomials;
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

    /** Over words near those where a function changes its form or is near zero, and over a sample of all. */
    @Test
    void normal() {
        int[] words = wordsToTry();
        double greatest = 0;
        for (int i = 0; i < words.length; i++) {
            greatest = Math.max(greatest, errorOfNormal(words[i], words[(int) (i * 7919L % words.length)]));
        }
        assertThat(greatest).isLessThan(Elementary.NORMAL_ULPS);
    }

    private static double errorOfNormal(int first, int second) {
        double u = (Integer.toUnsignedLong(first) + 0.5) * 0x1p-32;
        double v = (Integer.toUnsignedLong(second) + 0.5) * 0x1p-32;
        double quarter = 4 * Math.abs(v - 0.5) - 1;
        double expected = StrictMath.sqrt(-2 * StrictMath.log(u)) * StrictMath.sin(Math.PI / 2 * quarter);
        float actual = Elementary.normal((float) (u < 0.5 ? u : u - 1), (float) quarter);
        return Math.abs(actual - expected) / Math.ulp((float) expected);
    }

    private static int[] wordsToTry() {
        IntStream powers = IntStream.range(0, 32)
                .map(k -> 1 << k)
                .flatMap(power -> IntStream.of(power, ~power, power | power << 1))
                .flatMap(word -> IntStream.rangeClosed(word - 1000, word + 1000));
        return IntStream.concat(
                        powers,
                        IntStream.iterate(0, i -> i < 500_000, i -> i + 1).map(i -> i * 0x9E3779B9))
                .toArray();
    }

    @Test
    void vectorsGiveTheBitsOfTheScalarFunctions() {
        assertSameBits((x, y, n) -> VectorElementary.exp(x, 0, y, 0, n), Elementary::exp);
        assertSameBits((x, y, n) -> VectorElementary.log(x, 0, y, 0, n), Elementary::log);
        assertSameBits((x, y, n) -> VectorElementary.sigmoid(x, 0, y, 0, n), Elementary::sigmoid);
        assertSameBits((x, y, n) -> VectorElementary.tanh(x, 0, y, 0, n), Elementary::tanh);
        int[] words = wordsToTry();
        int n = words.length / 64 * 64;
        float[] uniforms = new float[n];
        float[] quarters = new float[n];
        for (int i = 0; i < n; i++) {
            uniforms[i] = (words[i] + 0.5f) * 0x1p-32f;
            quarters[i] = (words[n - 1 - i] + 0.5f) * 0x1p-31f;
        }
        float[] y = uniforms.clone();
        VectorElementary.normal(y, 0, quarters, 0, 1, n);
        for (int i = 0; i < n; i++) {
            assertSame(y[i], Elementary.normal(uniforms[i], quarters[i]), uniforms[i]);
        }
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
            assertSame(y[i], scalar.at(x[i]), x[i]);
        }
    }

    private static void assertSame(float actual, float expected, float x) {
        if (Float.floatToIntBits(actual) != Float.floatToIntBits(expected)) {
            throw new AssertionError("f(%s) is %s, not %s".formatted(x, actual, expected));
        }
    }

    private static IntStream bitsToTry() {
        IntStream sample =
                IntStream.iterate(Integer.MIN_VALUE, bits -> bits <= Integer.MAX_VALUE - STEP, bits -> bits + STEP);
        IntStream edges = DoubleStream.of(
                        0,
                        Float.MIN_NORMAL,
                        Polynomials.EXP_MAX,
                        Polynomials.EXP_MIN,
                        Polynomials.TANH_LINEAR,
                        Polynomials.TANH_POLYNOMIAL,
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
