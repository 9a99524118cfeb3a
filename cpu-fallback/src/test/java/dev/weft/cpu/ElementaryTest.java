package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
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
    void theEndsAreExact() {
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
