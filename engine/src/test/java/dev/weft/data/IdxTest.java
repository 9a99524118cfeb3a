package dev.weft.data;

import static dev.weft.data.IdxFiles.gzip;
import static dev.weft.data.IdxFiles.idx;
import static dev.weft.data.IdxFiles.images;
import static dev.weft.data.IdxFiles.labels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
    @TempDir
    Path folder;

    @Test
    void plainAndGzipFilesGiveTheSameDatasetWhateverTheyAreCalled() throws IOException {
        Path plain = write("images", images(20, 3, 4));
        Path packed = write("images.idx", gzip(images(20, 3, 4)));
        Path labels = write("labels.gz", labels(20));

        Dataset a = Idx.dataset(plain, labels, 10);
        Dataset b = Idx.dataset(packed, labels, 10);

        assertThat(a.size()).isEqualTo(20);
        assertThat(a.shape()).isEqualTo(Shape.of(1, 3, 4));
        assertThat(a.label(13)).isEqualTo(3);
        byte[] file = images(20, 3, 4);
        assertThat(a.features().array()).isEqualTo(Arrays.copyOfRange(file, 16, file.length));
        assertThat(b.features().array()).isEqualTo(a.features().array());
        assertThat(b.targets().array()).isEqualTo(a.targets().array());
    }

    @Test
    void aBytePixelIsUnsigned() throws IOException {
        Path images = write("images", idx(0x803, new int[] {1, 1, 2}, (byte) 255, (byte) 128));

        Dataset data = Idx.dataset(images, write("labels", labels(1)), 10);

        assertThat(data.image(0)).containsExactly(1f, 128 / 255f);
    }

    @Test
    void wrongMagicNamesFoundAndNeeded() throws IOException {
        fails(
                labels(5),
                labels(5),
                "images has the magic number 0x00000801, 0x00000803 is needed (IDX, unsigned bytes, 3 dimensions)");
        fails(
                images(5, 2, 2),
                images(5, 2, 2),
                "labels has the magic number 0x00000803, 0x00000801 is needed (IDX, unsigned bytes, 1 dimension)");
    }

    @Test
    void truncatedFilesTellTheirSizeAndTheOneNeeded() throws IOException {
        byte[] whole = images(5, 2, 2);
        fails(
                Arrays.copyOf(whole, whole.length - 1),
                labels(5),
                "images is truncated: 35 bytes, its header announces [5,2,2] values, which need 36");
        fails(Arrays.copyOf(whole, 9), labels(5), "images is truncated: 9 bytes, the header alone has 16");
        fails(Arrays.copyOf(whole, 3), labels(5), "images is truncated: 3 bytes, the header alone has 16");
        fails(new byte[0], labels(5), "images is an empty file");
    }

    @Test
    void trailingBytesAreRefused() throws IOException {
        byte[] whole = labels(5);
        fails(images(5, 2, 2), Arrays.copyOf(whole, whole.length + 2), "labels has trailing bytes: 15 bytes");
    }

    @Test
    void countsMustBeEqual() throws IOException {
        fails(images(5, 2, 2), labels(4), "images holds 5 images", "labels holds 4 labels; the counts must be equal");
    }

    @Test
    void aLabelOutOfRangeIsNamed() throws IOException {
        fails(
                images(3, 2, 2),
                idx(0x801, new int[] {3}, (byte) 1, (byte) 10, (byte) 2),
                "labels: label 1 is 10, labels are 0 to 9");
    }

    @Test
    void anEmptyDatasetIsRefused() throws IOException {
        fails(idx(0x803, new int[] {0, 28, 28}), labels(0), "images is empty: its dimension 0 is 0");
    }

    @Test
    void anAbsurdSizeDoesNotOverflow() throws IOException {
        fails(idx(0x803, new int[] {-1, -1, -1}), labels(1), "images announces more than 2^31 values");
        fails(idx(0x803, new int[] {1 << 16, 1 << 16, 1}), labels(1), "images announces more than 2^31 values");
    }

    @Test
    void truncatedAndCorruptGzipAreNamed() throws IOException {
        byte[] packed = gzip(images(5, 10, 10));
        fails(Arrays.copyOf(packed, packed.length / 2), labels(5), "images holds truncated or corrupt gzip data");
        byte[] corrupt = packed.clone();
        corrupt[packed.length - 6] ^= 1;
        fails(corrupt, labels(5), "images holds truncated or corrupt gzip data");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Idx.read(folder.resolve("absent"), 3))
                .withMessageEndingWith("absent does not exist");
    }

    private void fails(byte[] imageFile, byte[] labelFile, String... messages) throws IOException {
        Path images = write("images", imageFile);
        Path labels = write("labels", labelFile);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Idx.dataset(images, labels, 10))
                .satisfies(e -> assertThat(e.getMessage())
                        .startsWith(folder.toString())
                        .contains(messages)
                        .doesNotContain("\n"));
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }
}
