package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.IdxFiles;
import dev.weft.data.Mnist;
import dev.weft.io.GraphFile;
import dev.weft.io.SafeTensors;
import dev.weft.train.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Networks that come from files: described in JSON, or held by a model file. */
class DescribedNetworkTest {
    @TempDir
    private Path folder;

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

    private void fails(int code, String message, String... arguments) {
        assertThat(weft(arguments)).as(err).isEqualTo(code);
        assertThat(err.lines().toList().get(0)).startsWith("weft: ").contains(message);
        if (code == 1) {
            assertThat(err.lines()).hasSize(1);
        }
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    /** Two columns of numbers, and whether their sum is at least 20. */
    private String sums(String header) throws IOException {
        String rows = IntStream.range(0, 200)
                .mapToObj(i -> "%d,%d,%s\n".formatted(i % 20, i / 10, i % 20 + i / 10 < 20 ? "low" : "high"))
                .collect(Collectors.joining());
        return file("sums.csv", header + "\n" + rows);
    }

    private static String network(int classes) {
        return """
                {
                  "inputs": [{"name": "input", "shape": [2]}],
                  "nodes": [
                    {"name": "hidden", "kind": "linear", "outputs": 8, "bias": true, "weights": "heNormal", "transpose": false, "inputs": ["input"]},
                    {"name": "tanh", "kind": "activation", "function": "tanh", "inputs": ["hidden"]},
                    {"name": "both", "kind": "concat", "axis": 0, "inputs": ["tanh", "input"]},
                    {"name": "classes", "kind": "linear", "outputs": %d, "bias": true, "weights": "glorotUniform", "transpose": false, "inputs": ["both"]}
                  ],
                  "outputs": ["classes"]
                }
                """.formatted(classes);
    }

    @Test
    void summaryPrintsANetworkToStartFrom() throws IOException {
        assertThat(weft("summary", "lenet5", "--json")).isZero();
        assertThat(GraphFile.write(GraphFile.parse("printed", out))).isEqualTo(out);
        assertThat(out).isEqualTo(GraphFile.write(Lenet5.graph()));
        String mine = file("mine.json", out.replace("\"outputs\": 84,", "\"outputs\": 90,"));
        assertThat(weft("summary", "--network", mine)).isZero();
        assertThat(out)
                .startsWith("mine: as " + mine + " describes it\n")
                .containsPattern("linear2 .* \\[90\\] .* 10,890 ");
        assertThat(weft("graph", "--network", mine)).isZero();
        assertThat(out).containsPattern("linear3 +\\[10\\] +relu4");
        String small = file("small.json", network(2));
        assertThat(weft("listing", "--network", small, "--backend", "cpu", "--batch", "4"))
                .as(err)
                .isZero();
        assertThat(out).startsWith("small, training step of batch 4 with adam\n");
        assertThat(weft("check", "--network", small, "--backends", "cpu", "--batch", "4"))
                .as(err)
                .isZero();
        assertThat(out).contains("outputs are equal");
    }

    @Test
    void aDescribedNetworkIsTrainedAndItsFileIsAllThatIsNeeded() throws IOException {
        String data = sums("a,b,size");
        String net = file("net.json", network(2));
        String first = folder.resolve("first.safetensors").toString();
        assertThat(weft("train", "--network", net, "--backend", "cpu", "--data", data, "--out", first))
                .as(err)
                .isZero();
        assertThat(out).startsWith("net, 46 parameters, on 160 rows; test on 40\n");
        assertThat(out).contains("adam, learning rate 0.001, cosine; batch 32; seed 42");
        Files.delete(Path.of(net));

        assertThat(weft("summary", "--from", first)).isZero();
        assertThat(out).startsWith("net: as " + first + " holds it\n").containsPattern("both +concat axis 1 +\\[10\\]");
        assertThat(weft("predict", "--backend", "cpu", "--model", first, data)).isZero();
        double before = accuracy();

        String second = folder.resolve("second.safetensors").toString();
        String[] more = {"train", "--from", first, "--backend", "cpu", "--data", data, "--out", second, "--lr", "0.01"};
        assertThat(weft(more)).as(err).isZero();
        assertThat(err).isEmpty();
        assertThat(weft("predict", "--backend", "cpu", "--model", second, data)).isZero();
        assertThat(accuracy()).isGreaterThan(Math.max(before, 95));
        assertThat(ModelFile.require(Path.of(second)).classification())
                .as("the scale that the network has learnt with")
                .isEqualTo(ModelFile.require(Path.of(first)).classification());
    }

    private double accuracy() {
        String line = out.lines().reduce((a, b) -> b).orElseThrow();
        return Double.parseDouble(line.replaceFirst(".*accuracy ([0-9.]+) %.*", "$1"));
    }

    /** Nothing is learnt at a rate of almost nothing, so what is trained is what the file holds. */
    @Test
    void trainingGoesOnFromTheParametersOfTheFile() throws IOException {
        Path table = PredictCommandTest.resource(folder, "table-without-graph.safetensors");
        String rows = IntStream.range(0, 40)
                .mapToObj(i -> "%d,%d,%s\n".formatted(8 + i % 5, 3 + i % 4, i % 2 == 0 ? "inner" : "outer"))
                .collect(Collectors.joining());
        Path out = folder.resolve("on.safetensors");
        String data = file("points.csv", "x,y,class\n" + rows);
        String[] train = {"train", "--from", table.toString(), "--backend", "cpu", "--data", data, "--epochs", "1"};
        String[] all = Stream.concat(
                        Arrays.stream(train), Stream.of("--lr", "1e-30", "--optimizer", "sgd", "--out", out.toString()))
                .toArray(String[]::new);
        assertThat(weft(all)).as(err).isZero();
        Map<String, float[]> before = floats(table);
        floats(out).forEach((name, values) -> assertThat(values).containsExactly(before.get(name)));
        try (Backend cpu = Backends.open("cpu");
                Model model = Model.load(out, cpu)) {
            assertThat(model.graph().output().shape().get(0)).isEqualTo(2);
        }
    }

    private static Map<String, float[]> floats(Path file) {
        return SafeTensors.read(file).entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().floats()));
    }

    @Test
    void whatDoesNotFitIsOneLine() throws IOException {
        String data = sums("a,b,size");
        String net = file("net.json", network(2));
        String five = file("five.json", network(5));
        String wrong = file("wrong.json", network(2).replace("\"tanh\", \"inputs\"", "\"than\", \"inputs\""));
        String out = folder.resolve("model.safetensors").toString();
        fails(
                1,
                "wrong.json, line 5, column 56: nodes[1].function is refused: there is no activation 'than'; there are relu, leaky-relu",
                "train",
                "--network",
                wrong,
                "--data",
                data,
                "--out",
                out);
        fails(1, "none.json does not exist", "summary", "--network", folder + "/none.json");
        fails(
                1,
                "classes: the network has outputs of shape [5], and the data 2 classes; it needs an output for each",
                "train",
                "--network",
                five,
                "--backend",
                "cpu",
                "--data",
                data,
                "--out",
                out);
        fails(
                2,
                "name one network: NETWORK (lenet5 or mlp or lstm-rows), --network FILE.json or --from FILE",
                "summary");
        fails(2, "name one network: ", "train", "mlp", "--network", net);
        fails(2, "name one network: ", "summary", "--network", net, "--from", out);
        Path values = folder.resolve("values.safetensors");
        SafeTensors.write(values, Map.of(), Map.of());
        fails(1, "values.safetensors holds values alone", "summary", "--from", values.toString());

        assertThat(weft("train", "--network", net, "--backend", "cpu", "--data", data, "--out", out, "--epochs", "1"))
                .isZero();
        fails(
                2,
                "--seed is for a new model; " + out + " goes on with its own",
                "train",
                "--from",
                out,
                "--seed",
                "7",
                "--data",
                data,
                "--out",
                out);
        fails(
                1,
                "the table has the columns c, d; the model was trained on a, b",
                "train",
                "--from",
                out,
                "--backend",
                "cpu",
                "--data",
                sums("c,d,size"),
                "--out",
                out);
        Path images = Files.createDirectory(folder.resolve("images"));
        for (String part : new String[] {"train", "t10k"}) {
            Files.write(images.resolve(part + "-images-idx3-ubyte"), IdxFiles.images(20, 1, 2));
            Files.write(images.resolve(part + "-labels-idx1-ubyte"), IdxFiles.labels(20));
        }
        fails(
                1,
                "the model was trained on the rows of a table, so that it takes no images",
                "train",
                "--from",
                out,
                "--backend",
                "cpu",
                "--dataset",
                "idx",
                "--data",
                images.toString(),
                "--out",
                out);
    }
}
