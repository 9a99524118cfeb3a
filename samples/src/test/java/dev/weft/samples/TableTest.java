package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.IdxFiles;
import dev.weft.data.Mnist;
import dev.weft.data.Preparation;
import dev.weft.data.TableForm;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.HostTensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trains on tables, and predicts rows of others, as a person does on the command line. */
class TableTest {
    @TempDir
    Path folder;

    private String out;
    private String err;

    private int weft(String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int code = Weft.commandLine(Mnist::load)
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    private Path table(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static String rows(int count, IntFunction<String> row) {
        return IntStream.range(0, count).mapToObj(i -> row.apply(i) + "\n").collect(Collectors.joining());
    }

    /** A row of a table in which a threshold of the length tells three kinds apart. */
    private static String leaf(int i, String separator, String kindFirst) {
        String kind = List.of("ash", "birch", "cedar").get(i % 3);
        String numbers = "%d%s%.2f".formatted(1_700_000_000 + 30 * (i % 3) + i % 7, separator, 0.1 * (i % 11));
        return kindFirst.isEmpty() ? numbers + separator + kind : kind + separator + numbers;
    }

    private String leaves(String separator) {
        return "length" + separator + "width" + separator + "kind\n" + rows(120, i -> leaf(i, separator, ""));
    }

    private Path train(Path table, String... more) {
        Path model = folder.resolve("leaves.safetensors");
        List<String> arguments = new java.util.ArrayList<>(
                List.of("train", "mlp", "--backend", "cpu", "--data", table.toString(), "--out", model.toString()));
        arguments.addAll(List.of(more));
        assertThat(weft(arguments.toArray(String[]::new))).as(err).isZero();
        return model;
    }

    private void fails(String message, String... arguments) {
        assertThat(weft(arguments)).as(out).isEqualTo(1);
        assertThat(err.lines()).singleElement().asString().startsWith("weft: ").contains(message);
    }

    // training

    @Test
    void largeNumbersThatDifferLittleAreLearntAndRowsAreCalledRows() throws IOException {
        train(table("leaves.csv", leaves(",")));

        assertThat(out)
                .startsWith("mlp, 3,003 parameters, on 96 rows; test on 24\nclasses: ash, birch, cedar\n")
                .contains("test accuracy 100.00 % after 30 epochs", "rows/s")
                .doesNotContain("images");
        // a line of progress now and then, where the machine is slow
        assertThat(err.lines()).allMatch(line -> line.startsWith("epoch "));
    }

    @Test
    void thePageSpeaksOfRows() throws IOException {
        Path run = folder.resolve("run");
        assertThat(weft(
                        "train",
                        "mlp",
                        "--backend",
                        "cpu",
                        "--epochs",
                        "2",
                        "--data",
                        table("leaves.csv", leaves(";")).toString(),
                        "--out",
                        run.toString()))
                .as(err)
                .isZero();
        assertThat(Files.readString(run.resolve("index.html")))
                .contains("rows per second", "classifies rows with")
                .doesNotContain("images");
    }

    @Test
    void whatWasGuessedIsSaid() throws IOException {
        train(table("bare.csv", rows(60, i -> leaf(i, ",", "first"))));
        assertThat(err.lines())
                .containsExactly(
                        "weft: " + folder
                                + "/bare.csv has no header: line 1 is read as a row, and the columns are called 1 to 3",
                        "weft: the classes are in column '1', the only one of text");
        assertThat(out).contains("on 48 rows; test on 12");
    }

    @Test
    void aRareClassIsSaidAndTrainedWith() throws IOException {
        Path table = table("rare.csv", leaves(",") + "1700000500,0.1,yew\n");
        for (String seed : List.of("1", "2", "3")) {
            train(table, "--seed", seed, "--epochs", "1");
            assertThat(err.lines())
                    .containsExactly(
                            "weft: few rows of some classes, so that little can be learnt of them: yew (1); of 1 no row is tested");
        }
        train(table, "--validation", "--epochs", "1");
        assertThat(out).contains("on 81 rows; validation on 16");
    }

    @Test
    void whatCannotBeLearntIsAnError() throws IOException {
        fails(
                "so it holds values to predict, not classes",
                "train",
                "mlp",
                "--data",
                table("prices.csv", "rooms,price\n" + rows(50, i -> i % 5 + "," + (100_000 + 731 * i)))
                        .toString());
        fails(
                "all 50 samples are of class 'x', the only one in column 'k'; a network needs at least two",
                "train",
                "mlp",
                "--data",
                table("one.csv", "a,k\n" + rows(50, i -> i + ",x")).toString());
        fails(
                "needs a class with at least 2 samples",
                "train",
                "mlp",
                "--data",
                table("each.csv", "a,k\n1,x\n2,y\n3,z\n").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mnist", "fashion-mnist"})
    void aFolderWithoutDataIsAnError(String dataset) throws IOException {
        table("readme.txt", "pictures");
        fails(folder + " holds none of the files", "train", "mlp", "--dataset", dataset, "--data", folder.toString());
    }

    @Test
    void imagesOfOneClassAreAnError() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte"), IdxFiles.images(24, 12, 9));
        Files.write(folder.resolve("train-labels-idx1-ubyte"), IdxFiles.idx(0x801, new int[] {24}, new byte[24]));
        Files.write(folder.resolve("t10k-images-idx3-ubyte"), IdxFiles.images(6, 12, 9));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFiles.labels(6));
        String[] train = {"train", "mlp", "--backend", "cpu", "--dataset", "idx", "--data", folder.toString()};
        fails("all 24 samples are of class '0', the only one in the training images", train);

        Files.write(folder.resolve("train-labels-idx1-ubyte"), IdxFiles.labels(24));
        byte[] other = {0, 1, 2, 0, 1, 77};
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFiles.idx(0x801, new int[] {6}, other));
        assertThat(weft(train)).isZero();
        assertThat(err).contains("weft: no training image shows what some test images do, the classes 77");
    }

    // prediction

    @Test
    void aModelOfATablePredictsRows() throws IOException {
        Path model = train(table("leaves.csv", leaves(",")));
        Path rows = table("new.csv", "width;kind;length\n0,1;ash;1700000003\n0,2;;1700000035\n0,3;birch;1700000062\n");

        assertThat(weft("predict", "--backend", "cpu", "--model", model.toString(), rows.toString()))
                .as(err)
                .isZero();
        List<String> lines = out.lines().toList();
        assertThat(lines).hasSize(6);
        assertThat(lines.get(0)).isEqualTo(rows.toString());
        assertThat(lines.get(1)).matches("row  predicted  true +ash +birch +cedar");
        assertThat(lines.get(2)).matches("  1  ash        ash +[\\d.]+ % +[\\d.]+ % +[\\d.]+ %");
        assertThat(lines.get(3)).matches("  2  birch +[\\d.]+ % +[\\d.]+ % +[\\d.]+ %");
        assertThat(lines.get(4)).startsWith("  3  cedar      birch");
        assertThat(lines.get(5)).isEqualTo("accuracy 50.00 %, 1 of 2 rows right");
        assertThat(err.lines())
                .hasSize(2)
                .anyMatch(line ->
                        line.endsWith("are in another order than those of the training; they are found by their names"))
                .anyMatch(line -> line.endsWith("has decimal commas: 0,1 is read as 0.1"));
    }

    /** Training rounds nothing that a prediction does not: both see the same numbers. */
    @Test
    void predictionsAreThoseOfTheTraining() throws IOException {
        Path table = table("leaves.csv", leaves("\t"));
        Path model = train(table);
        assertThat(weft("predict", "--backend", "cpu", "--model", model.toString(), table.toString()))
                .isZero();
        assertThat(out).contains("accuracy 100.00 %, 120 of 120 rows right");
    }

    @Test
    void rowsThatDoNotFitAreNamed() throws IOException {
        Path model = train(table("leaves.csv", leaves(",")), "--epochs", "1");
        String[] predict = {"predict", "--backend", "cpu", "--model", model.toString(), ""};

        predict[5] = table("less.csv", "length,kind\n1,ash\n").toString();
        fails("line 1: columns that the model takes are missing: width; there are length, kind", predict);
        predict[5] = table("bare.csv", "1,2,3,4\n").toString();
        fails("has 4 columns, and no names to find those in it that the model takes: length, width", predict);
        predict[5] = table("class.csv", "length,width,kind\n1,2,oak\n").toString();
        fails("class.csv, line 2: the model has no class 'oak'; it has ash, birch, cedar", predict);
        predict[5] = folder + "/none.csv";
        fails("none.csv does not exist", predict);

        predict[5] = table("bare.csv", "1700000003,0.1\n").toString();
        assertThat(weft(predict)).isZero();
        assertThat(err).contains("weft: columns are taken in the order of the training: length, width");
    }

    @Test
    void theModelFileHoldsTheTablesForm() throws IOException {
        Path model = train(table("leaves.csv", leaves(",")), "--epochs", "1");

        Preparation preparation = ModelFile.read(model).orElseThrow().classification();
        assertThat(preparation.classes()).containsExactly("ash", "birch", "cedar");
        TableForm form = preparation.table().orElseThrow();
        assertThat(form.names()).containsExactly("length", "width");
        assertThat(form.label()).isEqualTo("kind");
        assertThat(form.labelAt()).isEqualTo(2);
        assertThat(form.standardization().means()[0]).isBetween(1_700_000_030.0, 1_700_000_036.0);
        assertThat(form.standardization().deviations()[0]).isBetween(20.0, 30.0);
    }

    @Test
    void aModelWithNaNPredictsNothingAndSaysWhy() throws IOException {
        Path table = table("leaves.csv", leaves(","));
        Path model = train(table, "--epochs", "1");
        Map<String, HostTensor> tensors = new LinkedHashMap<>(SafeTensors.read(model));
        tensors.get("linear2.bias").floats()[1] = Float.NaN;
        SafeTensors.write(model, tensors, SafeTensors.metadata(model));

        fails(
                "a probability of sample 0 is NaN; parameter linear2.bias has the value NaN",
                "predict",
                "--backend",
                "cpu",
                "--model",
                model.toString(),
                table.toString());
        assertThat(out).doesNotContain("%");
    }

    @Test
    void aSearchForTheLikeliestNeverTakesNaN() {
        assertThat(Predictions.likeliest(new float[] {0.2f, 0.5f, 0.3f})).isEqualTo(1);
        for (float[] p : new float[][] {{Float.NaN, 1, 0}, {1, 0, Float.NaN}}) {
            org.assertj.core.api.Assertions.assertThatExceptionOfType(dev.weft.WeftException.class)
                    .isThrownBy(() -> Predictions.likeliest(p))
                    .withMessageContaining("is NaN");
        }
    }

    @Test
    void manyClassesShowTheLikeliestAlone() throws IOException {
        Path table = table("many.csv", "a,b,k\n" + rows(200, i -> i % 20 + "," + i % 3 + ",class" + i % 20));
        Path model = train(table, "--epochs", "1");
        assertThat(out)
                .contains("classes: class0, class1, class10, class11, class12, class13, class14, class15 and 12 more");
        assertThat(weft("predict", "--backend", "cpu", "--model", model.toString(), table.toString()))
                .isZero();
        assertThat(out.lines().skip(1).findFirst())
                .hasValueSatisfying(line -> assertThat(line).matches("row +predicted +true +probability"));
    }
}
