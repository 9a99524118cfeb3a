package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Dataset;
import dev.weft.tensor.Shape;
import org.junit.jupiter.api.Test;

class DivergenceTest {
    private static final Shape ONE = Shape.of(1);
    private static final Dataset CLASSES = Dataset.ofFloats(ONE, new float[4], new int[4], 10);
    /** Their mean square is 25. */
    private static final Dataset TARGETS = Dataset.ofTargets(ONE, new float[2], ONE, new float[] {1, 7});

    private static boolean seen(Dataset data, double... losses) {
        Divergence divergence = new Divergence(data, losses.length);
        for (int i = 0; i < losses.length; i++) {
            divergence.add(i, losses[i], 4);
        }
        return divergence.seen();
    }

    @Test
    void aLossFarAboveTheFirstOneAndThatOfZerosIsSeen() {
        double ln10 = Math.log(10);
        assertThat(seen(CLASSES, 2, 2, 10.01 * ln10, 10.01 * ln10)).isTrue();
        assertThat(seen(CLASSES, 2, 2, 9.99 * ln10, 9.99 * ln10)).isFalse();
        assertThat(seen(CLASSES, 4, 2, 39.9, 39.9)).isFalse();
        assertThat(seen(CLASSES, 4, 2, 40.1, 40.1)).isTrue();
        assertThat(seen(TARGETS, 1, 249)).isFalse();
        assertThat(seen(TARGETS, 1, 251)).isTrue();
        assertThat(seen(TARGETS, 1e30)).isFalse();
    }

    @Test
    void aLossThatRisesAndFallsAgainIsNone() {
        assertThat(seen(CLASSES, 2, 1e6, 0.5, 0.4)).isFalse();
        // and one that comes late is
        assertThat(seen(CLASSES, 2, 0.5, 0.4, 1e6)).isTrue();
    }

    @Test
    void everyEpochIsLookedAtAlone() {
        Divergence divergence = new Divergence(CLASSES, 2);
        divergence.add(0, 2, 4);
        divergence.add(1, 1e6, 4);
        assertThat(divergence.seen()).isTrue();
        assertThat(divergence.message(1)).contains("epoch 1 is 1.00e+06", "first step it was 2.00", "would have 2.30");
        divergence.beginEpoch();
        divergence.add(0, 1e6, 4);
        divergence.add(1, 3, 2);
        assertThat(divergence.seen()).isFalse();
        assertThat(divergence.loss()).isEqualTo(3);
    }
}
