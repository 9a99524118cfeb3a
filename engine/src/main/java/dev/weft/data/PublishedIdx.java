package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A published data set of four IDX files, known by their digests, with images {@code [1,28,28]}.
 *
 * @param name of its folder in the cache
 * @param files training images and labels, test images and labels
 * @param installed where a package of the system puts the files, tried before the network; may be missing
 * @param sources on the network
 * @param statistics of the training images
 * @param classNames in the order of the labels
 */
public record PublishedIdx(
        String name,
        List<DataFile> files,
        List<Path> installed,
        List<DataSource> sources,
        Statistics statistics,
        List<String> classNames) {
    private static final Shape IMAGE = Shape.of(1, 28, 28);

    /** Those that Weft knows. */
    public static List<PublishedIdx> all() {
        return List.of(Mnist.PUBLISHED, FashionMnist.PUBLISHED);
    }

    /** Where its files are kept. */
    public Path cache() {
        return DataFetcher.defaultCache().resolve(name);
    }

    /**
     * Reads the data set, normalised to mean 0 and standard deviation 1. It is fetched on first use.
     *
     * @param folder a folder with the four files, plain or gzip, or null; after it the cache, installed packages and public
     *     sources are tried
     * @param offline whether the network is left alone
     * @throws DataException if the files cannot be had, or are not the published ones
     */
    public Split load(Path folder, boolean offline, DataSource.Progress progress) {
        return load(new DataFetcher(folder, cache(), installed, sources, offline, progress));
    }

    Split load(DataFetcher fetcher) {
        Map<DataFile, Content> contents = fetcher.fetch(files);
        List<Content> four = files.stream().map(contents::get).toList();
        Dataset train = dataset(four.get(0), four.get(1));
        Dataset test = dataset(four.get(2), four.get(3));
        if (fetcher.folder() != null) {
            // after the form, whose message says more
            contents.forEach((file, content) -> file.verify(content.origin(), content.bytes()));
        }
        return Split.of(train, test);
    }

    private Dataset dataset(Content images, Content labels) {
        Dataset data = Idx.dataset(images, labels, classNames.size());
        if (!data.shape().equals(IMAGE)) {
            throw new DataException(
                    "%s holds images of shape %s, %s is needed".formatted(images.origin(), data.shape(), IMAGE));
        }
        return statistics.normalize(data).withClassNames(classNames);
    }
}
