package dev.weft.init;

import dev.weft.random.Philox;

/**
 * Initial values of a parameter. {@code fanIn} is the number of inputs that one output sums over (C R S for a
 * convolution), {@code fanOut} the number of outputs that one input reaches (K R S).
 */
@FunctionalInterface
public interface Initializer {

    /** Fills {@code values}; the same random sequence gives the same values. */
    void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random);

    /** The same value everywhere. */
    static Initializer constant(float value) {
        return (values, fanIn, fanOut, random) -> java.util.Arrays.fill(values, value);
    }

    /** Uniform within plus or minus {@code sqrt(6 / (fanIn + fanOut))} (Glorot and Bengio 2010). */
    static Initializer glorotUniform() {
        return (values, fanIn, fanOut, random) -> uniform(values, Math.sqrt(6.0 / (fanIn + fanOut)), random);
    }

    /** Normal with variance {@code 2 / (fanIn + fanOut)} (Glorot and Bengio 2010). */
    static Initializer glorotNormal() {
        return (values, fanIn, fanOut, random) -> normal(values, Math.sqrt(2.0 / (fanIn + fanOut)), random);
    }

    /** Uniform within plus or minus {@code sqrt(6 / fanIn)} (He et al. 2015, arXiv 1502.01852). */
    static Initializer heUniform() {
        return (values, fanIn, fanOut, random) -> uniform(values, Math.sqrt(6.0 / fanIn), random);
    }

    /** Normal with variance {@code 2 / fanIn} (He et al. 2015, arXiv 1502.01852). */
    static Initializer heNormal() {
        return (values, fanIn, fanOut, random) -> normal(values, Math.sqrt(2.0 / fanIn), random);
    }

    /** Uniform within plus or minus {@code sqrt(3 / fanIn)} (LeCun et al. 1998, "Efficient BackProp"). */
    static Initializer lecunUniform() {
        return (values, fanIn, fanOut, random) -> uniform(values, Math.sqrt(3.0 / fanIn), random);
    }

    /** Normal with variance {@code 1 / fanIn} (LeCun et al. 1998, "Efficient BackProp"). */
    static Initializer lecunNormal() {
        return (values, fanIn, fanOut, random) -> normal(values, Math.sqrt(1.0 / fanIn), random);
    }

    private static void uniform(float[] values, double limit, Philox.Sequence random) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (limit * (2 * random.nextUniform() - 1));
        }
    }

    private static void normal(float[] values, double deviation, Philox.Sequence random) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextNormal());
        }
    }
}
