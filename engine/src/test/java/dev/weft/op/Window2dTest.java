package dev.weft.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Window2dTest {
    @ParameterizedTest
    @CsvSource({
        "28, 5, 1, 2, 28",
        "28, 2, 2, 0, 14",
        "14, 5, 1, 0, 10",
        "7, 2, 2, 0, 3",
        "8, 3, 2, 1, 4",
        "8, 2, 3, 0, 3",
        "5, 5, 1, 0, 1",
        "5, 5, 7, 0, 1",
        "1, 1, 1, 0, 1",
        "1, 3, 1, 1, 1",
        "4, 5, 1, 0, 0",
        "2, 5, 2, 0, -1"
    })
    void countsThePlacesOfAWindow(int image, int size, int stride, int padding, int places) {
        Window2d window = Window2d.square(size, stride, padding);
        assertThat(window.outHeight(image)).isEqualTo(places);
        assertThat(window.outWidth(image)).isEqualTo(places);
    }

    /** The formula against sliding the window by hand. */
    @Test
    void everyPlaceLiesInThePaddedImage() {
        for (int image = 1; image < 9; image++) {
            for (int size = 1; size < 6; size++) {
                for (int stride = 1; stride < 5; stride++) {
                    for (int padding = 0; padding < 4; padding++) {
                        int places = 0;
                        for (int at = 0; at + size <= image + 2 * padding; at += stride) {
                            places++;
                        }
                        int computed = Window2d.square(size, stride, padding).outHeight(image);
                        assertThat(Math.max(0, computed)).isEqualTo(places);
                    }
                }
            }
        }
    }

    @Test
    void rowsAndColumnsAreApart() {
        Window2d window = new Window2d(3, 2, 1, 4, 0, 1);
        assertThat(window.outHeight(5)).isEqualTo(3);
        assertThat(window.outWidth(9)).isEqualTo(3);
        assertThat(window).hasToString("3x2 stride 1x4 pad 0x1");
        assertThat(Window2d.square(5, 1, 0)).hasToString("5x5 stride 1");
        assertThat(Window2d.square(5, 2, 2)).hasToString("5x5 stride 2 pad 2");
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 0", "1, 0, 0", "1, 1, -1"})
    void refusesWhatIsNoWindow(int size, int stride, int padding) {
        assertThatThrownBy(() -> Window2d.square(size, stride, padding))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("window and stride must be at least 1, padding at least 0");
    }
}
