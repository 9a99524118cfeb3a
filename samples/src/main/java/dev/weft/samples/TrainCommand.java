package dev.weft.samples;

import dev.weft.Quote;
import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.Kernels;
import dev.weft.data.Dataset;
import dev.weft.data.Preparation;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.io.OutputFile;
import dev.weft.layer.Parameter;
import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Function;
import dev.weft.optim.Lbfgs;
import dev.weft.optim.RuleOptimizer;
import dev.weft.tensor.Shape;
import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import dev.weft.train.History;
import dev.weft.train.LbfgsTrainer;
import dev.weft.train.Model;
import dev.weft.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft train}: trains a network on MNIST, or on other data. */
@Command(
        name = "train",
        description = "Trains a network on MNIST, which is fetched on first use, or on other data.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        abbreviateSynopsis = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft train lenet5",
            "  weft train lenet5 --epochs 15 --out runs/best",
            "  weft train mlp --optimizer adam --validation",
            "  weft train mlp --hidden 500,300 --activation gelu --optimizer lion --epochs 5",
            "  weft train lenet5 --dataset fashion-mnist --epochs 10",
            "  weft train lstm-rows --cell gru --bidirectional",
            "  weft train mlp --data iris.csv --label species",
            "  weft train --network mine.json",
            "  weft train --from runs/best/model.safetensors --lr 0.0001",
            "",
            "Ctrl-C ends the training after the steps that are running; the run folder",
            "then holds the model of the last finished epoch.",
            "Exit codes: 0 done, 1 failed, 2 wrong usage,",
            "            130 ended by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP."
        })
final class TrainCommand implements Callable<Integer> {

    static final long DEFAULT_SEED = 42;
    private static final int LBFGS_ITERATIONS = 50;

    private final MnistLoader loader;
    private final Interruption interruption;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NETWORK",
            arity = "0..1",
            completionCandidates = NetworkNames.class,
            description = {
                "lenet5: 5 epochs, batch 128, adam, learning rate 0.001, cosine by default;",
                "mlp: 784-500-10, 1 epoch, batch 500, sgd, learning rate 0.5, constant by default;",
                "lstm-rows: 5 epochs, batch 128, adam, learning rate 0.002, cosine by default;",
                "on a table: 30 epochs, batch 32, adam, learning rate 0.001, cosine."
            })
    private String networkName;

    @Option(
            names = "--network",
            paramLabel = "FILE",
            description =
                    "Train a network that the file describes; weft summary lenet5 --json writes one to start from."
                            + " It gets the settings of lenet5 unless others are given.")
    private Path description;

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description = "Go on from a model file: network, parameters, seed and normalisation are those of the file."
                    + " The optimizer and its schedule begin anew.")
    private Path from;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = BackendNames.AUTO,
            completionCandidates = BackendNames.class,
            description = "auto, cpu, reference or cuda. Default: auto, the fastest that is usable here.")
    private String backendName;

    @Mixin
    private KernelOptions kernelOptions;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the CPU backend. Default: all processors.")
    private Integer threads;

    @Option(names = "--epochs", paramLabel = "N", description = "How often to go through the training images or rows.")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images or rows of a training step.")
    private Integer batch;

    @Option(
            names = "--hidden",
            paramLabel = "UNITS",
            split = ",",
            description = "Units of mlp's hidden layers, for example 500,300. Default: 500.")
    private List<Integer> hidden;

    @Option(
            names = "--activation",
            paramLabel = "NAME",
            completionCandidates = ActivationNames.class,
            description = "What follows mlp's hidden layers: ${COMPLETION-CANDIDATES}. Some have settings:"
                    + " elu:alpha=0.5. Default: relu.")
    private Function activation;

    @Option(
            names = "--cell",
            paramLabel = "NAME",
            completionCandidates = CellNames.class,
            description = "The units of lstm-rows: ${COMPLETION-CANDIDATES}. Default: lstm.")
    private Cell cell;

    @Option(names = "--bidirectional", description = "lstm-rows reads the rows from both ends.")
    private boolean bidirectional;

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            completionCandidates = LossName.Names.class,
            description =
                    "One of ${COMPLETION-CANDIDATES}. Some have settings: huber:delta=2." + " Default: cross-entropy.")
    private LossName loss = LossName.CROSS_ENTROPY;

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            completionCandidates = OptimizerName.Names.class,
            description = "One of ${COMPLETION-CANDIDATES}. Most have settings: rmsprop:decay=0.9,momentum=0.5."
                    + " lbfgs goes through all images or rows at once; --epochs are its iterations.")
    private OptimizerName optimizer;

    @Option(
            names = "--lr",
            paramLabel = "RATE",
            description = "Learning rate. Default: the network's for its own optimizer, else the optimizer's usual one,"
                    + " from 0.0001 for lion to 1 for adadelta.")
    private Double learningRate;

    @Option(
            names = "--clip-norm",
            paramLabel = "LIMIT",
            description = "The largest norm of all gradients of a step together; larger ones are scaled down to it.")
    private Double clipNorm;

    @Option(
            names = "--l1",
            paramLabel = "FACTOR",
            description = "Adds FACTOR times the sum of the parameters' absolute values to the loss.")
    private double l1;

    @Option(
            names = "--l2",
            paramLabel = "FACTOR",
            description = "Adds FACTOR/2 times the sum of the parameters' squares to the loss.")
    private double l2;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            completionCandidates = ScheduleName.Names.class,
            description = "The learning rate's course: ${COMPLETION-CANDIDATES}. All have settings:"
                    + " step:epochs=5,factor=0.5; with warm-up=2 the rate rises for two epochs before.")
    private ScheduleName schedule;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides initial weights and shuffling; the same seed gives the same model on one backend."
                    + " Default: 42, or that of the file of --from.")
    private Long seed;

    @Option(
            names = "--validation",
            description = "Train on the first five sixths of the training images (50,000), and report on the others"
                    + " (10,000) in place of the test images; of a table, on a sixth of the rows of each class. For"
                    + " choosing settings.")
    private boolean validation;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--out",
            paramLabel = "PATH",
            description = "The run folder, for model, history, pictures and index.html; its files are replaced."
                    + " Default: a new folder runs/TIME-NETWORK. A file name that ends in .safetensors gets"
                    + " the model alone.")
    private Path out;

    @Option(names = "--no-pictures", description = "Leave pictures and index.html out of the run folder.")
    private boolean noPictures;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write settings, machine and results of each epoch to FILE, too, as in the run folder's "
                    + RunOutput.HISTORY + ".")
    private Path json;

    @Option(names = "--quiet", description = "Show the last line and warnings alone.")
    private boolean quiet;

    TrainCommand(MnistLoader loader, Interruption interruption) {
        this.loader = loader;
        this.interruption = interruption;
    }

    @Override
    public Integer call() {
        train();
        return 0;
    }

    private void train() {
        if (quiet) {
            // read by slf4j-simple when the first logger is made
            System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        }
        data.check();
        Network network = Network.chosen(spec.commandLine(), networkName, description, from);
        Optional<ModelFile> before = Optional.ofNullable(from).map(ModelFile::require);
        if (data.dataset() == DatasetName.CSV) {
            network = network.forTables();
        }
        if (hidden != null || activation != null) {
            if (!"mlp".equals(networkName)) {
                throw usage("--hidden and --activation are for the network mlp");
            }
            network = Mlp.with(network, hidden, activation);
        }
        if (cell != null || bidirectional) {
            if (!"lstm-rows".equals(networkName)) {
                throw usage("--cell and --bidirectional are for the network lstm-rows");
            }
            network = LstmRows.with(network, cell, bidirectional);
        }
        applyDefaults(network, before);
        if (json != null) {
            if (json.equals(out)) {
                throw usage("--json and --out name the same file " + out);
            }
            OutputFile.check(json);
        }
        try (RunOutput output = interruption.watch(RunOutput.create(out, network.name()));
                Backend backend = BackendNames.open(
                        spec.commandLine(), backendName, new BackendOptions(threads, kernelOptions.kernels()))) {
            train(network, before, backend, output);
        }
    }

    /** Fills in what was not given, and checks what was. */
    private void applyDefaults(Network network, Optional<ModelFile> before) {
        if (seed != null && before.isPresent()) {
            throw usage("--seed is for a new model; %s goes on with its own".formatted(from));
        }
        if (seed == null) {
            seed = before.map(ModelFile::seed).orElse(DEFAULT_SEED);
        }
        if (threads == null) {
            threads = BackendOptions.defaults().threads();
        }
        if (optimizer != null && optimizer.isLbfgs()) {
            requireNotForLbfgs();
        }
        if (epochs == null) {
            epochs = optimizer != null && optimizer.isLbfgs() ? LBFGS_ITERATIONS : network.epochs();
        }
        if (batch == null) {
            batch = network.batch();
        }
        if (optimizer == null) {
            optimizer = network.optimizer();
        }
        if (learningRate == null && !optimizer.isLbfgs()) {
            learningRate =
                    optimizer.equals(network.optimizer()) ? network.learningRate() : optimizer.usualLearningRate();
        }
        if (schedule == null) {
            schedule = network.schedule();
        }
        atLeastOne("--threads", threads);
        if (threads > BackendOptions.MAX_THREADS) {
            throw usage("--threads must be at most %d, got %d".formatted(BackendOptions.MAX_THREADS, threads));
        }
        atLeastOne("--epochs", epochs);
        atLeastOne("--batch", batch);
        positive("--lr", learningRate);
        positive("--clip-norm", clipNorm);
        atLeastZero("--l1", l1);
        atLeastZero("--l2", l2);
        if ((l1 > 0 || l2 > 0) && optimizer.decaysByItself()) {
            throw usage("--l1 and --l2 are parts of the loss, and %s has its own: %s:weight-decay=FACTOR"
                    .formatted(optimizer, optimizer.text().replaceFirst(":.*", "")));
        }
        if (hidden != null) {
            hidden.forEach(units -> atLeastOne("--hidden", units));
        }
    }

    /** Options of trainings in batches. */
    private void requireNotForLbfgs() {
        Map<String, Object> given = new LinkedHashMap<>();
        given.put("--batch", batch);
        given.put("--lr", learningRate);
        given.put("--schedule", schedule);
        given.put("--clip-norm", clipNorm);
        given.put("--l1", l1 == 0 ? null : l1);
        given.forEach((option, value) -> {
            if (value != null) {
                throw usage(option + " is not for lbfgs, which takes whole batches and searches its steps");
            }
        });
    }

    private void positive(String option, Double value) {
        if (value != null && !(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw usage("%s must be a positive number, got %s".formatted(option, value));
        }
    }

    private void atLeastZero(String option, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw usage("%s must be a number of at least 0, got %s".formatted(option, value));
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

    private void train(Network network, Optional<ModelFile> before, Backend backend, RunOutput output) {
        PrintWriter stdout = spec.commandLine().getOut();
        PrintWriter stderr = spec.commandLine().getErr();
        boolean terminal = Boolean.getBoolean("weft.terminal");
        String evaluatedOn = validation ? "validation" : "test";

        TrainingData loaded;
        try (DownloadDisplay display = new DownloadDisplay(stderr, terminal)) {
            Optional<Preparation> known = before.map(ModelFile::classification);
            loaded = data.load(loader, seed, validation, known, quiet ? (what, done, total) -> {} : display);
        }
        Dataset train = loaded.train();
        Dataset test = loaded.test();
        loaded.notes().forEach(note -> stderr.println("weft: " + note));
        Graph graph = network.graph(train.shape(), train.classes());
        requireOutputs(graph, train.classes());
        Preparation preparation = Preparation.of(train);
        before.map(file -> file.classification().classes())
                .filter(classes -> !classes.equals(preparation.classes()))
                .ifPresent(classes -> stderr.printf(
                        "weft: the classes were %s; from now on they are %s%n",
                        Quote.names(classes), Quote.names(preparation.classes())));
        stderr.flush();
        try (Model model = before.isPresent() ? before.get().open(backend) : Model.create(graph, backend, seed)) {
            model.setPreparation(loaded.table().map(preparation::with).orElse(preparation));
            RunRecord settings = new RunRecord(
                    network.name(),
                    options(),
                    seed,
                    backend.description(),
                    backend.kernels(),
                    threads,
                    evaluatedOn,
                    new History(List.of()),
                    0);
            SaveEachEpoch saver = new SaveEachEpoch(
                    model, ModelFile.metadata(network.name(), data.dataset().toString()), output, json, settings);
            Fit fit = optimizer.isLbfgs() ? lbfgs(model, test) : steps(model, test);
            fit.callback.accept(saver);
            fit.callback.accept(interruption);
            interruption.watch(fit.stop);
            if (!quiet) {
                stdout.printf(
                        "%s, %,d parameters, on %,d %s; %s on %,d%n",
                        network.name(), parameters(graph), train.size(), data.samples(), evaluatedOn, test.size());
                if (train.classNames().stream().anyMatch(name -> !name.matches("\\d+"))) {
                    stdout.printf("classes: %s%n", Quote.names(train.classNames()));
                }
                stdout.printf("%s; seed %d; backend %s%n", method(), seed, backend.name());
            }
            long start = System.nanoTime();
            History history;
            if (quiet) {
                history = fit.run.apply(train);
            } else {
                try (TrainingDisplay display =
                        new TrainingDisplay(stdout, stderr, terminal, evaluatedOn, data.samples())) {
                    fit.callback.accept(display);
                    history = fit.run.apply(train);
                }
                stdout.println();
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            boolean stopped = history.epochs().size() < epochs && !fit.converged.getAsBoolean();
            if (stopped) {
                stderr.println("weft: " + interrupted(history, evaluatedOn, output.modelFile()));
                stderr.flush();
                if (history.epochs().isEmpty()) {
                    return;
                }
                output.checkThere();
                // pictures show the model that was saved
                model.loadParameters(output.modelFile());
            }
            if (output.folder().isPresent() && !noPictures) {
                report(output.folder().get(), saver.record(), Predictions.of(model, test), preparation.classes());
            }
            if (stopped) {
                return;
            }
            EpochResult last = history.last();
            stdout.printf(
                    "%s accuracy %.2f %% after %d epoch%s in %.1f s%s%n",
                    evaluatedOn,
                    100 * last.test().accuracy(),
                    last.epoch(),
                    last.epoch() == 1 ? "" : "s",
                    seconds,
                    output.folder().isPresent()
                            ? "; run folder " + output.folder().get()
                            : "; model in " + output.modelFile());
            stdout.flush();
        }
    }

    /**
     * A training.
     *
     * @param converged whether it has ended since there is nothing left to gain
     */
    private record Fit(
            Consumer<Callback> callback,
            Runnable stop,
            java.util.function.Function<Dataset, History> run,
            BooleanSupplier converged) {}

    private Fit steps(Model model, Dataset test) {
        RuleOptimizer made = optimizer.create(learningRate);
        if (l1 > 0 || l2 > 0) {
            made = made.elasticNet(l1, l2);
        }
        if (clipNorm != null) {
            made = made.clipGlobalNorm(clipNorm);
        }
        Trainer trainer = Trainer.of(model, loss.create(), made)
                .batch(batch)
                .epochs(epochs)
                .validation(test);
        schedule.applyTo(trainer, epochs);
        return new Fit(trainer::callback, trainer::stop, trainer::fit, () -> false);
    }

    private Fit lbfgs(Model model, Dataset test) {
        LbfgsTrainer trainer = LbfgsTrainer.of(model, loss.create(), optimizer.lbfgs(epochs))
                .weightDecay(l2)
                .validation(test);
        AtomicBoolean converged = new AtomicBoolean();
        return new Fit(
                trainer::callback,
                trainer::stop,
                train -> {
                    LbfgsTrainer.Training done = trainer.fit(train);
                    converged.set(done.result().end() != Lbfgs.End.OBSERVER);
                    if (converged.get() && done.history().epochs().isEmpty()) {
                        throw new WeftException("lbfgs finds no step that lowers the loss");
                    }
                    return done.history();
                },
                converged::get);
    }

    private String method() {
        return optimizer.isLbfgs()
                ? "%s on whole batches, at most %d iterations".formatted(optimizer, epochs)
                : "%s, learning rate %s, %s; batch %d".formatted(optimizer, learningRate, schedule, batch);
    }

    /** Outputs beyond the classes could be trained, and would stand for nothing. */
    private static void requireOutputs(Graph graph, int classes) {
        Node output = graph.output();
        if (!output.shape().equals(Shape.of(classes))) {
            throw new ShapeException(
                    output.name(),
                    "the network has outputs of shape %s, and the data %,d classes; it needs an output for each"
                            .formatted(output.shape(), classes));
        }
    }

    /** Pictures that cannot be drawn here cost the training nothing but a warning. */
    private void report(Path folder, RunRecord record, Predictions predictions, List<String> classes) {
        Optional<String> unusable = Picture.unusable();
        if (unusable.isPresent()) {
            PrintWriter stderr = spec.commandLine().getErr();
            stderr.println(
                    "weft: no pictures: " + unusable.get() + "; install fontconfig and a font, or use --no-pictures");
            stderr.flush();
        } else {
            RunReport.write(folder, record, predictions, classes);
        }
    }

    /** One line on a training that was ended early. */
    private String interrupted(History history, String evaluatedOn, Path modelFile) {
        int done = history.epochs().size();
        String where = "ended in epoch %d of %d; ".formatted(done + 1, epochs);
        if (done == 0) {
            return where + "no epoch was finished, so no model was written";
        }
        return "%s%s accuracy %.2f %% after epoch %d, whose model is in %s"
                .formatted(where, evaluatedOn, 100 * history.last().test().accuracy(), done, modelFile);
    }

    private static long parameters(Graph graph) {
        return graph.parameters().stream()
                .map(Parameter::shape)
                .mapToLong(shape -> shape.elements())
                .sum();
    }

    private Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("description", description == null ? null : description.toString());
        options.put("from", from == null ? null : from.toString());
        options.put("backend", backendName);
        Kernels kernels = kernelOptions.kernels();
        options.put("kernels", kernels.name());
        options.put("plan", kernels.plan() == null ? null : kernels.plan().toString());
        options.put("tf32", kernels.tf32());
        options.put("nondeterministic", kernels.nondeterministic());
        options.put("threads", threads);
        options.put("epochs", epochs);
        options.put("batch", batch);
        options.put("optimizer", optimizer.toString());
        options.put("lr", learningRate);
        options.put("schedule", schedule.toString());
        options.put("clipNorm", clipNorm);
        options.put("l1", l1);
        options.put("l2", l2);
        options.put("loss", loss.toString());
        options.put("hidden", hidden == null ? null : hidden.toString());
        options.put("activation", activation == null ? null : activation.name());
        options.put("seed", seed);
        options.put("validation", validation);
        options.put("dataset", data.dataset().toString());
        options.put("data", data.path() == null ? null : data.path().toString());
        options.put("label", data.label());
        options.put("offline", data.offline());
        options.put("pictures", !noPictures);
        options.put("out", out == null ? null : out.toString());
        return options;
    }
}
