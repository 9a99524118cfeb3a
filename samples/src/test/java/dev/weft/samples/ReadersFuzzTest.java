package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Preparation;
import dev.weft.data.TableForm;
import dev.weft.fuzz.Fuzz;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        byte[] images;
        byte[] table;
        try (InputStream first = getClass().getResourceAsStream("images-without-graph.safetensors");
                InputStream second = getClass().getResourceAsStream("table-without-graph.safetensors")) {
            images = first.readAllBytes();
            table = second.readAllBytes();
        }
        Path file = folder.resolve("model");
        try (Backend backend = Backends.open("reference");
                Model model = Model.create(Mlp.graph(Shape.of(2), 3), backend, 1)) {
            TableForm form =
                    new TableForm(List.of(new TableForm.Column("a", 1, 2), new TableForm.Column("b", -3.5, 0)), "c", 2);
            model.setPreparation(new Preparation(0, 1, List.of("x", "y", "z"), Optional.of(form)));
            model.save(file, ModelFile.metadata("mlp", "csv"));
        }
        Fuzz.run(
                "model-metadata",
                folder,
                mutant -> ModelFile.read(mutant).flatMap(ModelFile::preparation).ifPresent(read -> {
                    assertThat(read.mean()).isFinite();
                    assertThat(read.deviation()).isPositive().isFinite();
                    assertThat(read.table().map(form -> form.standardization().means().length))
                            .isNotEqualTo(Optional.of(0));
                }),
                images,
                table,
                Files.readAllBytes(file));
    }
}
