package dev.weft.data;

import dev.weft.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A folder with four IDX files named like MNIST's, plain or gzip. */
public final class IdxFolder {
    private IdxFolder() {}

    /**
     * Reads any such data set: images of any size, as many classes as the largest label says, normalised to mean 0 and
     * standard deviation 1 by the training images' own statistics.
     *
     * @throws DataException if a file is missing or malformed, or they do not fit together
     */
    public static Split load(Path folder) {
        Content trainLabels = content(folder, "train-labels-idx1-ubyte");
        Content testLabels = content(folder, "t10k-labels-idx1-ubyte");
        int classes = 1 + Math.max(largest(trainLabels), largest(testLabels));
        Content testImages = content(folder, "t10k-images-idx3-ubyte");
        Dataset train = Idx.dataset(content(folder, "train-images-idx3-ubyte"), trainLabels, classes);
        Dataset test = Idx.dataset(testImages, testLabels, classes);
        if (!test.shape().equals(train.shape())) {
            throw new DataException("%s holds images of shape %s, those to train with are %s"
                    .formatted(testImages.origin(), test.shape(), train.shape()));
        }
        Statistics statistics = Statistics.of(train);
        return Split.of(statistics.normalize(train), statistics.normalize(test));
    }

    private static int largest(Content labels) {
        int largest = 0;
        for (byte label : Idx.parse(labels.origin(), labels.bytes(), 1).values()) {
            largest = Math.max(largest, label & 0xff);
        }
        return largest;
    }

    private static Content content(Path folder, String name) {
        requireFolder(folder);
        Path file = find(folder, name)
                .orElseThrow(() -> new DataException("%s has no file %s; it needs four IDX files: %s"
                        .formatted(folder, String.join(" or ", spellings(name)), String.join(", ", Mnist.names()))));
        return new Content(file.toString(), Idx.content(file));
    }

    /**
     * @throws DataException unless the folder is one
     */
    static void requireFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new DataException(
                    "the data folder " + folder + (Files.exists(folder) ? " is not a folder" : " does not exist"));
        }
    }

    /** The file of this name, or of another spelling of it. */
    static Optional<Path> find(Path folder, String name) {
        return spellings(name).stream()
                .map(folder::resolve)
                .filter(Files::exists)
                .findFirst();
    }

    /** The name as published and that of other archives (train-images.idx3-ubyte), each plain and gzip. */
    private static List<String> spellings(String name) {
        String dotted = name.replace("-idx", ".idx");
        return List.of(name, dotted, name + ".gz", dotted + ".gz");
    }
}
