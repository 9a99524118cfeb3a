package dev.weft.cpu;

/** Elementary functions in float, by polynomials of our own, so that the bits are the same before and after compilation. */
final class Elementary {
    /** Bounds of the errors, in units in the last place of the exact result. */
    static final double EXP_ULPS = 1.5;

    static final double SIGMOID_ULPS = 3;
    static final double TANH_ULPS = 2.5;
    static final double LOG1P_ULPS = 1.5;
    static final double NORMAL_ULPS = 4;

    static final float LOG2_E = 1.44269504f;
    /** The leading bits of log 2: products with whole numbers up to 150 are exact. */
    static final float LN2_HIGH = 0.693359375f;

    static final float LN2_LOW = -2.12194440e-4f;

    /** Above, exp is infinite. */
    static final float EXP_MAX = 88.72284f;

    /** Below, exp is zero. */
    static final float EXP_MIN = -103.97209f;

    /** Below this magnitude tanh is the number itself, with its sign where it is a zero. */
    static final float TANH_LINEAR = 0x1p-12f;

    /** Below this magnitude tanh is an odd polynomial, above it comes from exp. */
    static final float TANH_POLYNOMIAL = 0.625f;

    /** Coefficients of exp(r) = 1 + r + r^2 (E2 + E3 r + ...), |r| at most log(2) / 2: minimax, from Cephes. */
    static final float E2 = 5.0000001201e-1f;

    static final float E3 = 1.6666665459e-1f;
    static final float E4 = 4.1665795894e-2f;
    static final float E5 = 8.3334519073e-3f;
    static final float E6 = 1.3981999507e-3f;
    static final float E7 = 1.9875691500e-4f;

    /** Coefficients of tanh(x) = x + x^3 (T0 + T1 x^2 + ...): minimax, from Cephes. */
    static final float T0 = -3.33332819422e-1f;

    static final float T1 = 1.33314422036e-1f;
    static final float T2 = -5.37397155531e-2f;
    static final float T3 = 2.06390887954e-2f;
    static final float T4 = -5.70498872745e-3f;

    /** Coefficients of log(1 + f) = f - f^2 / 2 + f^3 (L0 + L1 f + ...): minimax, from Cephes. */
    static final float L0 = 3.3333331174e-1f;

    static final float L1 = -2.4999993993e-1f;
    static final float L2 = 2.0000714765e-1f;
    static final float L3 = -1.6668057665e-1f;
    static final float L4 = 1.4249322787e-1f;
    static final float L5 = -1.2420140846e-1f;
    static final float L6 = 1.1676998740e-1f;
    static final float L7 = -1.1514610310e-1f;
    static final float L8 = 7.0376836292e-2f;

    /** The leading bits of pi / 2, and those that follow. */
    static final float HALF_PI = 1.57079637f;

    static final float HALF_PI_LOW = -4.37113883e-8f;

    /** Coefficients of sin(pi / 2 t) = pi / 2 t + t^3 (S0 + S1 t^2 + ...), |t| at most 1: minimax, relative error 6e-9. */
    static final float S0 = -6.459638476e-1f;

    static final float S1 = 7.969006896e-2f;
    static final float S2 = -4.674281925e-3f;
    static final float S3 = 1.517108903e-4f;

    /** The bits of the square root of one half. */
    static final int SQRT_HALF_BITS = 0x3f3504f3;

    /** Adding and subtracting it rounds to a whole number, which the last bits hold in between. */
    static final float ROUNDER = 0x1.8p23f;

    static final int ROUNDER_BITS = 0x4b400000;

    private Elementary() {}

    static float exp(float x) {
        if (!(x <= EXP_MAX)) {
            return x > EXP_MAX ? Float.POSITIVE_INFINITY : x;
        }
        if (x < EXP_MIN) {
            return 0;
        }
        // x = n log 2 + r
        float n = x * LOG2_E + ROUNDER - ROUNDER;
        float r = x - n * LN2_HIGH - n * LN2_LOW;
        float p = ((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2;
        float y = p * r * r + r + 1;
        // 2^n in two steps, since it may be no normal number
        int whole = (int) n;
        int half = whole >> 1;
        return y * powerOfTwo(half) * powerOfTwo(whole - half);
    }

    private static float powerOfTwo(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }

    /** {@code 1 / (1 + exp(-x))}. */
    static float sigmoid(float x) {
        float e = exp(-Math.abs(x));
        return (x < 0 ? e : 1) / (1 + e);
    }

    static float tanh(float x) {
        float size = Math.abs(x);
        if (size < TANH_LINEAR) {
            return x;
        }
        if (size < TANH_POLYNOMIAL) {
            float z = x * x;
            return ((((T4 * z + T3) * z + T2) * z + T1) * z + T0) * z * x + x;
        }
        return Math.copySign(1 - 2 / (exp(2 * size) + 1), x);
    }

    /** The logarithm of {@code 1 + x}, for x from 0 on. */
    static float log1p(float x) {
        float u = 1 + x;
        return u == Float.POSITIVE_INFINITY ? u : log(u, (x - (u - 1)) / u);
    }

    /** The logarithm of a normal number {@code u}, to which a {@code rest} far below its last place is added. */
    private static float log(float u, float rest) {
        // u = 2^n (1 + f), 1 + f from the root of one half to the root of two
        int bits = Float.floatToRawIntBits(u);
        int whole = (bits - SQRT_HALF_BITS) >> 23;
        float n = whole;
        float f = Float.intBitsToFloat(bits - (whole << 23)) - 1;
        float z = f * f;
        float p = (((((((L8 * f + L7) * f + L6) * f + L5) * f + L4) * f + L3) * f + L2) * f + L1) * f + L0;
        return f + (p * f * z + n * LN2_LOW - 0.5f * z + rest) + n * LN2_HIGH;
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
        float radius = (float) Math.sqrt(-2 * log(u, x - (u - one)));
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
