package dev.weft.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
    /** The known answers of Random123 for philox4x32-10. */
    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
    })
    void aBlockIsThePublishedOne(String counter, String key, String words) {
        int[] block = hex(counter);
        int[] keys = hex(key);
        Philox.block(block, 0, keys[0], keys[1]);
        assertThat(block).containsExactly(hex(words));
    }

    private static int[] hex(String words) {
        return Arrays.stream(words.split(" "))
                .mapToInt(word -> Integer.parseUnsignedInt(word, 16))
                .toArray();
    }

    @Test
    void wordsPutSeedIntoTheKeyAndBlockStreamStepIntoTheCounter() {
        int[] words = new int[4];
        Philox.words(0x299f31d0_a4093822L, 0x85a308d3, 0x03707344_13198a2eL, 0x243f6a88, words);
        assertThat(words).containsExactly(hex("d16cfe09 94fdcceb 5001e420 24126ea1"));
    }

    @Test
    void aSequenceGivesTheElementsInOrder() {
        Philox.Sequence sequence = Philox.sequence(7, "name", 3);
        int[] words = new int[4];
        for (int i = 0; i < 11; i++) {
            Philox.words(7, Philox.stream("name"), 3, i / 4, words);
            assertThat(sequence.nextInt()).isEqualTo(words[i % 4]);
        }
    }

    /** Values published with the definition of FNV-1a. */
    @Test
    void streamsAreFnv1aHashes() {
        assertThat(Philox.stream("")).isEqualTo(0x811c9dc5);
        assertThat(Philox.stream("a")).isEqualTo(0xe40c292c);
        assertThat(Philox.stream("foobar")).isEqualTo(0xbf9cf968);
    }

    @Test
    void seedStreamAndStepEachGiveOtherNumbers() {
        assertThat(first(1, "a", 0)).isNotEqualTo(first(2, "a", 0));
        assertThat(first(1, "a", 0)).isNotEqualTo(first(1, "b", 0));
        assertThat(first(1, "a", 0)).isNotEqualTo(first(1, "a", 1));
        assertThat(first(1, "a", 0)).isNotEqualTo(first(1, "a", 1L << 32));
        assertThat(first(1, "a", 0)).isNotEqualTo(first(1L << 32 | 1, "a", 0));
        assertThat(first(1, "a", 0)).isEqualTo(first(1, "a", 0));
    }

    private static double first(long seed, String stream, long step) {
        return Philox.sequence(seed, stream, step).nextUniform();
    }

    // the seeds are fixed, so these pass always or never; a p-value below 0.001 would be a poor generator

    @Test
    void uniformNumbersAreUniform() {
        double[] sample = uniform("uniform");
        assertThat(Arrays.stream(sample)).allMatch(x -> x > 0 && x < 1);
        double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new UniformRealDistribution(0, 1), sample);
        assertThat(p).isGreaterThan(0.001);
    }

    @Test
    void normalNumbersAreNormal() {
        Philox.Sequence random = Philox.sequence(42, "normal", 0);
        double[] sample = new double[20_000];
        Arrays.setAll(sample, i -> random.nextNormal());
        double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new NormalDistribution(0, 1), sample);
        assertThat(p).isGreaterThan(0.001);
    }

    @ParameterizedTest
    @CsvSource({"2", "3", "10", "1000"})
    void boundedIntegersAreUniform(int bound) {
        Philox.Sequence random = Philox.sequence(42, "bounded", bound);
        long[] counts = new long[bound];
        for (int i = 0; i < 100_000; i++) {
            counts[random.nextInt(bound)]++;
        }
        double[] expected = new double[bound];
        Arrays.fill(expected, 100_000.0 / bound);
        assertThat(new ChiSquareTest().chiSquareTest(expected, counts)).isGreaterThan(0.001);
    }

    @Test
    void everyBitIsSetHalfOfTheTime() {
        Philox.Sequence random = Philox.sequence(42, "bits", 0);
        int draws = 20_000;
        int[] set = new int[32];
        for (int i = 0; i < draws; i++) {
            int word = random.nextInt();
            for (int bit = 0; bit < 32; bit++) {
                set[bit] += word >>> bit & 1;
            }
        }
        double fiveSigma = 5 * Math.sqrt(draws) / 2;
        for (int count : set) {
            assertThat((double) count).isBetween(draws / 2 - fiveSigma, draws / 2 + fiveSigma);
        }
    }

    @Test
    void neighbouringStreamsStepsAndElementsAreNotCorrelated() {
        double fiveSigma = 5 / Math.sqrt(20_000);
        double[] a = uniform("conv1");
        double[] next = new double[a.length];
        System.arraycopy(a, 1, next, 0, a.length - 1);
        assertThat(Math.abs(correlation(a, uniform("conv2")))).isLessThan(fiveSigma);
        assertThat(Math.abs(correlation(a, next))).isLessThan(fiveSigma);
        Philox.Sequence later = Philox.sequence(42, "conv1", 1);
        double[] step = new double[a.length];
        Arrays.setAll(step, i -> later.nextUniform());
        assertThat(Math.abs(correlation(a, step))).isLessThan(fiveSigma);
    }

    private static double correlation(double[] a, double[] b) {
        return new PearsonsCorrelation().correlation(a, b);
    }

    private static double[] uniform(String stream) {
        Philox.Sequence random = Philox.sequence(42, stream, 0);
        double[] sample = new double[20_000];
        Arrays.setAll(sample, i -> random.nextUniform());
        return sample;
    }
}
