package dev.weft.cpu;

import dev.weft.op.expr.Polynomials;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Loops with the Vector API. */
final class VectorBlockLoops implements BlockLoops {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();

    @Override
    public int multiple() {
        return LANES;
    }

    @Override
    public boolean anywhere() {
        return true;
    }

    @Override
    public BlockLoop of(BlockOperation operation) {
        return switch (operation) {
            case COPY -> VectorBlockLoops::copy;
            case ADD -> VectorBlockLoops::add;
            case ADD_S -> VectorBlockLoops::addScalar;
            case SUBTRACT -> VectorBlockLoops::subtract;
            case SUBTRACT_S -> VectorBlockLoops::subtractScalar;
            case SUBTRACT_FROM_S -> VectorBlockLoops::subtractFromScalar;
            case MULTIPLY -> VectorBlockLoops::multiply;
            case MULTIPLY_S -> VectorBlockLoops::multiplyScalar;
            case DIVIDE -> VectorBlockLoops::divide;
            case DIVIDE_S -> VectorBlockLoops::divideScalar;
            case DIVIDE_INTO_S -> VectorBlockLoops::divideIntoScalar;
            case MINIMUM -> VectorBlockLoops::minimum;
            case MINIMUM_S -> VectorBlockLoops::minimumScalar;
            case MAXIMUM -> VectorBlockLoops::maximum;
            case MAXIMUM_S -> VectorBlockLoops::maximumScalar;
            case NEGATE -> VectorBlockLoops::negate;
            case ABSOLUTE -> VectorBlockLoops::absolute;
            case SQRT -> VectorBlockLoops::sqrt;
            case SELECT -> VectorBlockLoops::select;
            case SELECT_BELOW -> VectorBlockLoops::selectBelow;
            case SELECT_ABOVE -> VectorBlockLoops::selectAbove;
            case REPLACE_SMALL -> VectorBlockLoops::replaceSmall;
            case MULTIPLY_ADD -> VectorBlockLoops::multiplyAdd;
            case MULTIPLY_ADD_S -> VectorBlockLoops::multiplyAddScalar;
            case SCALE_ADD -> VectorBlockLoops::scaleAdd;
            case SCALE_ADD_S -> VectorBlockLoops::scaleAddScalar;
            case SCALE_BOTH -> VectorBlockLoops::scaleBoth;
            case SUBTRACT_SCALED -> VectorBlockLoops::subtractScaled;
            case SCALE_DIVIDE -> VectorBlockLoops::scaleDivide;
            case SQRT_ADD_S -> VectorBlockLoops::sqrtAddScalar;
            case SCALE_SQRT_ADD_S -> VectorBlockLoops::scaleSqrtAddScalar;
            case SCALE -> VectorBlockLoops::scale;
            case EXPONENT -> VectorBlockLoops::exponent;
            case MANTISSA -> VectorBlockLoops::mantissa;
            case EXP -> (o, n) -> VectorElementary.exp(o.a(), o.aAt(), o.y(), o.yAt(), n);
            case LOG -> (o, n) -> VectorElementary.log(o.a(), o.aAt(), o.y(), o.yAt(), n);
            case TANH -> (o, n) -> VectorElementary.tanh(o.a(), o.aAt(), o.y(), o.yAt(), n);
            case SIGMOID -> (o, n) -> VectorElementary.sigmoid(o.a(), o.aAt(), o.y(), o.yAt(), n);
        };
    }

    private static void copy(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void add(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .add(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void addScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).add(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void subtract(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .sub(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void subtractScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).sub(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void subtractFromScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.broadcast(SPECIES, o.s)
                    .sub(FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void multiply(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void multiplyScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).mul(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void divide(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .div(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void divideScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).div(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void divideIntoScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.broadcast(SPECIES, o.s)
                    .div(FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void minimum(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .min(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void minimumScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).min(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void maximum(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .max(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void maximumScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).max(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void negate(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).neg().intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void absolute(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).abs().intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void sqrt(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).sqrt().intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void select(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.d(), o.dAt() + i)
                    .blend(
                            FloatVector.fromArray(SPECIES, o.c(), o.cAt() + i),
                            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                                    .compare(VectorOperators.LT, FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i)))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void selectBelow(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.d(), o.dAt() + i)
                    .blend(
                            FloatVector.fromArray(SPECIES, o.c(), o.cAt() + i),
                            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).compare(VectorOperators.LT, o.s))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void selectAbove(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.d(), o.dAt() + i)
                    .blend(
                            FloatVector.fromArray(SPECIES, o.c(), o.cAt() + i),
                            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).compare(VectorOperators.GT, o.s))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void replaceSmall(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i);
            a.blend(o.t, a.abs().compare(VectorOperators.LT, o.s)).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void multiplyAdd(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .add(FloatVector.fromArray(SPECIES, o.c(), o.cAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void multiplyAddScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .add(o.s)
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void scaleAdd(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(o.s)
                    .add(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void scaleAddScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).mul(o.s).add(o.t).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void scaleBoth(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(o.s)
                    .add(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i).mul(o.t))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void subtractScaled(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i)
                    .sub(FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).mul(o.s))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void scaleDivide(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(o.s)
                    .div(FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i))
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void sqrtAddScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).sqrt().add(o.s).intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void scaleSqrtAddScalar(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(o.s)
                    .sqrt()
                    .add(o.t)
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void scale(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            IntVector exponent = FloatVector.fromArray(SPECIES, o.b(), o.bAt() + i)
                    .reinterpretAsInts()
                    .sub(Polynomials.ROUNDER_BITS);
            IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
            IntVector otherHalf = exponent.sub(half);
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .mul(otherHalf.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void exponent(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i)
                    .reinterpretAsInts()
                    .sub(Polynomials.SQRT_HALF_BITS)
                    .lanewise(VectorOperators.ASHR, 23)
                    .add(Polynomials.ROUNDER_BITS)
                    .reinterpretAsFloats()
                    .sub(Polynomials.ROUNDER)
                    .intoArray(o.y(), o.yAt() + i);
        }
    }

    private static void mantissa(BlockOperands o, int n) {
        for (int i = 0; i < n; i += LANES) {
            IntVector bits = FloatVector.fromArray(SPECIES, o.a(), o.aAt() + i).reinterpretAsInts();
            IntVector exponent = bits.sub(Polynomials.SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
            bits.sub(exponent.lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats()
                    .intoArray(o.y(), o.yAt() + i);
        }
    }
}
