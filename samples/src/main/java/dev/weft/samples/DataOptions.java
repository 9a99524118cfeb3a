package dev.weft.samples;

import dev.weft.data.Csv;
import dev.weft.data.DataSource;
import dev.weft.data.FashionMnist;
import dev.weft.data.IdxFolder;
import dev.weft.data.Split;
import dev.weft.data.Standardization;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say which data to use, and the loading of them. */
final class DataOptions {
    private static final double TEST_SHARE = 0.2;

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
                    + " classes; a fifth of its rows, chosen by the seed, is for testing.")
    private Path path;

    @Option(
            names = "--label",
            paramLabel = "COLUMN",
            description = "The column of a CSV file with the classes. Default: the last one.")
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
        return dataset() == DatasetName.CSV ? "rows" : "images";
    }

    /**
     * @throws ParameterException if the options do not go together
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
        if (label != null && dataset() != DatasetName.CSV) {
            throw new ParameterException(spec.commandLine(), "--label is for a CSV file");
        }
    }

    /**
     * Loads the data.
     *
     * @param mnist loads MNIST
     * @param seed decides which rows of a table are for testing
     * @throws dev.weft.DataException if they cannot be had
     */
    Split load(MnistLoader mnist, long seed, DataSource.Progress progress) {
        return switch (dataset()) {
            case MNIST -> mnist.load(path, offline, progress);
            case FASHION_MNIST -> FashionMnist.load(path, offline, progress);
            case IDX -> IdxFolder.load(path);
            case CSV -> table(seed);
        };
    }

    /** Both parts of the table, standardised by what is trained with. */
    private Split table(long seed) {
        Split split = Split.random(Csv.read(path, label).data(), TEST_SHARE, seed);
        Standardization standard = Standardization.of(split.train());
        return Split.of(standard.apply(split.train()), standard.apply(split.test()));
    }
}
