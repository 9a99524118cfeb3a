package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import org.junit.jupiter.api.Test;

class ColumnsTest {
    private static final Columns THREE = Columns.of(
                    "image", HostTensor.of(Shape.of(3, 2), new byte[] {0, 1, 2, 3, 4, 5}))
            .classes("digit", new int[] {7, 8, 9}, 10)
            .with("weight", HostTensor.of(Shape.of(3), 0.5f, 1f, 1.5f), 2, -1);

    @Test
    void bytesAreOnTheScaleZeroToOneAndTheOthersAsTheyAre() {
        assertThat(THREE.all()).extracting(Columns.Column::name).containsExactly("image", "digit", "weight");
        assertThat(THREE.size()).isEqualTo(3);
        assertThat(THREE.column("image").scale()).isEqualTo(1 / 255.0);
        assertThat(THREE.column("digit").scale()).isEqualTo(1);
        assertThat(THREE.column("digit").classes()).isEqualTo(10);
        assertThat(THREE.column("weight").scale()).isEqualTo(2);
        assertThat(THREE.column("weight").shift()).isEqualTo(-1);
    }

    @Test
    void rowsAreSelectedInEveryColumn() {
        Columns some = THREE.select(2, 0);
        assertThat((byte[]) some.column("image").values().array()).containsExactly(4, 5, 0, 1);
        assertThat((int[]) some.column("digit").values().array()).containsExactly(9, 7);
        assertThat(some.column("weight").values().floats()).containsExactly(1.5f, 0.5f);
        assertThat(some.column("weight").shift()).isEqualTo(-1);
        assertThat((int[]) THREE.slice(1, 3).column("digit").values().array()).containsExactly(8, 9);
        assertThatThrownBy(() -> THREE.slice(2, 4))
                .isInstanceOf(DataException.class)
                .hasMessage("slice 2 to 4 of 3 rows");
    }

    @Test
    void aDataSetHasTwoColumns() {
        Dataset data = Dataset.ofBytes(Shape.of(2), new byte[] {0, 1, 2, 3}, new int[] {1, 0}, 2)
                .normalized(0.5, 0.25);
        Columns columns = data.columns();
        assertThat(columns.column("features").scale()).isEqualTo(data.scale());
        assertThat(columns.column("features").shift()).isEqualTo(data.shift());
        assertThat(columns.column("targets").values().type()).isEqualTo(DType.I32);
        assertThat(columns.column("targets").classes()).isEqualTo(2);
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> THREE.column("name"))
                .isInstanceOf(DataException.class)
                .hasMessage("no column is named 'name'; there are [image, digit, weight]");
        assertThatThrownBy(() -> THREE.with("id", HostTensor.of(Shape.of(3), 1, 2, 3), 2, 0))
                .isInstanceOf(DataException.class)
                .hasMessage("column id holds integers, which cannot be scaled");
        assertThatThrownBy(() -> THREE.with("scaled", HostTensor.of(Shape.of(3), 1f, 2f, 3f), Double.NaN, 0))
                .isInstanceOf(DataException.class)
                .hasMessage("column scaled cannot be scaled by NaN and shifted by 0.0");
        assertThatThrownBy(() -> Columns.of("one", HostTensor.of(Shape.of(), 1f)))
                .isInstanceOf(DataException.class)
                .hasMessage("column one needs a row for each sample, got one value");
    }

    @Test
    void tokensKnowTheirVocabulary() {
        HostTensor tokens = HostTensor.of(Shape.of(2, 3), 0, 1, 2, 3, 4, 5);
        Columns columns =
                Columns.of("weight", HostTensor.of(Shape.of(2), 1f, 2f)).tokens("words", tokens, 6);
        assertThat(columns.column("words").classes()).isEqualTo(6);
        assertThat((int[]) columns.select(1).column("words").values().array()).containsExactly(3, 4, 5);
        assertThatThrownBy(() -> columns.tokens("again", tokens, 5))
                .isInstanceOf(DataException.class)
                .hasMessage("column again: index 5 of row 1, step 2 is not within 0 to 4");
        assertThatThrownBy(() -> columns.classes("kind", new int[] {0, -1}, 2))
                .isInstanceOf(DataException.class)
                .hasMessage("column kind: label -1 of row 1 is not within 0 to 1");
        assertThatThrownBy(() -> columns.tokens("floats", HostTensor.of(Shape.of(2), 1f, 2f), 5))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "column floats needs integers and at least 1 class that they count, got REAL[2] and 5 classes");
        assertThatThrownBy(() -> new Columns.Column("own", HostTensor.of(Shape.of(2), 1f, 2f), 1, 0, 5))
                .isInstanceOf(DataException.class)
                .hasMessage("column own needs integers, got REAL[2]");
        assertThatThrownBy(() -> new Columns.Column("own", tokens, 1, 0, 4))
                .isInstanceOf(DataException.class)
                .hasMessage("column own: index 4 of row 1, step 1 is not within 0 to 3");
    }

    @Test
    void lengthsCountTheStepsOfAColumn() {
        Columns columns = Columns.of("series", HostTensor.of(Shape.of(2, 3, 1), new float[6]));
        assertThat((int[]) columns.lengths("lengths", new int[] {1, 3}, "series")
                        .select(1)
                        .column("lengths")
                        .values()
                        .array())
                .containsExactly(3);
        assertThatThrownBy(() -> columns.lengths("lengths", new int[] {1, 4}, "series"))
                .isInstanceOf(DataException.class)
                .hasMessage("column lengths: length 4 of row 1 is not within 1 to 3");
        assertThatThrownBy(() -> columns.lengths("lengths", new int[] {0, 3}, "series"))
                .isInstanceOf(DataException.class)
                .hasMessage("column lengths: length 0 of row 0 is not within 1 to 3");
        assertThatThrownBy(() -> columns.lengths("lengths", new int[] {1}, "series"))
                .isInstanceOf(DataException.class)
                .hasMessage("column lengths has 1 rows, column series has 2");
        assertThatThrownBy(() -> THREE.lengths("lengths", new int[] {1, 1, 1}, "weight"))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "column weight holds no sequences, whose steps the column lengths could count: it needs samples of shape [T,...], got []");
    }
}
