package dev.weft.init;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.random.Philox;
import java.util.stream.Stream;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.RealDistribution;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InitializerTest {
    private static final int FAN_IN = 150;
    private static final int FAN_OUT = 400;

    static Stream<Arguments> distributions() {
        return Stream.of(
                Arguments.of("glorot uniform", Initializer.glorotUniform(), uniform(Math.sqrt(6.0 / 550))),
                Arguments.of("glorot normal", Initializer.glorotNormal(), normal(Math.sqrt(2.0 / 550))),
                Arguments.of("he uniform", Initializer.heUniform(), uniform(0.2)),
                Arguments.of("he normal", Initializer.heNormal(), normal(Math.sqrt(1.0 / 75))),
                Arguments.of("lecun uniform", Initializer.lecunUniform(), uniform(Math.sqrt(0.02))),
                Arguments.of("lecun normal", Initializer.lecunNormal(), normal(Math.sqrt(1.0 / 150))));
    }

    private static RealDistribution uniform(double limit) {
        return new UniformRealDistribution(-limit, limit);
    }

    private static RealDistribution normal(double deviation) {
        return new NormalDistribution(0, deviation);
    }

    /** The seed is fixed, so this passes always or never. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("distributions")
    void valuesHaveTheDistributionOfThePaper(String name, Initializer initializer, RealDistribution expected) {
        float[] values = new float[20_000];
        initializer.fill(values, FAN_IN, FAN_OUT, Philox.sequence(42, name, 0));
        double[] sample = new double[values.length];
        for (int i = 0; i < sample.length; i++) {
            sample[i] = values[i];
        }
        assertThat(new KolmogorovSmirnovTest().kolmogorovSmirnovTest(expected, sample))
                .isGreaterThan(0.001);
    }

    @Test
    void aConstantIsTheSameEverywhere() {
        float[] values = new float[5];
        Initializer.constant(0.25f).fill(values, 1, 1, Philox.sequence(1, "x", 0));
        assertThat(values).containsOnly(0.25f);
    }

    @Test
    void theSameSequenceGivesTheSameValues() {
        float[] a = new float[9];
        float[] b = new float[9];
        Initializer.heNormal().fill(a, 3, 3, Philox.sequence(1, "x", 0));
        Initializer.heNormal().fill(b, 3, 3, Philox.sequence(1, "x", 0));
        assertThat(a).containsExactly(b);
    }
}
