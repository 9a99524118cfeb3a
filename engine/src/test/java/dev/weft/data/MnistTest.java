package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weft.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MnistTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeWellFormedFiles() throws IOException {
        IdxFiles.writeMnist(folder, 20);
    }

    @Test
    void wellFormedFilesThatAreNotMnistAreRefused() {
        fails("train-images-idx3-ubyte is not the published train-images-idx3-ubyte: 15,696 bytes with SHA-256 ");
    }

    @Test
    void theFormIsCheckedBeforeTheDigest() throws IOException {
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFiles.labels(19));
        fails("t10k-images-idx3-ubyte holds 20 images");
    }

    @Test
    void imagesOfAnotherSizeAreRefused() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte"), IdxFiles.images(20, 27, 28));
        fails("train-images-idx3-ubyte holds images of shape [1,27,28], [1,28,28] is needed");
    }

    private void fails(String message) {
        DataFetcher fetcher =
                new DataFetcher(folder, folder.resolve("no-cache"), List.of(), true, (what, done, total) -> {});
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Mnist.load(fetcher))
                .withMessageContaining(message);
    }
}
