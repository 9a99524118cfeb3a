package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import dev.weft.ShapeException;
import dev.weft.tensor.Shape;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        assertThat(standard.deviations()).containsExactly(new double[] {deviation, 2 * deviation, 0}, within(1e-12));
        assertThat(y.image(9))
                .containsExactly(new float[] {(float) (4.5 / deviation), (float) (4.5 / deviation), 0}, within(1e-6f));
        assertThat(standard.apply(9, 18, 7)).isEqualTo(y.image(9));
        assertThat(y.label(9)).isEqualTo(1);
        assertThatExceptionOfType(ShapeException.class)
                .isThrownBy(() -> standard.apply(1, 2))
                .withMessageContaining("needs samples of 3 values, got [2]");
    }

    /** A tenth has no exact form in binary, so that running sums drift away from it. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, -1e-300, 1e30, 16_777_217, 0})
    void aConstantColumnBecomesZeroWhateverComesLater(double value) {
        Dataset constant = column(80_000, i -> value);
        Standardization standard = Standardization.of(constant);

        assertThat(standard.means()).containsExactly(value);
        assertThat(standard.deviations()).containsExactly(0);
        assertThat(standard.apply(constant).features().floats()).containsOnly(0);
        assertThat(standard.apply(0.2)).containsExactly(0);
        assertThat(Statistics.of(constant)).isEqualTo(new Statistics(value, 0));
    }

    @Test
    void roundingIsNoDeviation() {
        Dataset sums = column(1000, i -> i % 2 == 0 ? 0.3 : 0.1 + 0.2);
        assertThat(Standardization.of(sums).deviations()).containsExactly(0);
    }

    @Test
    void statisticsOfLargeNumbersKeepTheirDigits() {
        Dataset stamps = column(100_000, i -> 1_700_000_000 + i % 64);
        Standardization standard = Standardization.of(stamps);

        double[] exact = exact(stamps);
        assertThat(standard.means()[0]).isCloseTo(exact[0], within(1e-6));
        assertThat(standard.deviations()[0]).isCloseTo(exact[1], within(1e-9));
        assertThat(standard.apply(1_700_000_000.0)[0])
                .isCloseTo((float) ((1_700_000_000 - exact[0]) / exact[1]), within(1e-6f));
        assertThat(standard.apply(stamps).image(63)[0] - standard.apply(stamps).image(0)[0])
                .isCloseTo((float) (63 / exact[1]), within(1e-5f));
        Statistics statistics = Statistics.of(stamps);
        assertThat(statistics.deviation()).isCloseTo(exact[1], within(1e-9));
    }

    /** Mean and deviation in decimals without rounding, up to the root. */
    private static double[] exact(Dataset column) {
        BigDecimal n = BigDecimal.valueOf(column.size());
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal squares = BigDecimal.ZERO;
        for (int i = 0; i < column.size(); i++) {
            BigDecimal x = new BigDecimal(column.values().get(i));
            sum = sum.add(x);
            squares = squares.add(x.multiply(x));
        }
        BigDecimal mean = sum.divide(n, MathContext.DECIMAL128);
        BigDecimal variance = squares.divide(n, MathContext.DECIMAL128).subtract(mean.multiply(mean));
        return new double[] {mean.doubleValue(), Math.sqrt(variance.doubleValue())};
    }

    private static Dataset column(int rows, IntToDoubleFunction value) {
        return Dataset.ofDoubles(
                Shape.of(1), IntStream.range(0, rows).mapToDouble(value).toArray(), new int[rows], 1);
    }

    @Test
    void doublesStayDoublesInPartsAndAreFloatsForBackends() {
        Dataset doubles = column(4, i -> 1_700_000_000 + 21 * i).select(3, 0);

        assertThat(doubles.values().doubles()).containsExactly(1_700_000_063, 1_700_000_000);
        assertThat(doubles.features().array()).isEqualTo(new float[] {1_700_000_063, 1_700_000_000});
        assertThat(doubles.features()).isSameAs(doubles.features());
    }

    @Test
    void aStratifiedSplitKeepsTheShareOfEachClass() {
        // 50 of class 0, 30 of class 1, 2 of class 2, 1 of class 3, in this order as files often have it
        int[] labels = IntStream.range(0, 83)
                .map(i -> i < 50 ? 0 : i < 80 ? 1 : i < 82 ? 2 : 3)
                .toArray();
        Dataset data = Dataset.ofFloats(Shape.of(1), new float[83], labels, 4);
        for (int seed = 0; seed < 20; seed++) {
            Split split = Split.stratified(data, 0.2, seed);
            assertThat(counts(split.test())).startsWith(10, 6).endsWith(0);
            assertThat(counts(split.test())[2]).isLessThan(2);
            assertThat(split.train().size() + split.test().size()).isEqualTo(83);
            assertThat(counts(split.train())).startsWith(40, 24).endsWith(1);
        }
    }

    @Test
    void aStratifiedSplitIsRandomAndReproducible() {
        Dataset data = column(100, i -> i);
        double[] test = Split.stratified(data, 0.2, 5).test().values().doubles();

        assertThat(test)
                .hasSize(20)
                .doesNotHaveDuplicates()
                .isNotEqualTo(DoubleStream.of(test).sorted().toArray());
        assertThat(Split.stratified(data, 0.2, 5).test().values().doubles()).isEqualTo(test);
        assertThat(Split.stratified(data, 0.2, 6).test().values().doubles()).isNotEqualTo(test);
    }

    @Test
    void aStratifiedSplitAlwaysTestsSomethingOrSaysThatItCannot() {
        assertThat(Split.stratified(column(2, i -> i), 0.001, 1).test().size()).isEqualTo(1);
        assertThat(Split.stratified(column(2, i -> i), 0.999, 1).train().size()).isEqualTo(1);
        Dataset apart = Dataset.ofFloats(Shape.of(1), new float[3], new int[] {0, 1, 2}, 3);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Split.stratified(apart, 0.2, 1))
                .withMessageContaining("needs a class with at least 2 samples, got 3 samples of as many classes");
        assertThatExceptionOfType(DataException.class).isThrownBy(() -> Split.stratified(apart, 0, 1));
    }

    private static int[] counts(Dataset data) {
        int[] counts = new int[data.classes()];
        for (int i = 0; i < data.size(); i++) {
            counts[data.label(i)]++;
        }
        return counts;
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

    @Test
    void whatIsWrittenToItsArraysLaterIsNotSeen() {
        byte[] bytes = {1, 2};
        float[] floats = {1, 2};
        float[] targets = {3, 4};
        int[] labels = {0, 1};
        Dataset ofBytes = Dataset.ofBytes(Shape.of(1), bytes, labels, 2);
        Dataset ofFloats = Dataset.ofFloats(Shape.of(1), floats, labels, 2);
        Dataset ofTargets = Dataset.ofTargets(Shape.of(1), floats, Shape.of(1), targets);
        double[] doubles = {1, 2};
        Dataset ofDoubles = Dataset.ofDoubles(Shape.of(1), doubles, labels, 2);
        bytes[0] = 9;
        doubles[0] = 9;
        floats[0] = 9;
        targets[0] = 9;
        labels[0] = 9;
        assertThat(ofBytes.features().doubles()).containsExactly(1, 2);
        assertThat(ofBytes.targets().doubles()).containsExactly(0, 1);
        assertThat(ofFloats.features().doubles()).containsExactly(1, 2);
        assertThat(ofFloats.label(0)).isZero();
        assertThat(ofTargets.features().doubles()).containsExactly(1, 2);
        assertThat(ofDoubles.features().doubles()).containsExactly(1, 2);
        assertThat(ofTargets.targets().doubles()).containsExactly(3, 4);
    }
}
