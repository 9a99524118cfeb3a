package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.data.Csv;
import dev.weft.data.Dataset;
import dev.weft.data.Idx;
import dev.weft.data.Preparation;
import dev.weft.data.Standardization;
import dev.weft.data.TableForm;
import dev.weft.io.InputFile;
import dev.weft.tensor.Shape;
import dev.weft.train.Evaluation;
import dev.weft.train.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft predict}: classifies images, or the rows of tables, with a trained model. */
@Command(
        name = "predict",
        description = "Classifies images, or the rows of a table, with a trained model.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft predict --model runs/best/model.safetensors seven.png photo.jpg",
            "  weft predict --model runs/best/model.safetensors --labels labels.gz images.gz",
            "  weft predict --model runs/iris/model.safetensors flowers.csv",
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage."
        })
final class PredictCommand implements Callable<Integer> {
    private static final String AUTO = "auto";

    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description =
                    "PNG or JPEG files of any size: a single figure, dark on light or light on dark; it is cut out,"
                            + " scaled and centred as the data set's authors did, unless it has the model's size and is light on"
                            + " dark. Or IDX files of images, plain or gzip, which give a line for each image."
                            + " For a model that was trained on a table: CSV files with the same columns, with or without"
                            + " that of the classes.")
    private List<Path> files;

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "The model, a safetensors file.")
    private Path modelFile;

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description = "The IDX file with the true classes of an IDX file of images: tells the accuracy alone.")
    private Path labels;

    @Option(
            names = "--network",
            paramLabel = "NAME",
            completionCandidates = NetworkNames.class,
            description = "The network that the model file holds, trained on MNIST; for files that do not say it.")
    private String networkName;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = AUTO,
            description = "auto, cpu, reference or cuda. Default: auto, the fastest that is usable here.")
    private String backendName;

    PredictCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        // read by slf4j-simple when the first logger is made
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        if (labels != null && (files.size() != 1 || !isIdx(files.get(0)))) {
            throw new ParameterException(spec.commandLine(), "--labels needs exactly one FILE, an IDX file of images");
        }
        ModelFile description = description();
        Preparation preparation = description.classification();
        if (preparation.table().isPresent()) {
            tables(description, preparation, preparation.table().get());
            return 0;
        }
        checkFits(description);
        try (Backend backend = backendName.equals(AUTO) ? Backends.best() : Backends.open(backendName);
                Model model = description.open(backend)) {
            predict(model, description);
        }
        spec.commandLine().getOut().flush();
        return 0;
    }

    /** Classifies the rows of each file. */
    private void tables(ModelFile description, Preparation preparation, TableForm form) {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        List<Csv.Rows> inputs = new ArrayList<>();
        List<int[]> truths = new ArrayList<>();
        for (Path file : files) {
            Csv.Rows rows = Csv.rows(file, form.names(), form.label(), form.labelAt());
            rows.notes().forEach(note -> err.println("weft: " + note));
            inputs.add(rows);
            truths.add(truth(file, rows, preparation.classes()));
        }
        err.flush();
        try (Backend backend = backendName.equals(AUTO) ? Backends.best() : Backends.open(backendName);
                Model model = description.open(backend)) {
            RowsDisplay display = new RowsDisplay(out, terminal, preparation.classes());
            Standardization standardization = form.standardization();
            for (int i = 0; i < inputs.size(); i++) {
                out.printf("%s%s%n", i == 0 ? "" : System.lineSeparator(), files.get(i));
                float[][] rows = Arrays.stream(inputs.get(i).values())
                        .map(standardization::apply)
                        .toArray(float[][]::new);
                display.show(model.predictProbabilities(rows), truths.get(i));
            }
        }
        out.flush();
    }

    /** The class of each row, -1 where the file does not say it; null where it has no such column. */
    private static int[] truth(Path file, Csv.Rows rows, List<String> classes) {
        if (rows.labels().isEmpty()) {
            return null;
        }
        Map<Object, Integer> numbers = new HashMap<>();
        classes.forEach(name -> numbers.put(classKey(name), numbers.size()));
        int[] truth = new int[rows.labels().size()];
        for (int i = 0; i < truth.length; i++) {
            String label = rows.labels().get(i);
            truth[i] = numbers.getOrDefault(classKey(label), -1);
            if (truth[i] < 0 && !label.isEmpty()) {
                throw new DataException("%s, line %d: the model has no class %s; it has %s"
                        .formatted(file, rows.lines()[i], Quote.text(label), Quote.names(classes)));
            }
        }
        return truth;
    }

    /** Equal for equal numbers, however they are written. */
    private static Object classKey(String name) {
        try {
            return new BigDecimal(name).stripTrailingZeros();
        } catch (NumberFormatException e) {
            return name;
        }
    }

    /** A file that cannot be read does not stop the others. */
    private void predict(Model model, ModelFile description) {
        int failed = 0;
        for (Path image : files) {
            if (spec.commandLine().getOut().checkError()) {
                // nobody reads on
                return;
            }
            try {
                Dataset data = isIdx(image) ? idx(image, description) : image(image, description);
                predict(model, image, data, description);
            } catch (DataException e) {
                if (files.size() == 1) {
                    throw e;
                }
                failed++;
                PrintWriter err = spec.commandLine().getErr();
                err.println("weft: " + e.getMessage());
                err.flush();
            }
        }
        if (failed > 0) {
            throw new DataException(
                    "%,d of %,d files could not be read; the others are classified".formatted(failed, files.size()));
        }
    }

    /** What the file says about itself, else what {@code --network} stands for. */
    private ModelFile description() {
        return ModelFile.read(modelFile).orElseGet(() -> {
            if (networkName == null) {
                throw new DataException(modelFile + " does not say which network it holds; tell it by --network, for "
                        + "example --network lenet5");
            }
            return ModelFile.ofMnist(modelFile, Network.named(spec.commandLine(), networkName));
        });
    }

    private void checkFits(ModelFile description) {
        if (networkName != null && !networkName.equals(description.network())) {
            throw new DataException("%s holds the network %s, not '%s'"
                    .formatted(modelFile, Quote.text(description.network()), networkName));
        }
        Shape input = description.graph().input().shape();
        if (input.rank() != 3 || input.get(0) != 1 || input.get(1) != input.get(2)) {
            throw new DataException(
                    "%s takes samples of shape %s; images need a shape like [1,28,28]".formatted(modelFile, input));
        }
    }

    private static boolean isIdx(Path file) {
        try (InputStream in = InputFile.open(file)) {
            byte[] start = in.readNBytes(2);
            boolean gzip = start.length == 2 && (start[0] & 0xff) == 0x1f && (start[1] & 0xff) == 0x8b;
            return gzip || start.length == 2 && start[0] == 0 && start[1] == 0;
        } catch (IOException | DataException e) {
            // whoever reads it will say what is wrong
            return false;
        }
    }

    private Dataset idx(Path file, ModelFile description) {
        int classes = description.classification().classes().size();
        Dataset data;
        if (labels == null) {
            Idx images = Idx.read(file, 3);
            Shape shape = Shape.of(1, images.dimensions()[1], images.dimensions()[2]);
            data = Dataset.ofBytes(shape, images.values(), new int[images.dimensions()[0]], classes);
        } else {
            data = Idx.dataset(file, labels, classes);
        }
        if (!data.shape().equals(description.graph().input().shape())) {
            throw new DataException("%s holds images of shape %s, the model takes %s"
                    .formatted(file, data.shape(), description.graph().input().shape()));
        }
        return data.normalized(
                description.classification().mean(),
                description.classification().deviation());
    }

    private static Dataset image(Path file, ModelFile description) {
        ImageFitter fitter = ImageFitter.of(
                description.dataset(), description.graph().input().shape().get(1));
        byte[] pixels = fitter.fit(GreyImage.read(file), file.toString());
        return Dataset.ofBytes(
                        description.graph().input().shape(),
                        pixels,
                        new int[1],
                        description.classification().classes().size())
                .normalized(
                        description.classification().mean(),
                        description.classification().deviation());
    }

    private void predict(Model model, Path file, Dataset data, ModelFile description) {
        PrintWriter out = spec.commandLine().getOut();
        if (labels != null) {
            Evaluation evaluation = model.evaluate(data);
            out.printf(
                    "%s: accuracy %.2f %%, %,d of %,d images right%n",
                    file,
                    100 * evaluation.accuracy(),
                    Math.round(evaluation.accuracy() * evaluation.samples()),
                    evaluation.samples());
        } else if (isIdx(file)) {
            Predictions predictions = Predictions.of(model, data);
            for (int i = 0; i < data.size(); i++) {
                out.printf(
                        "%s[%d]: %s  %.2f %%%n",
                        file,
                        i,
                        description.classification().classes().get(predictions.predicted()[i]),
                        100 * predictions.probability()[i]);
            }
        } else {
            new PredictionDisplay(out, description.classification().classes())
                    .show(file.toString(), model.predictProbabilities(data.image(0)));
        }
    }
}
