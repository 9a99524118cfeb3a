package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Mnist;
import dev.weft.data.Preparation;
import dev.weft.io.SafeTensors;
import dev.weft.train.EpochResult;
import dev.weft.train.Evaluation;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training leaves behind. */
class RunFolderTest {
    private static final List<String> PICTURES = List.of("loss.png", "accuracy.png", "confusion.png", "digits.png");
    private static final List<String> LONG_NAMES = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int train(MnistLoader loader, String... arguments) {
        return Weft.commandLine(loader)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(Stream.concat(Stream.of("train", "mlp", "--backend", "cpu", "--quiet"), Stream.of(arguments))
                        .toArray(String[]::new));
    }

    private static Mnist data(Path data, boolean offline, dev.weft.data.DataSource.Progress progress) {
        return new Mnist(Squares.data(60), Squares.data(20));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    /** The width; fails where the picture is of one colour. */
    private static int width(byte[] png) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        long colours = IntStream.range(0, image.getWidth() * image.getHeight())
                .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
                .distinct()
                .count();
        assertThat(colours).isGreaterThan(10);
        return image.getWidth();
    }

    @Test
    void holdsModelHistoryPicturesAndAPage() throws IOException {
        Path run = folder.resolve("a/run");
        assertThat(train(RunFolderTest::data, "--out", run.toString(), "--epochs", "2"))
                .as(err.toString())
                .isZero();

        assertThat(names(run))
                .containsExactlyInAnyOrder(
                        "model.safetensors",
                        "history.json",
                        "loss.png",
                        "accuracy.png",
                        "confusion.png",
                        "digits.png",
                        "index.html");
        assertThat(out.toString().strip()).endsWith("; run folder " + run);
        assertThat(Files.readString(run.resolve("history.json")))
                .contains("\"epoch\" : 2", "\"network\" : \"mlp\"")
                .containsPattern("\"kernels\" : \"(vector|scalar)\"");
        assertThat(SafeTensors.metadata(run.resolve("model.safetensors"))).containsKey("kernels");
        for (String picture : PICTURES) {
            assertThat(width(Files.readAllBytes(run.resolve(picture)))).isEqualTo(Picture.WIDTH);
        }
        ModelFile description = ModelFile.read(run.resolve("model.safetensors")).orElseThrow();
        assertThat(description.network()).isEqualTo("mlp");
        assertThat(description.dataset()).isEqualTo("mnist");
        assertThat(description.seed()).isEqualTo(42);
        assertThat(description.classification())
                .isEqualTo(new Preparation(Mnist.MEAN, Mnist.DEVIATION, ModelFile.numbers(10), Optional.empty()));
    }

    @Test
    void thePageHoldsThePicturesAndItsLinksLeadToFiles() throws IOException {
        train(RunFolderTest::data, "--out", folder.toString(), "--epochs", "2");
        String html = Files.readString(folder.resolve("index.html"));

        Matcher links = Pattern.compile("href=\"([^\"]*)\"").matcher(html);
        List<String> targets = links.results().map(match -> match.group(1)).toList();
        assertThat(targets).containsAll(PICTURES).contains("model.safetensors", "history.json");
        assertThat(targets)
                .allSatisfy(target -> assertThat(folder.resolve(target)).exists());

        List<String> images = Pattern.compile("src=\"data:image/png;base64,([^\"]*)\"")
                .matcher(html)
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(images).hasSize(PICTURES.size());
        for (String image : images) {
            assertThat(width(Base64.getDecoder().decode(image))).isEqualTo(Picture.WIDTH);
        }
        assertThat(html).contains("% test accuracy", "<th scope=\"row\">optimizer</th><td>sgd</td>");
        assertThat(html).doesNotContain("<script", "http:", "https:", "NaN");
    }

    @Test
    void withoutPicturesThereIsNoPage() throws IOException {
        assertThat(train(RunFolderTest::data, "--out", folder.toString(), "--no-pictures"))
                .isZero();
        assertThat(names(folder)).containsExactlyInAnyOrder("model.safetensors", "history.json");
    }

    @Test
    void aFailedTrainingLeavesNoEmptyFolder() {
        MnistLoader broken = (data, offline, progress) -> {
            throw new dev.weft.DataException("no data");
        };
        Path run = folder.resolve("run");
        assertThat(train(broken, "--out", run.toString())).isEqualTo(1);
        assertThat(run).doesNotExist();
    }

    @Test
    void equalNamesGetANumber() {
        Path first = RunOutput.newFolder(folder.resolve("runs"), "x");
        Path second = RunOutput.newFolder(folder.resolve("runs"), "x");
        assertThat(List.of(first, second)).allSatisfy(path -> assertThat(path).isDirectory());
        assertThat(second).hasFileName("x-2");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 100})
    void curvesOfAnyLength(int count) throws IOException {
        List<EpochResult> epochs = IntStream.rangeClosed(1, count)
                .mapToObj(i -> new EpochResult(i, 1.0 / i, 1, new Evaluation(0.5 / i, 1, 20), 1, 60))
                .toList();
        assertThat(width(CurvesPicture.loss(epochs, "test"))).isEqualTo(Picture.WIDTH);
        assertThat(width(CurvesPicture.accuracy(epochs, "validation"))).isEqualTo(Picture.WIDTH);
    }

    /** No wrong image, a few, and wrong ones alone; short and long names. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, 40})
    void picturesOfAnyNumberOfMistakes(int wrong) throws IOException {
        var data = Squares.data(40);
        int[] predicted = IntStream.range(0, 40)
                .map(i -> (data.label(i) + (i < wrong ? 1 : 0)) % 10)
                .toArray();
        Predictions predictions = new Predictions(data, predicted, new float[40]);

        assertThat(predictions.wrong()).hasSize(wrong);
        assertThat(predictions.rightCount()).isEqualTo(40 - wrong);
        assertThat(predictions.confusion()[0][0]).isEqualTo(wrong == 0 ? 4 : wrong == 3 ? 3 : 0);
        for (List<String> names : List.of(ModelFile.numbers(10), LONG_NAMES)) {
            assertThat(width(ConfusionPicture.png(predictions.confusion(), names, "test")))
                    .isEqualTo(Picture.WIDTH);
            assertThat(width(DigitsPicture.png(predictions, names, "test"))).isEqualTo(Picture.WIDTH);
        }
    }
}
