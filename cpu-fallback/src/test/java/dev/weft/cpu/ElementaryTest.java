package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.PrimitiveIterator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
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
        assertSameBits(VectorElementary::exp, Elementary::exp, Integer.MIN_VALUE);
        assertSameBits(VectorElementary::sigmoid, Elementary::sigmoid, Integer.MIN_VALUE);
        assertSameBits(VectorElementary::tanh, Elementary::tanh, Integer.MIN_VALUE);
        assertSameBits(VectorElementary::flushed, Elementary::flushed, Integer.MIN_VALUE);
        // from zero on, which is its domain
        assertSameBits(VectorElementary::log1p, Elementary::log1p, 0);
    }

    private interface VectorFunction {
        FloatVector at(FloatVector x);
    }

    /** Over a sample of all floats, and all floats around those where a function changes its form; a NaN is a NaN. */
    private static void assertSameBits(VectorFunction vector, FloatFunction scalar, int firstBits) {
        VectorSpecies<Float> species = FloatVector.SPECIES_PREFERRED;
        float[] x = new float[species.length()];
        float[] y = new float[species.length()];
        int filled = 0;
        for (PrimitiveIterator.OfInt bits = bitsToTry(firstBits).iterator(); bits.hasNext(); ) {
            x[filled++] = Float.intBitsToFloat(bits.nextInt());
            if (filled == x.length) {
                vector.at(FloatVector.fromArray(species, x, 0)).intoArray(y, 0);
                for (int lane = 0; lane < filled; lane++) {
                    if (Float.floatToIntBits(y[lane]) != Float.floatToIntBits(scalar.at(x[lane]))) {
                        throw new AssertionError(
                                "f(%s) in lane %d: %s, not %s".formatted(x[lane], lane, y[lane], scalar.at(x[lane])));
                    }
                }
                filled = 0;
            }
        }
    }

    private static IntStream bitsToTry(int first) {
        IntStream sample = IntStream.iterate(first, bits -> bits <= Integer.MAX_VALUE - STEP, bits -> bits + STEP);
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
                .flatMap(bits -> IntStream.of(bits, bits ^ Integer.MIN_VALUE))
                .filter(bits -> bits >= first);
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
