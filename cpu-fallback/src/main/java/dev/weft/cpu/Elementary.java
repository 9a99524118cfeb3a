package dev.weft.cpu;

import dev.weft.op.expr.Polynomials;

/**
 * Elementary functions in float, by polynomials of our own, so that the bits are the same before and after compilation. They are
 * those of {@link dev.weft.op.expr.Code#writtenOut}.
 */
final class Elementary {
    /** Bounds of the errors, in units in the last place of the exact result. */
    static final double EXP_ULPS = 1.5;

    static final double SIGMOID_ULPS = 3;
    static final double TANH_ULPS = 2.5;
    static final double LOG1P_ULPS = 1.5;
    static final double NORMAL_ULPS = 4;

    private static final float[] EXP = Polynomials.exp();
    static final float E2 = EXP[5];
    static final float E3 = EXP[4];
    static final float E4 = EXP[3];
    static final float E5 = EXP[2];
    static final float E6 = EXP[1];
    static final float E7 = EXP[0];

    private static final float[] TANH = Polynomials.tanh();
    static final float T0 = TANH[4];
    static final float T1 = TANH[3];
    static final float T2 = TANH[2];
    static final float T3 = TANH[1];
    static final float T4 = TANH[0];

    private static final float[] LOG1P = Polynomials.log1p();
    static final float L0 = LOG1P[8];
    static final float L1 = LOG1P[7];
    static final float L2 = LOG1P[6];
    static final float L3 = LOG1P[5];
    static final float L4 = LOG1P[4];
    static final float L5 = LOG1P[3];
    static final float L6 = LOG1P[2];
    static final float L7 = LOG1P[1];
    static final float L8 = LOG1P[0];

    /** The leading bits of pi / 2, and those that follow. */
    static final float HALF_PI = 1.57079637f;

    static final float HALF_PI_LOW = -4.37113883e-8f;

    /** Coefficients of sin(pi / 2 t) = pi / 2 t + t^3 (S0 + S1 t^2 + ...), |t| at most 1: minimax, relative error 6e-9. */
    static final float S0 = -6.459638476e-1f;

    static final float S1 = 7.969006896e-2f;
    static final float S2 = -4.674281925e-3f;
    static final float S3 = 1.517108903e-4f;

    private Elementary() {}

    static float exp(float x) {
        if (!(x <= Polynomials.EXP_MAX)) {
            return x > Polynomials.EXP_MAX ? Float.POSITIVE_INFINITY : x;
        }
        if (x < Polynomials.EXP_MIN) {
            return 0;
        }
        // x = n log 2 + r
        float rounded = x * Polynomials.LOG2_E + Polynomials.ROUNDER;
        float n = rounded - Polynomials.ROUNDER;
        float r = x - n * Polynomials.LN2_HIGH - n * Polynomials.LN2_LOW;
        float p = ((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2;
        return scale(p * r * r + r + 1, rounded);
    }

    private static float powerOfTwo(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }

    /** {@code x 2^n} for {@code rounded = n +} {@link Polynomials#ROUNDER}, in two steps, since 2^n may be no normal number. */
    static float scale(float x, float rounded) {
        int n = Float.floatToRawIntBits(rounded) - Polynomials.ROUNDER_BITS;
        int half = n >> 1;
        return x * powerOfTwo(half) * powerOfTwo(n - half);
    }

    /** {@code 1 / (1 + exp(-x))}. */
    static float sigmoid(float x) {
        float e = exp(-Math.abs(x));
        return (x < 0 ? e : 1) / (1 + e);
    }

    static float tanh(float x) {
        float size = Math.abs(x);
        if (size < Polynomials.TANH_LINEAR) {
            return x;
        }
        if (size < Polynomials.TANH_POLYNOMIAL) {
            float z = x * x;
            return ((((T4 * z + T3) * z + T2) * z + T1) * z + T0) * z * x + x;
        }
        return Math.copySign(1 - 2 / (exp(2 * size) + 1), x);
    }

    /** The logarithm of {@code 1 + x}, for x from 0 on. */
    static float log1p(float x) {
        float u = 1 + x;
        return u == Float.POSITIVE_INFINITY ? u : log(u, (x - (u - 1)) / u, 0);
    }

    /** The natural logarithm: minus infinity of a zero, NaN below. */
    static float log(float x) {
        if (!(x > 0 && x < Float.POSITIVE_INFINITY)) {
            return x < 0 ? Float.NaN : x == 0 ? Float.NEGATIVE_INFINITY : x;
        }
        return x < Float.MIN_NORMAL ? log(x * 0x1p23f, 0, -23) : log(x, 0, 0);
    }

    /** The n for which {@code x = 2^n m}, m from the root of one half to the root of two. */
    static float exponent(float x) {
        return Float.floatToRawIntBits(x) - Polynomials.SQRT_HALF_BITS >> 23;
    }

    /** The m of {@link #exponent}. */
    static float mantissa(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat(bits - (bits - Polynomials.SQRT_HALF_BITS >> 23 << 23));
    }

    /** The logarithm of {@code 2^shift u} for a normal u, to which a {@code rest} far below its last place is added. */
    private static float log(float u, float rest, float shift) {
        float n = exponent(u) + shift;
        float f = mantissa(u) - 1;
        float z = f * f;
        float p = (((((((L8 * f + L7) * f + L6) * f + L5) * f + L4) * f + L3) * f + L2) * f + L1) * f + L0;
        return f + (p * f * z + n * Polynomials.LN2_LOW - 0.5f * z + rest) + n * Polynomials.LN2_HIGH;
    }

    /**
     * The transform of Box and Muller, {@code sqrt(-2 log(u)) cos(2 pi v)}.
     *
     * @param x u, at most one half, or {@code u - 1}, which is negative: so a u near 1 keeps its digits
     * @param quarter {@code 4 |v - 1/2| - 1}, from -1 to 1, the sine of whose quarter turns is the cosine: so a cosine near 0
     *     keeps its digits
     */
    static float normal(float x, float quarter) {
        // 0 or 1; no branch, since the processor could only guess it
        float one = Float.floatToRawIntBits(x) >>> 31;
        float u = one + x;
        // the logarithm's rest is this one divided by u, from 1/2 to 1, which changes less than a rounding does
        float radius = (float) Math.sqrt(-2 * log(u, x - (u - one), 0));
        float z = quarter * quarter;
        float p = ((S3 * z + S2) * z + S1) * z + S0;
        return radius * ((p * z + HALF_PI_LOW) * quarter + quarter * HALF_PI);
    }

    /**
     * Zero for a subnormal number, else the number itself. A moment that decays would end among the subnormals and stay
     * there, where a product takes the processor a hundred cycles and more.
     */
    static float flushed(float x) {
        return Math.abs(x) < Float.MIN_NORMAL ? 0 : x;
    }
}
