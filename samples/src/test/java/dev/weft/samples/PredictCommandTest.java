package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.data.IdxFiles;
import dev.weft.data.Mnist;
import dev.weft.io.SafeTensors;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.GlyphVector;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code weft predict} with a model that has learnt the digits of a font, in MNIST's form. */
class PredictCommandTest {
    private static final Shape IMAGE = Shape.of(1, 28, 28);

    @TempDir
    static Path folder;

    private static Path model;
    private static Path bare;

    private String out;
    private String err;

    private int predict(String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        List<String> all = new ArrayList<>(List.of("predict", "--backend", "cpu"));
        all.addAll(List.of(arguments));
        int code = Weft.commandLine(Mnist::load)
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(all.toArray(String[]::new));
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    private void failsWith(int code, String message, String... arguments) {
        assertThat(predict(arguments)).as(err).isEqualTo(code);
        assertThat(err.lines())
                .as("one line, no stack trace")
                .singleElement()
                .asString()
                .startsWith("weft: ");
        assertThat(err).contains(message);
    }

    /** A digit in the middle, slightly slanted. */
    private static BufferedImage digit(int digit, int width, int height, double size, double slant, boolean light) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setColor(light ? Color.WHITE : Color.BLACK);
        graphics.fillRect(0, 0, width, height);
        GlyphVector glyph = new Font(Font.SANS_SERIF, Font.PLAIN, 100)
                .createGlyphVector(graphics.getFontRenderContext(), Integer.toString(digit));
        Rectangle2D bounds = glyph.getVisualBounds();
        double scale = size / bounds.getHeight();
        AffineTransform place = new AffineTransform();
        place.translate(width / 2.0, height / 2.0);
        place.shear(slant, 0);
        place.scale(scale, scale);
        place.translate(-bounds.getCenterX(), -bounds.getCenterY());
        graphics.setColor(light ? Color.BLACK : Color.WHITE);
        graphics.fill(place.createTransformedShape(glyph.getOutline()));
        graphics.dispose();
        return image;
    }

    private static byte[] mnistForm(BufferedImage image) {
        return new ImageFitter(28, 20, true).fit(GreyImage.of(image), "digit");
    }

    private static Path write(String name, BufferedImage image) throws IOException {
        Path file = folder.resolve(name);
        ImageIO.write(image, name.substring(name.indexOf('.') + 1), file.toFile());
        return file;
    }

    @BeforeAll
    static void train() {
        int count = 400;
        byte[] pixels = new byte[count * 784];
        int[] labels = new int[count];
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
            labels[i] = i % 10;
            double slant = 0.5 * (random.nextDouble() - 0.5);
            byte[] image = mnistForm(digit(labels[i], 100, 100, 40 + random.nextInt(40), slant, true));
            System.arraycopy(image, 0, pixels, i * 784, 784);
        }
        Dataset data = Dataset.ofBytes(IMAGE, pixels, labels, 10).normalized(Mnist.MEAN, Mnist.DEVIATION);
        model = folder.resolve("model.safetensors");
        bare = folder.resolve("bare.safetensors");
        try (Backend cpu = Backends.open("cpu");
                Model mlp = Model.create(Mlp.graph(), cpu, 3)) {
            Trainer.of(mlp, Loss.softmaxCrossEntropy(), Adam.of(1e-3f))
                    .batch(20)
                    .epochs(5)
                    .fit(data);
            mlp.save(model, ModelFile.metadata("mlp", "mnist"));
            SafeTensors.write(bare, mlp.parameters(), Map.of());
        }
    }

    @Test
    void classifiesDigitsOfAnySizeAndBackground() throws IOException {
        for (int i = 0; i < 10; i++) {
            Path large = write(i + "-large.png", digit(i, 200, 200, 120, 0.05, true));
            Path wide = write(i + "-wide.jpg", digit(i, 900, 300, 150, -0.05, false));
            BufferedImage small = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
            small.getRaster().setDataElements(0, 0, 28, 28, mnistForm(digit(i, 80, 80, 50, 0, true)));
            Path form = write(i + "-form.png", small);

            assertThat(predict("--model", model.toString(), large.toString(), wide.toString(), form.toString()))
                    .as(err)
                    .isZero();
            assertThat(out.lines())
                    .contains(large + ": " + i, wide + ": " + i, form + ": " + i)
                    .hasSize(3 * 11);
        }
    }

    @Test
    void aBarForEachClassAndColoursOnlyWhereAskedFor() {
        float[] probabilities = {0.25f, 0.75f};
        StringWriter plain = new StringWriter();
        new PredictionDisplay(new PrintWriter(plain, true), List.of("Bag", "Coat"), false, "#")
                .show("x.png", probabilities);
        assertThat(plain.toString().lines())
                .containsExactly(
                        "x.png: Coat", "   Bag   25.00 %  " + "#".repeat(8), "  Coat   75.00 %  " + "#".repeat(23));

        StringWriter coloured = new StringWriter();
        new PredictionDisplay(new PrintWriter(coloured, true), List.of("a", "b"), true, "#").show("x", probabilities);
        assertThat(coloured.toString()).contains("\u001b[1;32mb\u001b[0m");
    }

    @Test
    void idxFilesPlainOrGzip() throws IOException {
        byte[] pixels = new byte[20 * 784];
        byte[] truth = new byte[20];
        for (int i = 0; i < 20; i++) {
            truth[i] = (byte) (i % 10);
            System.arraycopy(mnistForm(digit(i % 10, 100, 100, 60, 0.02, true)), 0, pixels, i * 784, 784);
        }
        Path images = Files.write(
                folder.resolve("images.gz"), IdxFiles.gzip(IdxFiles.idx(0x803, new int[] {20, 28, 28}, pixels)));
        Path labels = Files.write(folder.resolve("labels"), IdxFiles.idx(0x801, new int[] {20}, truth));

        assertThat(predict("--model", model.toString(), images.toString()))
                .as(err)
                .isZero();
        assertThat(out.lines()).hasSize(20);
        assertThat(out.lines().toList().get(13)).startsWith(images + "[13]: 3  ");

        assertThat(predict("--model", model.toString(), "--labels", labels.toString(), images.toString()))
                .isZero();
        assertThat(out.strip()).isEqualTo(images + ": accuracy 100.00 %, 20 of 20 images right");
    }

    @Test
    void aFileWithoutMetadataNeedsTheNetwork() throws IOException {
        String image = write("two.png", digit(2, 64, 64, 40, 0, true)).toString();

        failsWith(1, "tell it by --network, for example --network lenet5", "--model", bare.toString(), image);
        failsWith(1, "has no tensor conv1.weight", "--model", bare.toString(), "--network", "lenet5", image);
        failsWith(1, "not 'lenet5'", "--model", model.toString(), "--network", "lenet5", image);
        assertThat(predict("--model", bare.toString(), "--network", "mlp", image))
                .isZero();
        assertThat(out).startsWith(image + ": 2");
    }

    @Test
    void badFilesGiveOneLine() throws IOException {
        String png = write("seven.png", digit(7, 200, 200, 120, 0, true)).toString();
        String jpg = write("seven.jpg", digit(7, 200, 200, 120, 0, true)).toString();
        String weights = model.toString();

        failsWith(1, "none.png does not exist", "--model", weights, folder + "/none.png");
        failsWith(1, "it is a folder", "--model", weights, folder.toString());
        failsWith(1, "is no image", "--model", weights, file("text.png", "hello".getBytes()));
        failsWith(1, "is no image", "--model", weights, file("empty.png", new byte[0]));
        failsWith(1, "is truncated or corrupt", "--model", weights, cut(png));
        failsWith(1, "is truncated or corrupt", "--model", weights, cut(jpg));
        failsWith(
                1,
                "shows nothing",
                "--model",
                weights,
                write("white.png", digit(1, 50, 50, 0, 0, true)).toString());
        failsWith(1, "IDX", "--model", weights, file("labels", IdxFiles.labels(3)));
        failsWith(1, "[1,3,3]", "--model", weights, file("small", IdxFiles.images(2, 3, 3)));
        failsWith(1, "none does not exist", "--model", folder + "/none", png);
        failsWith(1, "truncated", "--model", cut(weights), png);
        failsWith(1, "no safetensors file", "--model", png, png);
        failsWith(2, "--labels needs exactly one FILE", "--model", weights, "--labels", "x", png);
        failsWith(2, "Missing required option: '--model=FILE'", png);
    }

    @Test
    void aBadFileDoesNotStopTheOthers() throws IOException {
        String two = write("good-two.png", digit(2, 64, 64, 40, 0, true)).toString();
        String seven = write("good-seven.png", digit(7, 200, 200, 120, 0, true)).toString();
        String bad = file("bad.png", "hello".getBytes());

        assertThat(predict("--model", model.toString(), two, bad, folder + "/none.png", seven))
                .isEqualTo(1);
        assertThat(out).contains(two + ": 2", seven + ": 7").doesNotContain("bad.png");
        assertThat(err.lines())
                .containsExactly(
                        "weft: " + bad + " is no image: neither PNG nor JPEG, nor an IDX file",
                        "weft: " + folder + "/none.png does not exist",
                        "weft: 2 of 4 files could not be read; the others are classified");
    }

    /** A file that holds its graph is checked against its own tensors. */
    @Test
    void whatAGraphInAModelFileClaimsIsNotBelieved() throws IOException {
        String image = write("five.png", digit(5, 64, 64, 40, 0, true)).toString();
        Map<String, String> metadata = SafeTensors.metadata(model);
        Map<String, HostTensor> tensors = SafeTensors.read(model);
        Path file = folder.resolve("graph.safetensors");
        Map<String, String> wrong = Map.of(
                "\"outputs\": 500,", "\"outputs\": 2000000,",
                "linear1", "linear7",
                "\"linear\"", "\"dense\"",
                "[1, 28, 28]", "[1, 28, 28, 0]");
        Map<String, String> messages = Map.of(
                "\"outputs\": 500,", "linear1.weight: the graph needs shape [2000000,784]",
                "linear1", "has no tensor linear7.weight",
                "\"linear\"",
                        "(graph), line 7, column 33: nodes[1].kind is 'dense', which is not known as a kind of layer",
                "[1, 28, 28]", "(graph), line 3, column 44: inputs[0].shape[3] needs a whole number");
        for (String right : wrong.keySet()) {
            Map<String, String> changed = new HashMap<>(metadata);
            changed.computeIfPresent("graph", (key, text) -> text.replace(right, wrong.get(right)));
            assertThat(changed).isNotEqualTo(metadata);
            SafeTensors.write(file, tensors, changed);
            failsWith(1, messages.get(right), "--model", file.toString(), image);
        }
        Map<String, String> more = new HashMap<>(metadata);
        more.computeIfPresent("preparation", (key, text) -> text.replace("\"9\"]", "\"9\", \"10\"]"));
        SafeTensors.write(file, tensors, more);
        failsWith(1, "names 11 classes, and its network has outputs of shape [10]", "--model", file.toString(), image);
        more.remove("preparation");
        SafeTensors.write(file, tensors, more);
        failsWith(1, "does not say how its samples were prepared", "--model", file.toString(), image);
    }

    /** Written by the version before files held their graph. */
    @Test
    void aFileWithoutItsGraphIsReadByTheNetworksName() throws IOException {
        Path table = resource(folder, "table-without-graph.safetensors");
        Path rows = Files.writeString(folder.resolve("two.csv"), "x,y\n10.4,5.2\n12,5\n");
        assertThat(predict("--model", table.toString(), rows.toString()))
                .as(err)
                .isZero();
        assertThat(out.lines().skip(1))
                .containsExactly(
                        "row  predicted    inner    outer",
                        "  1  outer      47.05 %  52.95 %",
                        "  2  outer      25.57 %  74.43 %");

        Path images = resource(folder, "images-without-graph.safetensors");
        byte[] stripes = new byte[18];
        Arrays.fill(stripes, 3, 6, (byte) 220);
        for (int i = 10; i < 18; i += 3) {
            stripes[i] = (byte) 220;
        }
        Path idx = Files.write(folder.resolve("stripes"), IdxFiles.idx(0x803, new int[] {2, 3, 3}, stripes));
        assertThat(predict("--model", images.toString(), idx.toString()))
                .as(err)
                .isZero();
        assertThat(out.lines()).hasSize(2);
        assertThat(out.lines().findFirst())
                .hasValueSatisfying(line -> assertThat(line).startsWith(idx + "[0]: 1  9"));
        assertThat(out).contains(idx + "[1]: 0  9");
    }

    static Path resource(Path folder, String name) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream in = PredictCommandTest.class.getResourceAsStream(name)) {
            Files.write(file, in.readAllBytes());
        }
        return file;
    }

    /** A model file of some bytes whose metadata ask for gigabytes, or for numbers that are none. */
    @Test
    void whatAModelFileClaimsIsNotBelieved() throws IOException {
        String image = write("four.png", digit(4, 64, 64, 40, 0, true)).toString();
        failsWith(
                1,
                "says of itself what needs 500,001,502 values, and has ",
                "--model",
                claim("1,1000,1000", "0.5", "1", "a\nb"),
                image);
        failsWith(
                1,
                "more elements than can be counted follow from the input [[1,60000,60000]]",
                "--model",
                claim("1,60000,60000", "0.5", "1", "a\nb"),
                image);
        failsWith(1, "has malformed metadata", "--model", claim("3000000000", "0.5", "1", "a\nb"), image);
        failsWith(
                1,
                "has malformed metadata (a tensor has at most 2^63 elements",
                "--model",
                claim("2147483647,2147483647,2147483647", "0.5", "1", "a\nb"),
                image);
        failsWith(
                1,
                "has malformed metadata (samples have a finite mean and a positive deviation, got NaN",
                "--model",
                claim("1,28,28", "NaN", "1", "a"),
                image);
        failsWith(
                1,
                "has malformed metadata (samples have a finite mean and a positive deviation, got 0.5 and 0.0",
                "--model",
                claim("1,28,28", "0.5", "0", "a"),
                image);
        String classes = IntStream.range(0, 200_000).mapToObj(Integer::toString).collect(Collectors.joining("\n"));
        failsWith(1, "says of itself what needs ", "--model", claim("1,28,28", "0.5", "1", classes), image);
    }

    private static String claim(String input, String mean, String deviation, String classes) {
        Path file = folder.resolve("claim.safetensors");
        SafeTensors.write(
                file,
                Map.of("x", HostTensor.of(Shape.of(1), 1f)),
                Map.of(
                        "network",
                        "mlp",
                        "dataset",
                        "mnist",
                        "input",
                        input,
                        "mean",
                        mean,
                        "deviation",
                        deviation,
                        "classes",
                        classes));
        return file.toString();
    }

    private static String file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content).toString();
    }

    private static String cut(String file) throws IOException {
        byte[] content = Files.readAllBytes(Path.of(file));
        return file("cut-" + Path.of(file).getFileName(), Arrays.copyOf(content, content.length / 2));
    }

    // bringing images into form

    @Test
    void scalingKeepsTheMean() {
        GreyImage image = new GreyImage(3, 2, new float[] {0, 60, 120, 30, 90, 150});
        GreyImage scaled = image.scale(2, 1);
        assertThat(scaled.values()).containsExactly(new float[] {35, 115}, org.assertj.core.data.Offset.offset(1e-4f));
        assertThat(image.scale(6, 4).at(5, 3)).isEqualTo(150);
    }

    @Test
    void theCentreOfMassGoesToTheMiddle() {
        BufferedImage image = new BufferedImage(60, 60, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(1, 1, 40, 8);
        graphics.fillRect(1, 1, 8, 40);
        graphics.dispose();
        byte[] pixels = mnistForm(image);
        double mass = 0;
        double x = 0;
        double y = 0;
        for (int i = 0; i < pixels.length; i++) {
            mass += pixels[i] & 0xff;
            x += (pixels[i] & 0xff) * (i % 28 + 0.5);
            y += (pixels[i] & 0xff) * (i / 28 + 0.5);
        }
        assertThat(x / mass).isBetween(13.4, 14.6);
        assertThat(y / mass).isBetween(13.4, 14.6);
    }
}
