package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxFolderTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeFiles() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte"), IdxFiles.images(30, 20, 12));
        Files.write(folder.resolve("train-labels.idx1-ubyte.gz"), IdxFiles.gzip(IdxFiles.labels(30)));
        Files.write(folder.resolve("t10k-images-idx3-ubyte.gz"), IdxFiles.gzip(IdxFiles.images(5, 20, 12)));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFiles.labels(5));
    }

    @Test
    void sizeAndClassesComeFromTheFilesAndValuesAreNormalised() {
        Split split = IdxFolder.load(folder);

        assertThat(split.train().shape()).isEqualTo(Shape.of(1, 20, 12));
        assertThat(split.train().size()).isEqualTo(30);
        assertThat(split.test().size()).isEqualTo(5);
        assertThat(split.test().classes())
                .as("the test labels go to 4, the others to 9")
                .isEqualTo(10);
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < 30; i++) {
            for (float value : split.train().image(i)) {
                sum += value / (30 * 240);
                squares += value * value / (30 * 240);
            }
        }
        assertThat(sum).isCloseTo(0, within(1e-5));
        assertThat(squares).isCloseTo(1, within(1e-5));
        assertThat(split.test().scale()).isEqualTo(split.train().scale());
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        fails(folder, folder + " has no file t10k-labels-idx1-ubyte or t10k-labels.idx1-ubyte or ");
        fails(folder.resolve("no"), "the data folder " + folder.resolve("no") + " does not exist");
    }

    @Test
    void filesThatDoNotFitTogetherAreRefused() throws IOException {
        Files.write(folder.resolve("t10k-images-idx3-ubyte.gz"), IdxFiles.images(5, 20, 13));
        fails(folder, "t10k-images-idx3-ubyte.gz holds images of shape [1,20,13], those to train with are [1,20,12]");

        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFiles.labels(4));
        fails(folder, "holds 4 labels; the counts must be equal");
    }

    private static void fails(Path data, String message) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> IdxFolder.load(data))
                .withMessageContaining(message);
    }
}
