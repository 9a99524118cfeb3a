package dev.weft.cpu;

import dev.weft.op.expr.Polynomials;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The functions of {@link Elementary} on arrays of whole vectors: the same operations in the same order, hence the
 * same bits. They do not take and return vectors: where HotSpot does not inline such a method, because it or its caller has
 * grown large, its vectors go to the heap.
 */
final class VectorElementary {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    private VectorElementary() {}

    /** {@code y = exp(x)}; both may be the same elements. */
    static void exp(float[] a, int aAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, a, aAt + i);
            FloatVector shifted = x.mul(Polynomials.LOG2_E).add(Polynomials.ROUNDER);
            FloatVector whole = shifted.sub(Polynomials.ROUNDER);
            FloatVector r = x.sub(whole.mul(Polynomials.LN2_HIGH)).sub(whole.mul(Polynomials.LN2_LOW));
            FloatVector p = r.mul(Elementary.E7)
                    .add(Elementary.E6)
                    .mul(r)
                    .add(Elementary.E5)
                    .mul(r)
                    .add(Elementary.E4)
                    .mul(r)
                    .add(Elementary.E3)
                    .mul(r)
                    .add(Elementary.E2);
            FloatVector power = p.mul(r).mul(r).add(r).add(1);
            IntVector exponent = shifted.reinterpretAsInts().sub(Polynomials.ROUNDER_BITS);
            IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
            IntVector otherHalf = exponent.sub(half);
            power.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .mul(otherHalf.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, Polynomials.EXP_MAX))
                    .blend(0, x.compare(VectorOperators.LT, Polynomials.EXP_MIN))
                    .intoArray(y, yAt + i);
        }
    }

    /** {@code y = 1 / (1 + exp(-x))}. */
    static void sigmoid(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).abs().neg().intoArray(y, yAt + i);
        }
        exp(y, yAt, y, yAt, n);
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        for (int i = 0; i < n; i += LANES) {
            FloatVector e = FloatVector.fromArray(SPECIES, y, yAt + i);
            one.blend(e, FloatVector.fromArray(SPECIES, x, xAt + i).compare(VectorOperators.LT, 0))
                    .div(e.add(1))
                    .intoArray(y, yAt + i);
        }
    }

    /** {@code y = tanh(x)}. */
    static void tanh(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i).abs().mul(2).intoArray(y, yAt + i);
        }
        exp(y, yAt, y, yAt, n);
        for (int i = 0; i < n; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xAt + i);
            FloatVector size = value.abs();
            FloatVector z = value.mul(value);
            FloatVector p = z.mul(Elementary.T4)
                    .add(Elementary.T3)
                    .mul(z)
                    .add(Elementary.T2)
                    .mul(z)
                    .add(Elementary.T1)
                    .mul(z)
                    .add(Elementary.T0);
            FloatVector near = p.mul(z).mul(value).add(value);
            FloatVector one = FloatVector.broadcast(SPECIES, 1);
            FloatVector e = FloatVector.fromArray(SPECIES, y, yAt + i);
            FloatVector far = one.sub(one.add(1).div(e.add(1)));
            far.blend(far.neg(), value.compare(VectorOperators.LT, 0))
                    .blend(near, size.compare(VectorOperators.LT, Polynomials.TANH_POLYNOMIAL))
                    .blend(value, size.compare(VectorOperators.LT, Polynomials.TANH_LINEAR))
                    .intoArray(y, yAt + i);
        }
    }

    /** {@code y = log(x)}; both may be the same elements. */
    static void log(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, x, xAt + i);
            VectorMask<Float> subnormal = value.compare(VectorOperators.LT, Float.MIN_NORMAL);
            FloatVector u = value.blend(value.mul(0x1p23f), subnormal);
            IntVector bits = u.reinterpretAsInts();
            IntVector exponent = bits.sub(Polynomials.SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
            FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats()
                    .sub(1);
            FloatVector whole =
                    exponent.add(Polynomials.ROUNDER_BITS).reinterpretAsFloats().sub(Polynomials.ROUNDER);
            FloatVector power = whole.blend(whole.sub(23), subnormal);
            FloatVector z = f.mul(f);
            FloatVector p = f.mul(Elementary.L8)
                    .add(Elementary.L7)
                    .mul(f)
                    .add(Elementary.L6)
                    .mul(f)
                    .add(Elementary.L5)
                    .mul(f)
                    .add(Elementary.L4)
                    .mul(f)
                    .add(Elementary.L3)
                    .mul(f)
                    .add(Elementary.L2)
                    .mul(f)
                    .add(Elementary.L1)
                    .mul(f)
                    .add(Elementary.L0);
            FloatVector small =
                    p.mul(f).mul(z).add(power.mul(Polynomials.LN2_LOW)).sub(z.mul(0.5f));
            FloatVector logarithm = f.add(small).add(power.mul(Polynomials.LN2_HIGH));
            FloatVector positive = value.blend(logarithm, value.compare(VectorOperators.LT, Float.POSITIVE_INFINITY));
            positive.blend(Float.NEGATIVE_INFINITY, value.compare(VectorOperators.EQ, 0))
                    .blend(Float.NaN, value.compare(VectorOperators.LT, 0))
                    .intoArray(y, yAt + i);
        }
    }

    /** {@code y = mean + deviation z} with {@link Elementary#normal} of {@code y} and {@code quarters}. */
    static void normal(float[] y, int yAt, float[] quarters, float mean, float deviation, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, y, yAt + i);
            FloatVector one = FloatVector.zero(SPECIES).blend(1, x.compare(VectorOperators.LT, 0));
            FloatVector u = one.add(x);
            FloatVector rest = x.sub(u.sub(one));
            IntVector bits = u.reinterpretAsInts();
            IntVector exponent = bits.sub(Polynomials.SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
            FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats()
                    .sub(1);
            FloatVector whole =
                    exponent.add(Polynomials.ROUNDER_BITS).reinterpretAsFloats().sub(Polynomials.ROUNDER);
            FloatVector z = f.mul(f);
            FloatVector p = f.mul(Elementary.L8)
                    .add(Elementary.L7)
                    .mul(f)
                    .add(Elementary.L6)
                    .mul(f)
                    .add(Elementary.L5)
                    .mul(f)
                    .add(Elementary.L4)
                    .mul(f)
                    .add(Elementary.L3)
                    .mul(f)
                    .add(Elementary.L2)
                    .mul(f)
                    .add(Elementary.L1)
                    .mul(f)
                    .add(Elementary.L0);
            FloatVector small = p.mul(f)
                    .mul(z)
                    .add(whole.mul(Polynomials.LN2_LOW))
                    .sub(z.mul(0.5f))
                    .add(rest);
            FloatVector radius =
                    f.add(small).add(whole.mul(Polynomials.LN2_HIGH)).mul(-2).sqrt();
            FloatVector t = FloatVector.fromArray(SPECIES, quarters, i);
            FloatVector tt = t.mul(t);
            FloatVector s = tt.mul(Elementary.S3)
                    .add(Elementary.S2)
                    .mul(tt)
                    .add(Elementary.S1)
                    .mul(tt)
                    .add(Elementary.S0);
            FloatVector cosine = s.mul(tt).add(Elementary.HALF_PI_LOW).mul(t).add(t.mul(Elementary.HALF_PI));
            radius.mul(cosine).mul(deviation).add(mean).intoArray(y, yAt + i);
        }
    }
}
