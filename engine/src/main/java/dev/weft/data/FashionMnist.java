package dev.weft.data;

import dev.weft.DataException;
import java.nio.file.Path;
import java.util.List;

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747): pictures of clothes {@code [1,28,28]} in 10 classes,
 * 60,000 to train with and 10,000 to test. Harder than MNIST, in the same form.
 *
 * @param train the samples to train with
 * @param test the samples to test with
 */
public record FashionMnist(Dataset train, Dataset test) implements Split {

    static final PublishedIdx PUBLISHED = new PublishedIdx(
            "fashion-mnist",
            List.of(
                    new DataFile(
                            "train-images-idx3-ubyte",
                            47_040_016,
                            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
                    new DataFile(
                            "train-labels-idx1-ubyte",
                            60_008,
                            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
                    new DataFile(
                            "t10k-images-idx3-ubyte",
                            7_840_016,
                            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
                    new DataFile(
                            "t10k-labels-idx1-ubyte",
                            10_008,
                            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")),
            // Debian's package dataset-fashion-mnist
            List.of(Path.of("/usr/share/datasets/fashion-mnist")),
            List.of(HttpMirror.of("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")),
            new Statistics(0.2860, 0.3530),
            List.of(
                    "T-shirt/top",
                    "Trouser",
                    "Pullover",
                    "Dress",
                    "Coat",
                    "Sandal",
                    "Shirt",
                    "Sneaker",
                    "Bag",
                    "Ankle boot"));

    /**
     * Reads Fashion-MNIST, normalised to mean 0 and standard deviation 1. It is fetched on first use, unless Debian's package
     * {@code dataset-fashion-mnist} is installed.
     *
     * @param folder a folder with the four files, plain or gzip, or null
     * @param offline whether the network is left alone
     * @throws DataException if the files cannot be had, or are not the published ones
     */
    public static FashionMnist load(Path folder, boolean offline, DataSource.Progress progress) {
        Split split = PUBLISHED.load(folder, offline, progress);
        return new FashionMnist(split.train(), split.test());
    }

    /** Reads Fashion-MNIST, which it fetches on first use, in silence. */
    public static FashionMnist load() {
        return load(null, false, (what, done, total) -> {});
    }
}
