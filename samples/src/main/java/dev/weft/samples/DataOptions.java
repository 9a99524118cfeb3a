package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.data.Csv;
import dev.weft.data.DataSource;
import dev.weft.data.FashionMnist;
import dev.weft.data.IdxFolder;
import dev.weft.data.Preparation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say which data to use, and the loading of them. */
final class DataOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--dataset",
            paramLabel = "NAME",
            description =
                    "mnist; fashion-mnist; idx, any four IDX files in the folder of --data; csv, the table of --data."
                            + " Default: csv where --data is a file, else mnist.")
    private DatasetName dataset;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description = "Folder with the four IDX files, plain or gzip; for mnist and fashion-mnist it is looked at"
                    + " before the cache. Or a CSV file: a header, then numbers in all columns but the one with the"
                    + " classes; a fifth of each class's rows, chosen by the seed, is for testing.")
    private Path path;

    @Option(
            names = "--label",
            paramLabel = "COLUMN",
            description =
                    "The column of a CSV file with the classes. Default: the last one, or the only one of text, or the"
                            + " one named class, label or target.")
    private String label;

    @Option(names = "--offline", description = "Do not fetch anything.")
    private boolean offline;

    DatasetName dataset() {
        if (dataset != null) {
            return dataset;
        }
        return path != null && Files.isRegularFile(path) ? DatasetName.CSV : DatasetName.MNIST;
    }

    Path path() {
        return path;
    }

    String label() {
        return label;
    }

    boolean offline() {
        return offline;
    }

    /** What a sample is called. */
    String samples() {
        return dataset().samples();
    }

    /**
     * @throws ParameterException if the options do not go together
     * @throws DataException if there is nothing at the path
     */
    void check() {
        boolean needsPath = dataset() == DatasetName.IDX || dataset() == DatasetName.CSV;
        if (needsPath && path == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--dataset %s needs --data with %s"
                            .formatted(
                                    dataset(),
                                    dataset() == DatasetName.IDX ? "the folder of four IDX files" : "a CSV file"));
        }
        if (path != null && !Files.exists(path)) {
            throw new DataException("--data %s does not exist".formatted(path));
        }
        if (label != null && dataset() != DatasetName.CSV) {
            throw new ParameterException(spec.commandLine(), "--label is for a CSV file");
        }
    }

    /**
     * Loads the data.
     *
     * @param mnist loads MNIST
     * @param seed decides which rows of a table are for testing
     * @param validation whether a part of the samples to train with takes the place of those to test with
     * @param before how samples were prepared for the model that is trained on; empty for a new one
     * @throws DataException if they cannot be had, or there is nothing to learn from them
     */
    TrainingData load(
            MnistLoader mnist,
            long seed,
            boolean validation,
            Optional<Preparation> before,
            DataSource.Progress progress) {
        return switch (dataset()) {
            case MNIST -> TrainingData.images(mnist.load(path, offline, progress), validation, before);
            case FASHION_MNIST -> TrainingData.images(FashionMnist.load(path, offline, progress), validation, before);
            case IDX -> TrainingData.images(IdxFolder.load(path), validation, before);
            case CSV -> TrainingData.table(Csv.read(path, label), seed, validation, before);
        };
    }
}
