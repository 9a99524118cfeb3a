package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import dev.weft.ShapeException;
import dev.weft.tensor.Shape;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Data sets, their parts and their statistics. */
class DatasetTest {
    private static final Dataset BYTES =
            Dataset.ofBytes(Shape.of(1, 1, 2), new byte[] {0, 51, 102, -103, -52, -1}, new int[] {0, 1, 0}, 2);

    /** Ten rows: number, twice the number, 7. */
    private static Dataset table() {
        float[] values = new float[30];
        int[] labels = new int[10];
        for (int i = 0; i < 10; i++) {
            values[3 * i] = i;
            values[3 * i + 1] = 2 * i;
            values[3 * i + 2] = 7;
            labels[i] = i % 2;
        }
        return Dataset.ofFloats(Shape.of(3), values, labels, 2);
    }

    @Test
    void namesOfClassesStayWithItsParts() {
        Dataset named = BYTES.withClassNames(List.of("cat", "dog"));

        assertThat(named.normalized(0.5, 0.5).slice(1, 3).select(1, 0).classNames())
                .containsExactly("cat", "dog");
        assertThat(named.className(1)).isEqualTo("dog");
        assertThat(BYTES.classNames()).isEmpty();
        assertThat(BYTES.className(1)).isEqualTo("1");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> BYTES.withClassNames(List.of("cat")))
                .withMessage("1 names for 2 classes");
    }

    @Test
    void selectsSamples() {
        Dataset two = BYTES.select(2, 0);

        assertThat(two.size()).isEqualTo(2);
        assertThat(two.image(0)).containsExactly(0.8f, 1f);
        assertThat(two.image(1)).containsExactly(0f, 0.2f);
        assertThat(table().slice(4, 6).image(1)).containsExactly(5, 10, 7);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> BYTES.select(3))
                .withMessage("sample 3 of 3 samples");
    }

    @Test
    void statisticsAreThoseOfTheValuesOnTheScaleOfTheNetwork() {
        Statistics statistics = Statistics.of(BYTES);
        assertThat(statistics.mean()).isCloseTo(0.5, within(1e-12));
        assertThat(statistics.deviation()).isCloseTo(Math.sqrt(0.7 / 6), within(1e-12));

        Statistics after = Statistics.of(
                Dataset.ofFloats(Shape.of(2), statistics.normalize(BYTES).image(0), new int[] {0}, 1));
        assertThat(after.mean()).isCloseTo(-0.4 / statistics.deviation(), within(1e-6));
    }

    @Test
    void equalValuesCannotBeNormalised() {
        Dataset black = Dataset.ofBytes(Shape.of(1, 1, 2), new byte[2], new int[1], 1);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Statistics.of(black).normalize(black))
                .withMessageContaining("standard deviation must be positive");
    }

    @Test
    void standardisesColumns() {
        Dataset table = table();
        Standardization standard = Standardization.of(table);
        Dataset y = standard.apply(table);

        double deviation = Math.sqrt(8.25);
        assertThat(standard.means()).containsExactly(new double[] {4.5, 9, 7}, within(1e-12));
        assertThat(standard.deviations()).containsExactly(new double[] {deviation, 2 * deviation, 1}, within(1e-12));
        assertThat(y.image(9))
                .containsExactly(new float[] {(float) (4.5 / deviation), (float) (4.5 / deviation), 0}, within(1e-6f));
        assertThat(standard.apply(9, 18, 7)).isEqualTo(y.image(9));
        assertThat(y.label(9)).isEqualTo(1);
        assertThatExceptionOfType(ShapeException.class)
                .isThrownBy(() -> standard.apply(1, 2))
                .withMessageContaining("needs samples of 3 values, got [2]");
    }

    @Test
    void splitsAtRandomAndReproducibly() {
        Split split = Split.random(table(), 0.3, 5);

        assertThat(split.train().size()).isEqualTo(7);
        assertThat(split.test().size()).isEqualTo(3);
        TreeSet<Float> seen = new TreeSet<>();
        for (Dataset part : List.of(split.train(), split.test())) {
            for (int i = 0; i < part.size(); i++) {
                seen.add(part.image(i)[0]);
                assertThat(part.label(i)).isEqualTo((int) part.image(i)[0] % 2);
            }
        }
        assertThat(seen).hasSize(10);
        assertThat(Split.random(table(), 0.3, 5).test().features().floats())
                .isEqualTo(split.test().features().floats());
        assertThat(Split.random(table(), 0.3, 6).test().features().floats())
                .isNotEqualTo(split.test().features().floats());
        assertThat(Split.random(table(), 0.001, 5).test().size()).isEqualTo(1);
        assertThatExceptionOfType(DataException.class).isThrownBy(() -> Split.random(table().slice(0, 1), 0.5, 1));
        assertThatExceptionOfType(DataException.class).isThrownBy(() -> Split.random(table(), 1, 1));
    }

    @Test
    void normalizedValuesAreShiftedByTheMeanAndDividedByTheDeviation() {
        Dataset bytes = Dataset.ofBytes(Shape.of(3), new byte[] {0, 51, (byte) 255}, new int[1], 1);
        assertThat(bytes.image(0)).containsExactly(0, 0.2f, 1);
        assertThat(bytes.normalized(0.2, 0.5).image(0)).containsExactly(-0.4f, 0, 1.6f);
        Dataset floats = Dataset.ofFloats(Shape.of(2), new float[] {-1, 3}, new int[1], 1);
        assertThat(floats.normalized(1, 4).image(0)).containsExactly(-0.5f, 0.5f);
    }
}
