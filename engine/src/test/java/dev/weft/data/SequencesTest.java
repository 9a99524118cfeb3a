package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.ShapeException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class SequencesTest {
    private static final Sequences SERIES = Sequences.ofSeries(
            List.of(new float[] {1, 2, 3, 4}, new float[] {5, 6}, new float[] {7, 8, 9, 10, 11, 12}), 2);
    private static final Sequences TOKENS =
            Sequences.ofTokens(List.of(new int[] {2, 3}, new int[] {4}, new int[] {4, 3, 2}), 5);

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(DataException.class).hasMessage(message);
    }

    private static float[] floats(Columns columns, String name) {
        return columns.column(name).values().floats();
    }

    private static int[] ints(Columns columns, String name) {
        return (int[]) columns.column(name).values().array();
    }

    @Test
    void seriesArePaddedToTheLongest() {
        Columns data = SERIES.withClasses(new int[] {1, 0, 1}, 2).columns();
        assertThat(data.all()).extracting(Columns.Column::name).containsExactly("features", "lengths", "targets");
        assertThat(data.column("features").values().shape()).isEqualTo(Shape.of(3, 3, 2));
        assertThat(floats(data, "features")).containsExactly(1, 2, 3, 4, 0, 0, 5, 6, 0, 0, 0, 0, 7, 8, 9, 10, 11, 12);
        assertThat(data.column("lengths").values().type()).isEqualTo(DType.I32);
        assertThat(ints(data, "lengths")).containsExactly(2, 1, 3);
        assertThat(ints(data, "targets")).containsExactly(1, 0, 1);
        assertThat(data.column("targets").classes()).isEqualTo(2);
        assertThat(SERIES.columns(4).column("features").values().shape()).isEqualTo(Shape.of(3, 4, 2));
        assertThat(ints(SERIES.columns(4), "lengths")).containsExactly(2, 1, 3);
    }

    @Test
    void tokensArePaddedWithThePaddingIndexAndKnowTheirVocabulary() {
        Columns data = TOKENS.columns(4);
        assertThat(data.column("features").values().shape()).isEqualTo(Shape.of(3, 4));
        assertThat(data.column("features").values().type()).isEqualTo(DType.I32);
        assertThat(data.column("features").classes()).isEqualTo(5);
        assertThat(ints(data, "features")).containsExactly(2, 3, 0, 0, 4, 0, 0, 0, 4, 3, 2, 0);
        assertThat(data.all()).hasSize(2);
    }

    @Test
    void targetsBelongToSequencesOrToTheirSteps() {
        Columns values =
                TOKENS.withTargets(HostTensor.of(Shape.of(3, 1), 1f, 2f, 3f)).columns();
        assertThat(values.column("targets").values().shape()).isEqualTo(Shape.of(3, 1));
        assertThat(values.column("targets").classes()).isZero();
        Columns series = TOKENS.withTargetSeries(List.of(new float[] {1, 2}, new float[] {3}, new float[] {4, 5, 6}), 1)
                .columns();
        assertThat(series.column("targets").values().shape()).isEqualTo(Shape.of(3, 3, 1));
        assertThat(floats(series, "targets")).containsExactly(1, 2, 0, 3, 0, 0, 4, 5, 6);
        Columns classes = SERIES.withTargetTokens(List.of(new int[] {1, 2}, new int[] {3}, new int[] {0, 1, 2}), 4)
                .columns(4);
        assertThat(classes.column("targets").values().shape()).isEqualTo(Shape.of(3, 4));
        assertThat(classes.column("targets").classes()).isEqualTo(4);
        assertThat(ints(classes, "targets")).containsExactly(1, 2, 0, 0, 3, 0, 0, 0, 0, 1, 2, 0);
    }

    @Test
    void aLongerSequenceIsAnErrorOrCut() {
        refused(
                () -> SERIES.columns(2),
                "sequence 2 has 3 steps, more than 2; take more, or cut the sequences: cut(2)");
        Columns cut = SERIES.withTargetTokens(List.of(new int[] {1, 2}, new int[] {3}, new int[] {0, 1, 2}), 4)
                .cut(2)
                .columns();
        assertThat(floats(cut, "features")).containsExactly(1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10);
        assertThat(ints(cut, "targets")).containsExactly(1, 2, 3, 0, 0, 1);
        assertThat(ints(cut, "lengths")).containsExactly(2, 1, 2);
        refused(() -> SERIES.cut(0), "sequences are cut to at least 1 step, got 0");
    }

    @Test
    void aSelectionHasItsTargetsAndPlaces() {
        Sequences some = SERIES.withClasses(new int[] {1, 0, 2}, 3).select(2, 0).select(0);
        assertThat(some.place(0)).isEqualTo("sequence 2");
        assertThat(some.length(0)).isEqualTo(3);
        assertThat(some.sequence(0).floats()).containsExactly(7, 8, 9, 10, 11, 12);
        assertThat(ints(some.columns(), "targets")).containsExactly(2);
        Sequences steps = TOKENS.withTargetTokens(List.of(new int[] {1, 2}, new int[] {3}, new int[] {0, 1, 2}), 4);
        assertThat(ints(steps.select(1, 0).columns(), "targets")).containsExactly(3, 0, 1, 2);
        refused(() -> SERIES.select(3), "sequence 3 of 3 sequences");
        refused(() -> SERIES.select(), "a selection needs at least 1 sequence");
    }

    @Test
    void standardisingTakesTheStepsAndNotThePadding() {
        Sequences two = Sequences.ofSeries(List.of(new float[] {1, 7}, new float[] {3, 7, 5, 7}), 2);
        Standardization s = two.standardization();
        assertThat(s.means()).containsExactly(3, 7);
        float d = (float) (2 / Math.sqrt(8 / 3.0));
        assertThat(floats(two.standardized(s).columns(), "features")).containsExactly(-d, 0, 0, 0, 0, 0, d, 0);
        refused(TOKENS::standardization, "tokens have no mean: only series of values are standardised");
        assertThatThrownBy(() -> Sequences.ofSeries(List.of(new float[3]), 3).standardized(s))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("needs samples of 2 values, got [3]");
    }

    @Test
    void whatIsNoSequenceIsNamed() {
        refused(() -> Sequences.ofSeries(List.of(), 2), "there are no sequences, at least 1 is needed");
        refused(
                () -> Sequences.ofSeries(List.of(new float[2], new float[0]), 2),
                "sequence 1 is empty, and a sequence needs at least 1 step; leave it out");
        refused(
                () -> Sequences.ofSeries(List.of(new float[3]), 2),
                "sequence 0 has 3 values, no whole number of steps of 2 values each");
        refused(() -> Sequences.ofSeries(List.of(new float[3]), 0), "a step has at least 1 value, got 0");
        refused(
                () -> Sequences.ofTokens(List.of(new int[] {1}, new int[] {2, 5}), 5),
                "column features: index 5 of sequence 1, step 1 is not within 0 to 4");
        refused(
                () -> TOKENS.withTargetTokens(List.of(new int[] {1, -1}, new int[1], new int[3]), 2),
                "column targets: index -1 of sequence 0, step 1 is not within 0 to 1");
        refused(
                () -> TOKENS.withTargetTokens(List.of(new int[2], new int[2], new int[3]), 2),
                "sequence 1 has 1 steps, and targets for 2");
        refused(() -> TOKENS.withClasses(new int[2], 2), "3 sequences but 2 labels");
        refused(
                () -> TOKENS.withClasses(new int[] {0, 2, 1}, 2),
                "column targets: label 2 of row 1 is not within 0 to 1");
        refused(() -> TOKENS.withTargets(HostTensor.of(Shape.of(2), 1f, 2f)), "3 sequences but 2 targets");
        refused(() -> TOKENS.withTargets(HostTensor.of(Shape.of(3), 1, 2, 3)), "target values are floats, got I32[3]");
        Sequences large = Sequences.ofSeries(List.of(new float[2], new float[2]), 2);
        refused(
                () -> large.columns(1 << 30),
                "2 sequences of 1,073,741,824 steps of shape [2] are too large for one data set; cut them, or make buckets");
    }

    @Test
    void bucketsAreQuantilesOfTheLength() {
        int[] lengths = {9, 1, 2, 30, 3, 8, 7, 2};
        List<float[]> series = Arrays.stream(lengths).mapToObj(float[]::new).toList();
        int[] labels = {0, 1, 2, 3, 4, 5, 6, 7};
        Sequences sequences = Sequences.ofSeries(series, 1).withClasses(labels, 8);
        Buckets buckets = Buckets.of(sequences, 4, 1);
        assertThat(buckets.all()).extracting(Buckets.Bucket::steps).containsExactly(2, 3, 8, 30);
        assertThat(buckets.all())
                .extracting(Buckets.Bucket::rows)
                .containsExactly(new int[] {1, 2, 7}, new int[] {4}, new int[] {5, 6}, new int[] {0, 3});
        Columns last = buckets.all().get(3).data();
        assertThat(last.column("features").values().shape()).isEqualTo(Shape.of(2, 30, 1));
        assertThat(ints(last, "lengths")).containsExactly(9, 30);
        assertThat(ints(last, "targets")).containsExactly(0, 3);
        assertThat(buckets.padding()).isEqualTo(1 - 62 / 85.0);
        assertThat(buckets.saved()).isEqualTo(1 - 85 / 240.0);
    }

    @Test
    void bucketsAreRoundedUpAndEqualOnesAreOne() {
        Sequences sequences =
                Sequences.ofSeries(List.of(new float[5], new float[1], new float[3], new float[9], new float[8]), 1);
        Buckets buckets = Buckets.of(sequences, 100, 4);
        assertThat(buckets.all()).extracting(Buckets.Bucket::steps).containsExactly(4, 8, 12);
        assertThat(buckets.all())
                .extracting(Buckets.Bucket::rows)
                .containsExactly(new int[] {1, 2}, new int[] {0, 4}, new int[] {3});
        Buckets one = Buckets.of(sequences, 1, 1);
        assertThat(one.all()).hasSize(1);
        assertThat(one.saved()).isZero();
        assertThat(one.padding()).isEqualTo(1 - 26 / 45.0);
        assertThat(Buckets.of(sequences, 1, 100).saved()).isNegative();
        refused(() -> Buckets.of(sequences, 0, 1), "buckets need a number and a multiple of at least 1, got 0 and 1");
    }

    @Test
    void everySequenceIsInOneBucketForAnyNumberOfThem() {
        Random random = new Random(7);
        for (int run = 0; run < 200; run++) {
            int n = 1 + random.nextInt(30);
            int[] lengths = random.ints(n, 1, 1 + random.nextInt(40) + 1).toArray();
            Sequences sequences = Sequences.ofSeries(
                    Arrays.stream(lengths).mapToObj(float[]::new).toList(), 1);
            int most = 1 + random.nextInt(6);
            int multiple = 1 + random.nextInt(9);
            Buckets buckets = Buckets.of(sequences, most, multiple);
            assertThat(buckets.all()).hasSizeBetween(1, most);
            assertThat(buckets.all().stream().flatMapToInt(b -> Arrays.stream(b.rows())))
                    .hasSize(n)
                    .doesNotHaveDuplicates();
            for (Buckets.Bucket bucket : buckets.all()) {
                int longest = Arrays.stream(bucket.rows())
                        .map(row -> lengths[row])
                        .max()
                        .getAsInt();
                assertThat(bucket.steps()).isEqualTo((longest + multiple - 1) / multiple * multiple);
                assertThat(bucket.rows()).isSorted();
            }
        }
    }
}
