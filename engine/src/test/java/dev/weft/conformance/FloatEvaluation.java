package dev.weft.conformance;

import dev.weft.op.expr.Code;
import dev.weft.op.expr.Polynomials;

/** Code in float, one element after the other, each operation rounded by itself: whose bits backends have to give. */
public final class FloatEvaluation {
    private final Code code;
    private final float[] values;

    /** For code of any kind, which is written out first. */
    public FloatEvaluation(Code code) {
        this.code = code.writtenOut();
        values = new float[this.code.nodes().size()];
    }

    /** The results for one element. */
    public float[] apply(float[] operands, float[] scalars) {
        for (int i = 0; i < values.length; i++) {
            Code.Node node = code.nodes().get(i);
            float a = node.reads().isEmpty() ? 0 : values[node.reads().get(0)];
            float b = node.reads().size() < 2 ? 0 : values[node.reads().get(1)];
            values[i] = switch (node.kind()) {
                case OPERAND -> operands[node.index()];
                case SCALAR -> scalars[node.index()];
                case CONSTANT -> (float) node.value();
                case ADD -> a + b;
                case SUBTRACT -> a - b;
                case MULTIPLY -> a * b;
                case DIVIDE -> a / b;
                case MINIMUM -> Math.min(a, b);
                case MAXIMUM -> Math.max(a, b);
                case NEGATE -> -a;
                case ABSOLUTE -> Math.abs(a);
                case SQRT -> (float) Math.sqrt(a);
                case SELECT ->
                    a < b ? values[node.reads().get(2)] : values[node.reads().get(3)];
                case SCALE -> scale(a, b);
                case EXPONENT -> exponent(a);
                case MANTISSA -> Float.intBitsToFloat(Float.floatToRawIntBits(a) - (exponent(a) << 23));
                default -> throw new AssertionError(node.kind() + " is not written out");
            };
        }
        float[] results = new float[code.results().size()];
        for (int k = 0; k < results.length; k++) {
            results[k] = values[code.results().get(k)];
        }
        return results;
    }

    private static int exponent(float a) {
        return (Float.floatToRawIntBits(a) - Polynomials.SQRT_HALF_BITS) >> 23;
    }

    /** {@code y 2^n} in two steps, since {@code 2^n} may be no normal number. */
    private static float scale(float y, float shifted) {
        int n = Float.floatToRawIntBits(shifted) - Polynomials.ROUNDER_BITS;
        int half = n >> 1;
        return y * Float.intBitsToFloat((half + 127) << 23) * Float.intBitsToFloat((n - half + 127) << 23);
    }
}
