package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.tensor.Shape;
import org.junit.jupiter.api.Test;

class DatasetTest {

    @Test
    void normalizedValuesAreShiftedByTheMeanAndDividedByTheDeviation() {
        Dataset bytes = Dataset.ofBytes(Shape.of(3), new byte[] {0, 51, (byte) 255}, new int[1], 1);
        assertThat(bytes.image(0)).containsExactly(0, 0.2f, 1);
        assertThat(bytes.normalized(0.2, 0.5).image(0)).containsExactly(-0.4f, 0, 1.6f);
        Dataset floats = Dataset.ofFloats(Shape.of(2), new float[] {-1, 3}, new int[1], 1);
        assertThat(floats.normalized(1, 4).image(0)).containsExactly(-0.5f, 0.5f);
    }
}
