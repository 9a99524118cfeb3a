package dev.weft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** The functions of {@link Elementary} on vectors: the same operations in the same order, hence the same bits. */
final class VectorElementary {
    private VectorElementary() {}

    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.mul(Elementary.LOG2_E).add(Elementary.ROUNDER);
        FloatVector n = shifted.sub(Elementary.ROUNDER);
        FloatVector r = x.sub(n.mul(Elementary.LN2_HIGH)).sub(n.mul(Elementary.LN2_LOW));
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
        FloatVector y = p.mul(r).mul(r).add(r).add(1);
        IntVector whole = shifted.reinterpretAsInts().sub(Elementary.ROUNDER_BITS);
        IntVector half = whole.lanewise(VectorOperators.ASHR, 1);
        return y.mul(powerOfTwo(half))
                .mul(powerOfTwo(whole.sub(half)))
                .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, Elementary.EXP_MAX))
                .blend(0, x.compare(VectorOperators.LT, Elementary.EXP_MIN));
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        FloatVector one = FloatVector.broadcast(x.species(), 1);
        return one.blend(e, x.compare(VectorOperators.LT, 0)).div(e.add(1));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector size = x.abs();
        FloatVector z = x.mul(x);
        FloatVector p = z.mul(Elementary.T4)
                .add(Elementary.T3)
                .mul(z)
                .add(Elementary.T2)
                .mul(z)
                .add(Elementary.T1)
                .mul(z)
                .add(Elementary.T0);
        FloatVector near = p.mul(z).mul(x).add(x);
        FloatVector one = FloatVector.broadcast(x.species(), 1);
        FloatVector far = one.sub(one.add(1).div(exp(size.add(size)).add(1)));
        return far.blend(far.neg(), x.compare(VectorOperators.LT, 0))
                .blend(near, size.compare(VectorOperators.LT, Elementary.TANH_POLYNOMIAL))
                .blend(x, size.compare(VectorOperators.LT, Elementary.TANH_LINEAR));
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(1);
        IntVector bits = u.reinterpretAsInts();
        IntVector whole = bits.sub(Elementary.SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector n = whole.add(Elementary.ROUNDER_BITS).reinterpretAsFloats().sub(Elementary.ROUNDER);
        FloatVector f = bits.sub(whole.lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats()
                .sub(1);
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
        FloatVector rest = x.sub(u.sub(1)).div(u);
        FloatVector tail =
                p.mul(f).mul(z).add(n.mul(Elementary.LN2_LOW)).sub(z.mul(0.5f)).add(rest);
        return f.add(tail)
                .add(n.mul(Elementary.LN2_HIGH))
                .blend(Float.POSITIVE_INFINITY, u.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
    }

    static FloatVector flushed(FloatVector x) {
        return x.blend(0, x.abs().compare(VectorOperators.LT, Float.MIN_NORMAL));
    }
}
