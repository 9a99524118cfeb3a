package dev.weft.op.expr;

/**
 * The constants of the elementary functions in float, which are the same on every backend, and so are the bits of what they
 * compute. The kernels of a GPU are written from {@link Code#writtenOut}, which has the formulas.
 */
public final class Polynomials {
    /** {@code 1 / log(2)}. */
    public static final float LOG2_E = 1.44269504f;

    /** The leading bits of log 2: products with whole numbers up to 150 are exact. */
    public static final float LN2_HIGH = 0.693359375f;

    /** Log 2 without {@link #LN2_HIGH}. */
    public static final float LN2_LOW = -2.12194440e-4f;

    /** Above, exp is infinite. */
    public static final float EXP_MAX = 88.72284f;

    /** Below, exp is zero. */
    public static final float EXP_MIN = -103.97209f;

    /** Below this magnitude tanh is the number itself, with its sign where it is a zero. */
    public static final float TANH_LINEAR = 0x1p-12f;

    /** Below this magnitude tanh is an odd polynomial, above it comes from exp. */
    public static final float TANH_POLYNOMIAL = 0.625f;

    /** Below this magnitude erf is an odd polynomial. */
    public static final float ERF_POLYNOMIAL = 1;

    /** From this magnitude on erf is one. */
    public static final float ERF_ONE = 4;

    /** The bits of the square root of one half. */
    public static final int SQRT_HALF_BITS = 0x3f3504f3;

    /** Adding and subtracting it rounds to a whole number, which the last bits hold in between. */
    public static final float ROUNDER = 0x1.8p23f;

    /** The bits of {@link #ROUNDER}. */
    public static final int ROUNDER_BITS = 0x4b400000;

    /** {@code 2 / pi}. */
    static final float TWO_OVER_PI = 0.636619772f;

    /** The leading bits of pi / 2, those that follow, and those after them: products with the first are exact. */
    static final float[] HALF_PI = {1.5703125f, 4.837512969970703125e-4f, 7.549789954891882e-8f};

    private static final float[] EXP = {
        1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f
    };
    private static final float[] TANH = {
        -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f
    };
    private static final float[] LOG1P = {
        7.0376836292e-2f,
        -1.1514610310e-1f,
        1.1676998740e-1f,
        -1.2420140846e-1f,
        1.4249322787e-1f,
        -1.6668057665e-1f,
        2.0000714765e-1f,
        -2.4999993993e-1f,
        3.3333331174e-1f
    };
    private static final float[] ERF = {
        0x1.496a3p-14f, -0x1.a3f7p-11f, 0x1.5405b2p-8f, -0x1.b7f90ep-6f, 0x1.ce2cf8p-4f, -0x1.81273ep-2f, 0x1.20dd74p0f
    };
    private static final float[] ERFC = {
        -1.8557407e-4f, 2.9396079e-3f, -2.1805320e-2f, 1.0303737e-1f, 6.3822567e-1f, 1.1270400f, 3.5371876e-4f
    };
    private static final float[] SIN = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
    private static final float[] COS = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};

    private Polynomials() {}

    /** Coefficients of exp(r) = 1 + r + r^2 (... + r ...), the highest first, |r| at most log(2) / 2: minimax, from Cephes. */
    public static float[] exp() {
        return EXP.clone();
    }

    /** Coefficients of tanh(x) = x + x^3 (... + x^2 ...), the highest first: minimax, from Cephes. */
    public static float[] tanh() {
        return TANH.clone();
    }

    /** Coefficients of log(1 + f) = f - f^2 / 2 + f^3 (... + f ...), the highest first: minimax, from Cephes. */
    public static float[] log1p() {
        return LOG1P.clone();
    }

    /** Coefficients of erf(x) = x (... + x^2 ...), the highest first: minimax, relative error 1.3e-9. */
    static float[] erf() {
        return ERF;
    }

    /** Coefficients of -log(1 - erf(x)) = ... + x ..., the highest first, x from 1 to 4: minimax, 1.1e-9 of erf. */
    static float[] erfc() {
        return ERFC;
    }

    /** Coefficients of sin(r) = r + r^3 (... + r^2 ...), the highest first, |r| at most pi / 4: minimax, from Cephes. */
    static float[] sin() {
        return SIN;
    }

    /** Coefficients of cos(r) = 1 - r^2 / 2 + r^4 (... + r^2 ...), the highest first: minimax, from Cephes. */
    static float[] cos() {
        return COS;
    }
}
