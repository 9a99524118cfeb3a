package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShuffleTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 1000})
    void anOrderHoldsEveryRowOnce(int size) {
        int[] order = Shuffle.order(size, 42, 1);
        Arrays.sort(order);
        assertThat(order).containsExactly(Shuffle.identity(size));
    }

    @Test
    void seedAndEpochDecideTheOrder() {
        assertThat(Shuffle.order(100, 42, 1)).containsExactly(Shuffle.order(100, 42, 1));
        assertThat(Shuffle.order(100, 42, 1)).isNotEqualTo(Shuffle.order(100, 42, 2));
        assertThat(Shuffle.order(100, 42, 1)).isNotEqualTo(Shuffle.order(100, 43, 1));
    }

    /** Each of the 24 orders of four rows comes equally often. */
    @Test
    void allOrdersAreEquallyLikely() {
        long[] counts = new long[256];
        int draws = 24_000;
        for (int epoch = 0; epoch < draws; epoch++) {
            int[] order = Shuffle.order(4, 42, epoch);
            counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
        }
        long[] seen = Arrays.stream(counts).filter(count -> count > 0).toArray();
        assertThat(seen).hasSize(24);
        double[] expected = new double[24];
        Arrays.fill(expected, draws / 24.0);
        assertThat(new ChiSquareTest().chiSquareTest(expected, seen)).isGreaterThan(0.001);
    }
}
