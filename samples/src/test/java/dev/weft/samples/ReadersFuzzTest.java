package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Mnist;
import dev.weft.fuzz.Fuzz;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Malformed images and model files. */
class ReadersFuzzTest {
    @TempDir
    private Path folder;

    @Test
    void images() throws IOException {
        Fuzz.run(
                "image",
                folder,
                mutant -> {
                    GreyImage read = GreyImage.read(mutant);
                    assertThat(read.values()).hasSize(read.width() * read.height());
                    for (float value : read.values()) {
                        if (!(value >= 0 && value <= 255)) {
                            throw new AssertionError("a sample of " + value);
                        }
                    }
                },
                image("png", BufferedImage.TYPE_BYTE_GRAY),
                image("png", BufferedImage.TYPE_USHORT_GRAY),
                image("png", BufferedImage.TYPE_INT_ARGB),
                image("png", BufferedImage.TYPE_BYTE_INDEXED),
                image("jpeg", BufferedImage.TYPE_BYTE_GRAY),
                image("jpeg", BufferedImage.TYPE_INT_RGB),
                image("gif", BufferedImage.TYPE_BYTE_INDEXED));
    }

    private static byte[] image(String format, int type) throws IOException {
        BufferedImage image = new BufferedImage(28, 30, type);
        for (int x = 0; x < 28; x++) {
            for (int y = 0; y < 30; y++) {
                image.setRGB(x, y, 0xff000000 | x * y * 4999);
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, format, out)).isTrue();
        return out.toByteArray();
    }

    @Test
    void modelFiles() throws IOException {
        ModelFile description = new ModelFile(
                "mlp",
                Shape.of(1, 28, 28),
                Mnist.MEAN,
                Mnist.DEVIATION,
                ModelFile.numbers(10),
                ModelFile.MNIST,
                Optional.empty());
        Path file = folder.resolve("model");
        SafeTensors.write(file, Map.of("x", HostTensor.of(Shape.of(1), 1f)), description.metadata());
        Fuzz.run(
                "model-metadata",
                folder,
                mutant -> ModelFile.read(mutant).ifPresent(read -> {
                    assertThat(read.mean()).isFinite();
                    assertThat(read.deviation()).isPositive().isFinite();
                    assertThat(read.input().elements()).isPositive();
                }),
                Files.readAllBytes(file));
    }
}
