package dev.weft.cpu;

/**
 * Plain loops. HotSpot's compiler makes vectors of those without a comparison, since all arrays are read and written at the
 * loop's index.
 */
final class ScalarBlockLoops implements BlockLoops {
    @Override
    public int multiple() {
        return 1;
    }

    @Override
    public boolean anywhere() {
        return false;
    }

    @Override
    public BlockLoop of(BlockOperation operation) {
        return switch (operation) {
            case COPY -> (o, n) -> System.arraycopy(o.a(), o.yAt(), o.y(), o.yAt(), n);
            case ADD -> ScalarBlockLoops::add;
            case ADD_S -> ScalarBlockLoops::addScalar;
            case SUBTRACT -> ScalarBlockLoops::subtract;
            case SUBTRACT_S -> ScalarBlockLoops::subtractScalar;
            case SUBTRACT_FROM_S -> ScalarBlockLoops::subtractFromScalar;
            case MULTIPLY -> ScalarBlockLoops::multiply;
            case MULTIPLY_S -> ScalarBlockLoops::multiplyScalar;
            case DIVIDE -> ScalarBlockLoops::divide;
            case DIVIDE_S -> ScalarBlockLoops::divideScalar;
            case DIVIDE_INTO_S -> ScalarBlockLoops::divideIntoScalar;
            case MINIMUM -> ScalarBlockLoops::minimum;
            case MINIMUM_S -> ScalarBlockLoops::minimumScalar;
            case MAXIMUM -> ScalarBlockLoops::maximum;
            case MAXIMUM_S -> ScalarBlockLoops::maximumScalar;
            case NEGATE -> ScalarBlockLoops::negate;
            case ABSOLUTE -> ScalarBlockLoops::absolute;
            case SQRT -> ScalarBlockLoops::sqrt;
            case SELECT -> ScalarBlockLoops::select;
            case SELECT_BELOW -> ScalarBlockLoops::selectBelow;
            case SELECT_ABOVE -> ScalarBlockLoops::selectAbove;
            case REPLACE_SMALL -> ScalarBlockLoops::replaceSmall;
            case MULTIPLY_ADD -> ScalarBlockLoops::multiplyAdd;
            case MULTIPLY_ADD_S -> ScalarBlockLoops::multiplyAddScalar;
            case SCALE_ADD -> ScalarBlockLoops::scaleAdd;
            case SCALE_ADD_S -> ScalarBlockLoops::scaleAddScalar;
            case SCALE_BOTH -> ScalarBlockLoops::scaleBoth;
            case SUBTRACT_SCALED -> ScalarBlockLoops::subtractScaled;
            case SCALE_DIVIDE -> ScalarBlockLoops::scaleDivide;
            case SQRT_ADD_S -> ScalarBlockLoops::sqrtAddScalar;
            case SCALE_SQRT_ADD_S -> ScalarBlockLoops::scaleSqrtAddScalar;
            case SCALE -> ScalarBlockLoops::scale;
            case EXPONENT -> ScalarBlockLoops::exponent;
            case MANTISSA -> ScalarBlockLoops::mantissa;
            case EXP -> ScalarBlockLoops::exp;
            case LOG -> ScalarBlockLoops::log;
            case TANH -> ScalarBlockLoops::tanh;
            case SIGMOID -> ScalarBlockLoops::sigmoid;
        };
    }

    private static void add(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] + o.b()[i];
        }
    }

    private static void addScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] + o.s;
        }
    }

    private static void subtract(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] - o.b()[i];
        }
    }

    private static void subtractScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] - o.s;
        }
    }

    private static void subtractFromScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.s - o.a()[i];
        }
    }

    private static void multiply(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.b()[i];
        }
    }

    private static void multiplyScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.s;
        }
    }

    private static void divide(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] / o.b()[i];
        }
    }

    private static void divideScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] / o.s;
        }
    }

    private static void divideIntoScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.s / o.a()[i];
        }
    }

    private static void minimum(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Math.min(o.a()[i], o.b()[i]);
        }
    }

    private static void minimumScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Math.min(o.a()[i], o.s);
        }
    }

    private static void maximum(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Math.max(o.a()[i], o.b()[i]);
        }
    }

    private static void maximumScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Math.max(o.a()[i], o.s);
        }
    }

    private static void negate(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = -o.a()[i];
        }
    }

    private static void absolute(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Math.abs(o.a()[i]);
        }
    }

    private static void sqrt(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = (float) Math.sqrt(o.a()[i]);
        }
    }

    private static void select(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = either(o.a()[i] < o.b()[i], o.c()[i], o.d()[i]);
        }
    }

    private static void selectBelow(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = either(o.a()[i] < o.s, o.c()[i], o.d()[i]);
        }
    }

    private static void selectAbove(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = either(o.s < o.a()[i], o.c()[i], o.d()[i]);
        }
    }

    private static void replaceSmall(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = either(Math.abs(o.a()[i]) < o.s, o.t, o.a()[i]);
        }
    }

    private static void multiplyAdd(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.b()[i] + o.c()[i];
        }
    }

    private static void multiplyAddScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.b()[i] + o.s;
        }
    }

    private static void scaleAdd(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.s + o.b()[i];
        }
    }

    private static void scaleAddScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.s + o.t;
        }
    }

    private static void scaleBoth(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.s + o.b()[i] * o.t;
        }
    }

    private static void subtractScaled(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.b()[i] - o.a()[i] * o.s;
        }
    }

    private static void scaleDivide(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = o.a()[i] * o.s / o.b()[i];
        }
    }

    private static void sqrtAddScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = (float) Math.sqrt(o.a()[i]) + o.s;
        }
    }

    private static void scaleSqrtAddScalar(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = (float) Math.sqrt(o.a()[i] * o.s) + o.t;
        }
    }

    private static void scale(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.scale(o.a()[i], o.b()[i]);
        }
    }

    private static void exponent(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.exponent(o.a()[i]);
        }
    }

    private static void mantissa(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.mantissa(o.a()[i]);
        }
    }

    private static void exp(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.exp(o.a()[i]);
        }
    }

    private static void log(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.log(o.a()[i]);
        }
    }

    private static void tanh(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.tanh(o.a()[i]);
        }
    }

    private static void sigmoid(BlockOperands o, int n) {
        int end = o.yAt() + n;
        for (int i = o.yAt(); i < end; i++) {
            o.y()[i] = Elementary.sigmoid(o.a()[i]);
        }
    }

    /** One of two numbers without a branch, which the processor could only guess. */
    private static float either(boolean first, float c, float d) {
        return Float.intBitsToFloat(first ? Float.floatToRawIntBits(c) : Float.floatToRawIntBits(d));
    }
}
