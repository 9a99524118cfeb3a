package dev.weft.samples;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import dev.weft.backend.Backends;
import dev.weft.data.Dataset;
import dev.weft.data.Mnist;
import dev.weft.layer.Parameter;
import dev.weft.loss.Loss;
import dev.weft.train.EpochResult;
import dev.weft.train.History;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft train}: trains a network on MNIST. */
@Command(
        name = "train",
        description = "Trains a network on MNIST, which is fetched on first use.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        abbreviateSynopsis = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft train lenet5",
            "  weft train lenet5 --epochs 15 --out runs/lenet5 --json runs/lenet5/run.json",
            "  weft train mlp --optimizer adam --validation",
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage."
        })
final class TrainCommand implements Callable<Integer> {
    private static final String AUTO = "auto";
    private static final String MODEL_FILE = "model.safetensors";

    private final MnistLoader loader;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NETWORK",
            description = {
                "lenet5: 5 epochs, batch 128, adam, learning rate 0.001 by default;",
                "mlp: 784-500-10, 1 epoch, batch 500, sgd, learning rate 0.5 by default."
            })
    private String networkName;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = AUTO,
            description = "auto, cpu, reference or cuda. Default: auto, the fastest that is usable here.")
    private String backendName;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the CPU backend. Default: all processors.")
    private Integer threads;

    @Option(names = "--epochs", paramLabel = "N", description = "How often to go through the training images.")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images of a training step.")
    private Integer batch;

    @Option(names = "--optimizer", paramLabel = "NAME", description = "One of ${COMPLETION-CANDIDATES}.")
    private OptimizerName optimizer;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            description = "Learning rate. Default: the network's for its own optimizer, else 0.1 for sgd,"
                    + " 0.02 for momentum and nesterov, 0.001 for adam and adamw.")
    private Double learningRate;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            defaultValue = "cosine",
            description = "The learning rate's course: constant; cosine, from the rate down to 0;"
                    + " step, a tenth after each third of the epochs. Default: ${DEFAULT-VALUE}.")
    private ScheduleName schedule;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description = "Decides initial weights and shuffling; the same seed gives the same model on one backend."
                    + " Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--validation",
            description = "Train on the first five sixths of the training images (50,000), and report on the others"
                    + " (10,000) in place of the test images. For choosing settings.")
    private boolean validation;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder with MNIST's four IDX files, plain or gzip; looked at before the cache.")
    private Path data;

    @Option(names = "--offline", description = "Do not fetch anything.")
    private boolean offline;

    @Option(
            names = "--out",
            paramLabel = "PATH",
            description = "Save the trained model: to PATH where it ends in .safetensors, else to " + MODEL_FILE
                    + " in the folder PATH.")
    private Path out;

    @Option(names = "--json", paramLabel = "FILE", description = "Write settings, machine and results of each epoch.")
    private Path json;

    @Option(names = "--quiet", description = "Show the last line and warnings alone.")
    private boolean quiet;

    TrainCommand(MnistLoader loader) {
        this.loader = loader;
    }

    @Override
    public Integer call() {
        try {
            train();
            return 0;
        } catch (OutOfMemoryError e) {
            throw new WeftException(
                    "out of memory: %s, with a Java heap of %,d MB. Take a smaller --batch, or more heap: WEFT_JAVA_OPTS=-Xmx8g"
                            .formatted(e.getMessage(), Runtime.getRuntime().maxMemory() >> 20),
                    e);
        }
    }

    private void train() {
        if (quiet) {
            // read by slf4j-simple when the first logger is made
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        }
        Network network = network();
        applyDefaults(network);
        Path model = out == null ? null : modelFile(out);
        if (model != null) {
            OutputFile.check(model);
        }
        if (json != null) {
            OutputFile.check(json);
        }
        try (Backend backend = openBackend()) {
            train(network, backend, model);
        }
    }

    private Network network() {
        List<Network> networks = Network.all();
        return networks.stream()
                .filter(network -> network.name().equals(networkName))
                .findFirst()
                .orElseThrow(() -> usage("there is no network '%s'; there are %s"
                        .formatted(
                                networkName,
                                String.join(
                                        ", ",
                                        networks.stream().map(Network::name).toList()))));
    }

    /** Fills in what was not given, and checks what was. */
    private void applyDefaults(Network network) {
        if (threads == null) {
            threads = BackendOptions.defaults().threads();
        }
        if (epochs == null) {
            epochs = network.epochs();
        }
        if (batch == null) {
            batch = network.batch();
        }
        if (optimizer == null) {
            optimizer = network.optimizer();
        }
        if (learningRate == null) {
            learningRate = optimizer == network.optimizer() ? network.learningRate() : optimizer.usualLearningRate();
        }
        atLeastOne("--threads", threads);
        atLeastOne("--epochs", epochs);
        atLeastOne("--batch", batch);
        if (!(learningRate > 0 && learningRate < Double.POSITIVE_INFINITY)) {
            throw usage("--lr must be a positive number, got " + learningRate);
        }
    }

    private void atLeastOne(String option, int value) {
        if (value < 1) {
            throw usage("%s must be at least 1, got %d".formatted(option, value));
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static Path modelFile(Path out) {
        return out.toString().endsWith(".safetensors") ? out : out.resolve(MODEL_FILE);
    }

    private Backend openBackend() {
        List<String> names = new ArrayList<>(List.of(AUTO));
        Backends.providers().stream().map(BackendProvider::name).forEach(names::add);
        if (!names.contains(backendName)) {
            throw usage("there is no backend '%s'; there are %s".formatted(backendName, String.join(", ", names)));
        }
        BackendOptions options = new BackendOptions(threads);
        return backendName.equals(AUTO) ? Backends.best(options) : Backends.open(backendName, options);
    }

    private void train(Network network, Backend backend, Path modelFile) {
        PrintWriter stdout = spec.commandLine().getOut();
        PrintWriter stderr = spec.commandLine().getErr();
        boolean terminal = Boolean.getBoolean("weft.terminal");
        String evaluatedOn = validation ? "validation" : "test";

        Mnist mnist;
        try (DownloadDisplay display = new DownloadDisplay(stderr, terminal)) {
            mnist = loader.load(data, offline, quiet ? (what, done, total) -> {} : display);
        }
        Dataset train = mnist.train();
        Dataset test = mnist.test();
        if (validation) {
            int from = train.size() - train.size() / 6;
            test = train.slice(from, train.size());
            train = train.slice(0, from);
        }
        try (Model model = Model.create(network.graph(), backend, seed)) {
            Trainer trainer = Trainer.of(model, Loss.softmaxCrossEntropy(), optimizer.create(learningRate))
                    .batch(batch)
                    .epochs(epochs)
                    .schedule(schedule.create(epochs))
                    .validation(test);
            if (!quiet) {
                stdout.printf(
                        "%s, %,d parameters, on %,d images; %s on %,d%n",
                        network.name(), parameters(network), train.size(), evaluatedOn, test.size());
                stdout.printf(
                        "%s, learning rate %s, %s; batch %d; seed %d; backend %s%n%n",
                        optimizer, learningRate, schedule, batch, seed, backend.name());
            }
            long start = System.nanoTime();
            History history;
            if (quiet) {
                history = trainer.fit(train);
            } else {
                try (TrainingDisplay display = new TrainingDisplay(stdout, stderr, terminal, evaluatedOn)) {
                    history = trainer.callback(display).fit(train);
                }
                stdout.println();
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            if (modelFile != null) {
                model.save(modelFile);
            }
            if (json != null) {
                new RunRecord(
                                network.name(),
                                options(),
                                seed,
                                backend.description(),
                                threads,
                                evaluatedOn,
                                history,
                                seconds)
                        .write(json);
            }
            EpochResult last = history.last();
            stdout.printf(
                    "%s accuracy %.2f %% after %d epoch%s in %.1f s%s%n",
                    evaluatedOn,
                    100 * last.test().accuracy(),
                    last.epoch(),
                    last.epoch() == 1 ? "" : "s",
                    seconds,
                    modelFile == null ? "" : "; model in " + modelFile);
            stdout.flush();
        }
    }

    private static long parameters(Network network) {
        return network.graph().parameters().stream()
                .map(Parameter::shape)
                .mapToLong(shape -> shape.elements())
                .sum();
    }

    private Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("backend", backendName);
        options.put("threads", threads);
        options.put("epochs", epochs);
        options.put("batch", batch);
        options.put("optimizer", optimizer.toString());
        options.put("lr", learningRate);
        options.put("schedule", schedule.toString());
        options.put("seed", seed);
        options.put("validation", validation);
        options.put("data", data == null ? null : data.toString());
        options.put("offline", offline);
        options.put("out", out == null ? null : out.toString());
        return options;
    }
}
