package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import dev.weft.data.IdxFiles;
import dev.weft.data.Mnist;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.Shape;
import dev.weft.train.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs {@code weft train} in this JVM, on small data sets. */
class TrainCommandTest {
    private static final Shape IMAGE = Shape.of(1, 28, 28);
    private static final int USAGE = 2;
    private static final int FAILED = 1;

    @TempDir
    Path folder;

    private String out;
    private String err;

    /** Small data in place of MNIST, unless {@code --data} names a folder. */
    private int weft(String... arguments) {
        return weft(
                (data, offline, progress) -> data == null
                        ? new Mnist(Squares.data(60), Squares.data(20))
                        : Mnist.load(data, offline, progress),
                arguments);
    }

    private int weft(MnistLoader loader, String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        int code = Weft.commandLine(loader)
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    private void failsWith(int code, String message, String... arguments) {
        assertThat(weft(arguments)).as(err).isEqualTo(code);
        assertThat(err).startsWith("weft: ").contains(message).endsWith(System.lineSeparator());
        assertThat(err.lines()).as("one line, no stack trace").hasSize(1);
    }

    private static List<String> rows(String output) {
        return output.lines().filter(line -> line.matches(" +\\d+ .*")).toList();
    }

    // what it does

    @ParameterizedTest
    @ValueSource(strings = {"lenet5", "mlp"})
    void trainsAndReports(String network) {
        int code = weft("train", network, "--backend", "cpu", "--epochs", "3", "--batch", "16", "--optimizer", "adam");

        assertThat(code).as(err).isZero();
        assertThat(out)
                .startsWith(network + ", ")
                .contains("on 60 images; test on 20", "batch 16; seed 42; backend cpu");
        assertThat(rows(out)).hasSize(3).last().asString().startsWith("    3 ");
        assertThat(out.lines().toList())
                .last()
                .asString()
                .matches("test accuracy .* % after 3 epochs in .* s; run folder .*-" + network + "(-\\d+)?");
        // a line of progress now and then, where the machine is slow
        assertThat(err.lines()).allMatch(line -> line.startsWith("epoch "));
    }

    @Test
    void learns() {
        int code = weft("train", "mlp", "--backend", "cpu", "--epochs", "5", "--batch", "10", "--optimizer", "adam");

        assertThat(code).as(err).isZero();
        assertThat(out).contains("test accuracy 100.00 % after 5 epochs");
    }

    @Test
    void quietShowsTheLastLineAlone() {
        assertThat(weft("train", "mlp", "--backend", "cpu", "--quiet", "--batch", "20"))
                .isZero();

        assertThat(out.lines()).singleElement().asString().startsWith("test accuracy ");
        assertThat(err).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "sgd, constant, 0.1",
        "momentum, cosine, 0.02",
        "nesterov, step, 0.02",
        "adagrad, multi-step, 0.01",
        "adadelta, exponential, 1.0",
        "rmsprop, polynomial, 0.001",
        "adam, constant, 0.001",
        "adamw, cosine, 0.001",
        "adamax, warm-restarts, 0.002",
        "nadam, one-cycle, 0.001",
        "nadamw, plateau, 0.001",
        "amsgrad, constant, 0.001",
        "radam, constant, 0.001",
        "lion, cosine:warm-up=1, 1.0E-4"
    })
    void everyOptimizerAndScheduleTrainsWithItsUsualRate(String optimizer, String schedule, String rate) {
        int code = weft(
                "train",
                "lenet5",
                "--backend",
                "cpu",
                "--epochs",
                "2",
                "--batch",
                "30",
                "--optimizer",
                optimizer,
                "--schedule",
                schedule);

        assertThat(code).as(err).isZero();
        assertThat(out).contains(optimizer + ", learning rate " + rate + ", " + schedule);
    }

    @Test
    void optimizersLossesSchedulesAndActivationsHaveSettings() throws IOException {
        Path json = folder.resolve("run.json");
        int code =
                weft(("train mlp --backend cpu --batch 10 --epochs 4 --hidden 40,30 --activation leaky-relu:slope=0.2"
                                + " --optimizer rmsprop:decay=0.95,momentum=0.5 --loss cross-entropy:smoothing=0.1"
                                + " --schedule step:epochs=2,factor=0.5,warm-up=0.5 --clip-norm 1 --l1 1e-6 --l2 1e-5 --json "
                                + json)
                        .split(" "));

        assertThat(code).as(err).isZero();
        assertThat(out)
                .startsWith("mlp, %,d parameters".formatted(784 * 40 + 40 + 40 * 30 + 30 + 30 * 10 + 10))
                .contains("rmsprop:decay=0.95,momentum=0.5, learning rate 0.001, step:epochs=2,factor=0.5,warm-up=0.5");
        assertThat(Files.readString(json))
                .contains("\"optimizer\" : \"rmsprop:decay=0.95,momentum=0.5\"", "\"clipNorm\" : 1.0")
                .contains("\"activation\" : \"leaky-relu:slope=0.2\"", "\"hidden\" : \"[40, 30]\"")
                .contains("\"loss\" : \"cross-entropy:smoothing=0.1\"", "\"l1\" : 1.0E-6", "\"l2\" : 1.0E-5");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "relu",
                "leaky-relu",
                "elu",
                "selu",
                "celu",
                "gelu",
                "gelu-tanh",
                "silu",
                "mish",
                "softplus",
                "softsign",
                "sigmoid",
                "hard-sigmoid",
                "tanh",
                "hard-tanh",
                "hard-swish"
            })
    void everyActivationLearns(String activation) {
        int code = weft(("train mlp --backend cpu --hidden 50 --epochs 8 --batch 10 --optimizer adam --lr 0.01"
                        + " --activation " + activation)
                .split(" "));
        assertThat(code).as(err).isZero();
        assertThat(out).contains("test accuracy 100.00 % after 8 epochs");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cross-entropy",
                "focal",
                "binary-cross-entropy",
                "binary-focal",
                "squared-error",
                "absolute-error",
                "huber",
                "log-cosh",
                "poisson",
                "hinge",
                "squared-hinge",
                "cosine"
            })
    void everyLossLearns(String loss) {
        int code = weft(
                ("train mlp --backend cpu --hidden 50 --epochs 20 --batch 10 --optimizer adam --quiet --loss " + loss)
                        .split(" "));
        assertThat(code).as(err).isZero();
        // absolute errors are slow: their derivative has one size
        assertThat(out).matches("test accuracy (100|90|80).00 % after 20 epochs.*\\R");
    }

    @Test
    void whatIsAddedToTheLossKeepsParametersSmall() {
        double[] norms = new double[3];
        String[] options = {"--l2 0", "--l2 1", "--l1 0.1"};
        for (int i = 0; i < 3; i++) {
            Path file = folder.resolve(i + ".safetensors");
            assertThat(weft(("train mlp --backend cpu --epochs 5 --batch 10 --lr 0.1 --out " + file + " " + options[i])
                            .split(" ")))
                    .as(err)
                    .isZero();
            for (double w : SafeTensors.read(file).get("linear1.weight").doubles()) {
                norms[i] += w * w;
            }
        }
        assertThat(norms[1]).isLessThan(0.2 * norms[0]);
        assertThat(norms[2]).isLessThan(0.2 * norms[0]);
    }

    @Test
    void lbfgsTakesAllImagesAtOnce() {
        int code = weft("train mlp --backend cpu --optimizer lbfgs:memory=5 --epochs 6 --l2 1e-4".split(" "));
        assertThat(code).as(err).isZero();
        assertThat(out)
                .contains("lbfgs:memory=5 on whole batches, at most 6 iterations; seed 42; backend cpu")
                .contains("test accuracy 100.00 % after ");
        assertThat(rows(out)).hasSizeBetween(2, 6);
    }

    @Test
    void theReferenceBackendTrainsToo() {
        assertThat(weft("train", "mlp", "--backend", "reference", "--batch", "20", "--threads", "1"))
                .as(err)
                .isZero();
        assertThat(out).contains("backend reference", "test accuracy ");
    }

    @Test
    void theSeedDecidesTheResult() {
        String[] rows = new String[3];
        String[] seeds = {"1", "1", "2"};
        for (int i = 0; i < 3; i++) {
            weft("train", "mlp", "--backend", "cpu", "--batch", "20", "--lr", "0.01", "--seed", seeds[i]);
            // without seconds and images per second
            rows[i] = rows(out).get(0).replaceAll("%\\s+\\S+\\s+\\S+$", "");
        }
        assertThat(rows[1]).isEqualTo(rows[0]);
        assertThat(rows[2]).isNotEqualTo(rows[0]);
    }

    @Test
    void validationReportsOnTheLastSixthOfTheTrainingImages() throws IOException {
        Path json = folder.resolve("run.json");
        assertThat(weft("train", "mlp", "--backend", "cpu", "--validation", "--batch", "10", "--json", json.toString()))
                .isZero();

        assertThat(out).contains("on 50 images; validation on 10", "val. acc", "validation accuracy ");
        assertThat(Files.readString(json)).contains("\"evaluatedOn\" : \"validation\"");
    }

    @Test
    void savesTheModelToAFolderOrAFile() {
        Path models = folder.resolve("new/models");
        Path file = folder.resolve("other/mine.safetensors");

        assertThat(weft("train", "mlp", "--backend", "cpu", "--out", models.toString()))
                .isZero();
        assertThat(weft("train", "mlp", "--backend", "cpu", "--out", file.toString()))
                .isZero();

        assertThat(out).contains("model in " + file);
        assertThat(file).hasSameBinaryContentAs(models.resolve("model.safetensors"));
        assertThat(SafeTensors.read(file)).containsKey("linear1.weight");
        try (Backend cpu = Backends.open("cpu");
                Model model = Model.create(Mlp.graph(), cpu, 7)) {
            model.loadParameters(file);
            double accuracy = model.evaluate(Squares.data(20)).accuracy();
            assertThat(out).contains("test accuracy %.2f %%".formatted(100 * accuracy));
        }
    }

    @Test
    void jsonHoldsSettingsMachineAndResults() throws IOException {
        Path json = folder.resolve("results/run.json");
        int code = weft(
                "train",
                "lenet5",
                "--backend",
                "cpu",
                "--threads",
                "2",
                "--epochs",
                "2",
                "--seed",
                "5",
                "--batch",
                "32",
                "--json",
                json.toString());

        assertThat(code).as(err).isZero();
        Set<String> names = new HashSet<>();
        int epochs = 0;
        try (JsonParser parser = new JsonFactory().createParser(Files.readString(json))) {
            while (parser.nextToken() != null) {
                if (parser.currentToken() == JsonToken.FIELD_NAME) {
                    names.add(parser.currentName());
                    epochs += parser.currentName().equals("epoch") ? 1 : 0;
                }
                if (parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT) {
                    assertThat(parser.getDoubleValue()).as(parser.currentName()).isFinite();
                }
            }
        }
        assertThat(epochs).isEqualTo(2);
        assertThat(names)
                .contains("trainLoss", "trainAccuracy", "testLoss", "testAccuracy", "seconds", "imagesPerSecond")
                .contains("network", "seed", "backend", "threads", "options", "versions", "machine", "totalSeconds")
                .contains("weft", "jdk", "os", "cpu", "cores", "memoryBytes", "optimizer", "lr", "schedule", "batch");
        assertThat(Files.readString(json))
                .contains("\"seed\" : 5", "\"threads\" : 2", "\"backend\" : \"cpu: float, 2 threads");
    }

    /** Class a where x is positive, else b. */
    private Path table(int rows) throws IOException {
        StringBuilder csv = new StringBuilder("x,y,sign\n");
        for (int i = 0; i < rows; i++) {
            int x = i % 2 == 0 ? 100 + i : -100 - i;
            csv.append("%d,%d,%s%n".formatted(x, i % 7, x > 0 ? "a" : "b"));
        }
        return Files.writeString(folder.resolve("table.csv"), csv);
    }

    @Test
    void aPerceptronLearnsATable() throws IOException {
        int code = weft("train", "mlp", "--backend", "cpu", "--data", table(100).toString());

        assertThat(code).as(err).isZero();
        assertThat(out)
                .startsWith("mlp, 2,502 parameters, on 80 rows; test on 20")
                .contains("classes: a, b", "adam, learning rate 0.001, cosine; batch 32")
                .contains("test accuracy 100.00 % after 30 epochs");

        assertThat(weft("train", "mlp", "--backend", "cpu", "--data", table(100).toString(), "--label", "y"))
                .isEqualTo(FAILED);
        assertThat(err).contains("table.csv, line 2: column 'sign' is not a number: 'a'");
        failsWith(
                FAILED,
                "there is no column 'z'; there are x, y, sign",
                "train",
                "mlp",
                "--data",
                folder + "/table.csv",
                "--label",
                "z");
        failsWith(
                FAILED,
                "the graph needs samples of shape [1,28,28], the data set has [2]",
                "train",
                "lenet5",
                "--backend",
                "cpu",
                "--data",
                folder + "/table.csv");
    }

    @Test
    void anyFourIdxFilesTrain() throws IOException {
        Files.write(folder.resolve("train-images-idx3-ubyte"), IdxFiles.images(24, 12, 9));
        Files.write(folder.resolve("train-labels-idx1-ubyte"), IdxFiles.labels(24));
        Files.write(folder.resolve("t10k-images-idx3-ubyte"), IdxFiles.images(6, 12, 9));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxFiles.labels(6));
        String[] idx = {"--backend", "cpu", "--dataset", "idx", "--data", folder.toString()};

        assertThat(weft("train", "mlp", idx[0], idx[1], idx[2], idx[3], idx[4], idx[5]))
                .as(err)
                .isZero();
        assertThat(out).startsWith("mlp, %,d parameters, on 24 images; test on 6".formatted(108 * 500 + 500 + 5010));
        failsWith(
                FAILED,
                "input: the graph needs samples of shape [1,28,28], the data set has [1,12,9]",
                "train",
                "lenet5",
                idx[0],
                idx[1],
                idx[2],
                idx[3],
                idx[4],
                idx[5]);
        failsWith(FAILED, "typo does not exist", "train", "mlp", "--dataset", "idx", "--data", folder + "/typo");
    }

    @Test
    void versionAndHelp() {
        assertThat(weft("--version")).isZero();
        assertThat(out).matches("weft \\d+\\.\\d+\\S*, JDK .+\\R");

        assertThat(weft("--help")).isZero();
        assertThat(out).containsPattern("train +Trains a network").contains("weft train lenet5");

        assertThat(weft("train", "--help")).isZero();
        assertThat(out)
                .contains("Examples:", "  weft train lenet5", "sgd, momentum, nesterov, adagrad", "Exit codes")
                .contains("--hidden", "--activation", "--loss", "--clip-norm", "--l1", "--l2")
                .contains("--backend", "--threads", "--epochs", "--batch", "--optimizer", "--lr", "--schedule")
                .contains(
                        "--seed", "--data", "--offline", "--out", "--no-pictures", "--json", "--quiet", "--validation");
    }

    @Test
    void theHelpTellsTheDefaultsThatHold() {
        weft("train", "--help");
        String help = out.replaceAll("\\s+", " ");

        for (Network network : Network.all()) {
            int start = help.indexOf(network.name() + ": ");
            assertThat(start).as(network.name()).isPositive();
            String lines = help.substring(start, help.indexOf("by default", start));
            assertThat(lines)
                    .contains(network.epochs() + " epoch")
                    .contains("batch " + network.batch())
                    .contains("%s, learning rate %s, %s"
                            .formatted(network.optimizer(), network.learningRate(), network.schedule()));
        }
    }

    @Test
    void withoutACommandTheHelpIsShown() {
        assertThat(weft()).isEqualTo(USAGE);
        assertThat(err).contains("Usage: weft", "weft train lenet5");
    }

    // wrong usage

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--batch 0      | --batch must be at least 1, got 0",
                "--batch -5     | --batch must be at least 1, got -5",
                "--batch many   | 'many' is not an int",
                "--threads 0    | --threads must be at least 1, got 0",
                "--threads 9999 | --threads must be at most 1024, got 9999",
                "--epochs 0     | --epochs must be at least 1, got 0",
                "--lr -0.1      | --lr must be a positive number, got -0.1",
                "--lr 0         | --lr must be a positive number, got 0.0",
                "--lr NaN       | --lr must be a positive number, got NaN",
                "--lr Infinity  | --lr must be a positive number, got Infinity",
                "--optimizer x  | there is no optimizer 'x'; there are sgd, momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw, adamax, nadam, nadamw, amsgrad, radam, lion, lbfgs",
                "--optimizer adam:x=1 | optimizer adam has no setting 'x'; it has beta1, beta2, epsilon",
                "--optimizer lbfgs:x=1 | optimizer lbfgs has no setting 'x'; it has memory, tolerance",
                "--optimizer lbfgs:memory=0 | optimizer lbfgs: memory and iterations must be at least 1, got 0 and 1",
                "--optimizer lbfgs --lr 1 | --lr is not for lbfgs, which takes whole batches and searches its steps",
                "--optimizer lbfgs --clip-norm 1 | --clip-norm is not for lbfgs",
                "--optimizer adamw:beta1=0.8 --l2 1 | --l1 and --l2 are parts of the loss, and adamw:beta1=0.8 has its own: adamw:weight-decay=FACTOR",
                "--schedule x   | there is no schedule 'x'; there are constant, step, multi-step, exponential, polynomial, cosine, warm-restarts, one-cycle, plateau",
                "--schedule step:at=1 | schedule step has no setting 'at'; it has epochs, factor, warm-up",
                "--schedule multi-step:at=3/2 | schedule multi-step: milestones are epochs from 1 that grow, got [3, 2]",
                "--schedule step:epochs=1.5 | schedule step: epochs must be a whole number, got '1.5'",
                "--loss x       | there is no loss 'x'; there are cross-entropy, focal, binary-cross-entropy",
                "--loss huber:delta=0 | loss huber: Huber's delta must be above 0, got 0.0",
                "--activation x | there is no activation 'x'; there are relu, leaky-relu, elu",
                "--activation elu:x=1 | activation elu has no setting 'x'; it has alpha",
                "--hidden 500,0 | --hidden must be at least 1, got 0",
                "--hidden many  | 'many' is not an int",
                "--clip-norm 0  | --clip-norm must be a positive number, got 0.0",
                "--l1 -1        | --l1 must be a number of at least 0, got -1.0",
                "--l2 NaN       | --l2 must be a number of at least 0, got NaN",
                "--backend x    | there is no backend 'x'; there are auto, cuda, cpu, reference",
                "--dataset x    | there is no 'x'; there are mnist, fashion-mnist, idx, csv",
                "--dataset idx  | --dataset idx needs --data with the folder of four IDX files",
                "--dataset csv  | --dataset csv needs --data with a CSV file",
                "--label x      | --label is for a CSV file",
                "--no-such x    | there is no option '--no-such'",
                "--batch        | Missing required parameter for option '--batch'",
                "extra          | unexpected argument 'extra'"
            })
    void wrongOptions(String options, String message) {
        String[] arguments = ("train mlp " + options).split(" ");

        failsWith(USAGE, message, arguments);
        assertThat(err).contains("(see weft train --help)");
    }

    @Test
    void hiddenLayersAreThoseOfMlp() {
        for (String option : List.of("--hidden 50", "--activation tanh")) {
            failsWith(
                    USAGE, "--hidden and --activation are for the network mlp", ("train lenet5 " + option).split(" "));
        }
    }

    @Test
    void wrongNames() {
        failsWith(USAGE, "there is no network 'resnet'; there are lenet5, mlp", "train", "resnet");
        failsWith(
                USAGE,
                "name one network: NETWORK (lenet5 or mlp or lstm-rows), --network FILE.json or --from FILE",
                "train");
        failsWith(USAGE, "there is no command 'trian'; there are train", "trian", "lenet5");
    }

    // failures

    @Test
    void anUnwritableOutputIsFoundBeforeTraining() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        MnistLoader notReached = (data, offline, progress) -> {
            throw new AssertionError("training must not begin");
        };
        for (List<String> options : List.of(
                List.of("--out", file + "/models"),
                List.of("--out", file + "/mine.safetensors"),
                List.of("--json", file + "/run.json"),
                List.of("--json", folder.toString()))) {
            int code = weft(notReached, "train", "mlp", options.get(0), options.get(1));

            assertThat(code).isEqualTo(FAILED);
            assertThat(err.lines()).singleElement().asString().startsWith("weft: cannot write " + options.get(1));
        }
        assertThat(err).contains("it is a folder");
    }

    @Test
    void aBackendThatIsNotUsableTellsWhy() {
        BackendProvider cuda = Backends.providers().stream()
                .filter(provider -> provider.name().equals("cuda"))
                .findFirst()
                .orElseThrow();
        Optional<String> reason = cuda.unusable();
        if (reason.isPresent()) {
            failsWith(FAILED, "backend cuda is not usable: " + reason.get(), "train", "mlp", "--backend", "cuda");
        } else {
            assertThat(weft("train", "mlp", "--backend", "cuda")).as(err).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"cpu, 1e30", "reference, 1e300"})
    void aNonFiniteLossStopsTheTraining(String backend, String rate) {
        failsWith(
                FAILED,
                "non-finite value in epoch 1, step ",
                "train",
                "mlp",
                "--backend",
                backend,
                "--optimizer",
                "sgd",
                "--lr",
                rate,
                "--batch",
                "10");
        assertThat(err).contains("first written by: linear").doesNotContain("no op when the step was repeated");
        assertThat(rows(out)).isEmpty();
    }

    @Test
    void aLossThatRunsAwayIsAFailure() throws IOException {
        Path run = folder.resolve("run");
        failsWith(
                FAILED,
                "the training diverges: the loss in the second half of epoch 2 is ",
                "train",
                "mlp",
                "--backend",
                "cpu",
                "--optimizer",
                "adam",
                "--lr",
                "1e10",
                "--epochs",
                "2",
                "--batch",
                "10",
                "--out",
                run.toString());
        assertThat(rows(out)).hasSize(2);
        assertThat(out).doesNotContain("test accuracy ");
        assertThat(run.resolve("history.json")).exists();
        assertThat(run.resolve("index.html")).doesNotExist();
    }

    @Test
    void outOfMemoryTellsWhatToDo() {
        int code = weft(
                (data, offline, progress) -> {
                    throw new OutOfMemoryError("Java heap space");
                },
                "train",
                "mlp",
                "--backend",
                "cpu");

        assertThat(code).isEqualTo(FAILED);
        assertThat(err.lines())
                .singleElement()
                .asString()
                .startsWith("weft: out of memory: Java heap space")
                .contains("--batch", "WEFT_JAVA_OPTS");
    }

    @Test
    void everyCommandAnswersWhenMemoryRunsOut() {
        @picocli.CommandLine.Command(name = "greedy")
        class Greedy implements java.util.concurrent.Callable<Integer> {
            @Override
            public Integer call() {
                throw new OutOfMemoryError("Java heap space");
            }
        }
        StringWriter errText = new StringWriter();
        int code = Weft.commandLine(Mnist::load)
                .addSubcommand(new Greedy())
                .setErr(new PrintWriter(errText))
                .execute("greedy");
        assertThat(code).isEqualTo(FAILED);
        assertThat(errText.toString().lines())
                .singleElement()
                .asString()
                .startsWith("weft: out of memory: Java heap space, with a Java heap of ")
                .endsWith(" MB. Take more heap: WEFT_JAVA_OPTS=-Xmx8g");
    }

    @Test
    void anInternalErrorIsOneLineAndTheStackTraceComesWhenAskedFor() {
        MnistLoader broken = (data, offline, progress) -> {
            throw new IllegalStateException("first line\n  second line");
        };

        assertThat(weft(broken, "train", "mlp", "--backend", "cpu")).isEqualTo(FAILED);
        assertThat(err.lines())
                .containsExactly("weft: internal error: java.lang.IllegalStateException: first line second line");

        assertThat(weft(broken, "train", "mlp", "--backend", "cpu", "--stacktrace"))
                .isEqualTo(FAILED);
        assertThat(err).contains("at dev.weft.samples.TrainCommand.");
    }

    // bad files

    @Test
    void badFilesAreNamed() throws IOException {
        byte[] images = IdxFiles.images(20, 28, 28);
        byte[] corrupt = IdxFiles.gzip(images);
        corrupt[corrupt.length - 6] ^= 1;

        badFile("train-images-idx3-ubyte", Arrays.copyOf(images, 5000), "is truncated: 5,000 bytes");
        badFile("train-images-idx3-ubyte", corrupt, "holds truncated or corrupt gzip data");
        badFile(
                "train-images-idx3-ubyte",
                IdxFiles.labels(20),
                "has the magic number 0x00000801, 0x00000803 is needed");
        badFile("t10k-labels-idx1-ubyte", IdxFiles.labels(21), "holds 21 labels; the counts must be equal");
        badFile(
                "train-labels-idx1-ubyte",
                IdxFiles.idx(0x801, new int[] {2}, (byte) 3, (byte) 200),
                "holds 2 labels; the counts must be equal");
        byte[] labels = IdxFiles.labels(20);
        labels[8 + 7] = 77;
        badFile("train-labels-idx1-ubyte", labels, "label 7 is 77, labels are 0 to 9");
        badFile("t10k-images-idx3-ubyte", IdxFiles.idx(0x803, new int[] {0, 28, 28}), "is empty: its dimension 0 is 0");
        badFile("train-images-idx3-ubyte", images, "is not the published train-images-idx3-ubyte");
    }

    private void badFile(String name, byte[] content, String message) throws IOException {
        Path data = Files.createTempDirectory(folder, "data");
        IdxFiles.writeMnist(data, 20);
        Files.write(data.resolve(name), content);

        failsWith(FAILED, message, "train", "mlp", "--backend", "cpu", "--data", data.toString(), "--offline");
        assertThat(err).contains(data.resolve(name).toString());
    }

    @Test
    void aDataFolderThatDoesNotExistIsNamed() {
        failsWith(
                FAILED,
                "typo does not exist",
                "train",
                "mlp",
                "--data",
                folder.resolve("typo").toString());
    }
}
