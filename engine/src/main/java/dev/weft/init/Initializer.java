package dev.weft.init;

import dev.weft.random.Philox;
import java.util.Arrays;
import java.util.List;

/**
 * Initial values of a parameter. {@code fanIn} is the number of inputs that one output sums over (C R S for a
 * convolution), {@code fanOut} the number of outputs that one input reaches (K R S). One of a program's own is a lambda, or a
 * record that {@link dev.weft.io.Kinds} knows, so that a file can name it.
 */
@FunctionalInterface
public interface Initializer {

    /** Fills {@code values}; the same random sequence gives the same values. */
    void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random);

    /** The same value everywhere. */
    static Initializer constant(float value) {
        return new Constant(value);
    }

    /** Constants one after the other, each for an equal share of the elements, as the biases of a recurrent layer's gates are. */
    static Initializer constants(List<Double> values) {
        return new Constants(values);
    }

    /** Uniform within plus or minus {@code sqrt(6 / (fanIn + fanOut))} (Glorot and Bengio 2010). */
    static Initializer glorotUniform() {
        return new GlorotUniform();
    }

    /** Normal with variance {@code 2 / (fanIn + fanOut)} (Glorot and Bengio 2010). */
    static Initializer glorotNormal() {
        return new GlorotNormal();
    }

    /** Uniform within plus or minus {@code sqrt(6 / fanIn)} (He et al. 2015, arXiv 1502.01852). */
    static Initializer heUniform() {
        return new HeUniform();
    }

    /** Normal with variance {@code 2 / fanIn} (He et al. 2015, arXiv 1502.01852). */
    static Initializer heNormal() {
        return new HeNormal();
    }

    /** Uniform within plus or minus {@code sqrt(3 / fanIn)} (LeCun et al. 1998, "Efficient BackProp"). */
    static Initializer lecunUniform() {
        return new LecunUniform();
    }

    /** Normal with variance {@code 1 / fanIn} (LeCun et al. 1998, "Efficient BackProp"). */
    static Initializer lecunNormal() {
        return new LecunNormal();
    }

    /** See {@link #constant}. */
    record Constant(float value) implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            Arrays.fill(values, value);
        }
    }

    /** See {@link #constants}. */
    record Constants(List<Double> values) implements Initializer {
        public Constants {
            values = List.copyOf(values);
        }

        @Override
        public void fill(float[] elements, int fanIn, int fanOut, Philox.Sequence random) {
            if (values.isEmpty() || elements.length % values.size() != 0) {
                throw new IllegalArgumentException(
                        "%d elements have no equal shares of %d constants".formatted(elements.length, values.size()));
            }
            int share = elements.length / values.size();
            for (int i = 0; i < elements.length; i++) {
                elements[i] = values.get(i / share).floatValue();
            }
        }
    }

    /** See {@link #glorotUniform}. */
    record GlorotUniform() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            uniform(values, Math.sqrt(6.0 / (fanIn + fanOut)), random);
        }
    }

    /** See {@link #glorotNormal}. */
    record GlorotNormal() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            normal(values, Math.sqrt(2.0 / (fanIn + fanOut)), random);
        }
    }

    /** See {@link #heUniform}. */
    record HeUniform() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            uniform(values, Math.sqrt(6.0 / fanIn), random);
        }
    }

    /** See {@link #heNormal}. */
    record HeNormal() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            normal(values, Math.sqrt(2.0 / fanIn), random);
        }
    }

    /** See {@link #lecunUniform}. */
    record LecunUniform() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            uniform(values, Math.sqrt(3.0 / fanIn), random);
        }
    }

    /** See {@link #lecunNormal}. */
    record LecunNormal() implements Initializer {
        @Override
        public void fill(float[] values, int fanIn, int fanOut, Philox.Sequence random) {
            normal(values, Math.sqrt(1.0 / fanIn), random);
        }
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
