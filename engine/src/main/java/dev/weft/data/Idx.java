package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * An IDX file of unsigned bytes, the format of MNIST (LeCun, Cortes and Burges, "The MNIST database"): the magic number
 * {@code 00 00 08 rank}, the size of each dimension as a big-endian 32-bit integer, then the values, row-major.
 *
 * @param name the file, for messages
 * @param dimensions their sizes, each at least 1
 * @param values all values, unsigned
 */
public record Idx(String name, int[] dimensions, byte[] values) {
    private static final int UNSIGNED_BYTE = 0x08;
    private static final int IMAGES = 3;
    private static final int LABELS = 1;

    /**
     * Images with their labels; pixels are scaled to 0..1.
     *
     * @param images a file of dimensions {@code [n, rows, columns]}, plain or gzip
     * @param labels a file of dimension {@code [n]}, plain or gzip
     * @param classes labels are 0 to {@code classes - 1}
     * @return samples of shape {@code [1, rows, columns]}
     * @throws DataException if a file is missing or malformed, or the two do not fit together; the message names the file,
     *     what was found and what is needed
     */
    public static Dataset dataset(Path images, Path labels, int classes) {
        return dataset(
                parse(images.toString(), content(images), IMAGES),
                parse(labels.toString(), content(labels), LABELS),
                classes);
    }

    static Dataset dataset(Content images, Content labels, int classes) {
        return dataset(
                parse(images.origin(), images.bytes(), IMAGES),
                parse(labels.origin(), labels.bytes(), LABELS),
                classes);
    }

    private static Dataset dataset(Idx images, Idx labels, int classes) {
        if (images.dimensions[0] != labels.dimensions[0]) {
            throw new DataException("%s holds %,d images, but %s holds %,d labels; the counts must be equal"
                    .formatted(images.name, images.dimensions[0], labels.name, labels.dimensions[0]));
        }
        int[] classOf = new int[labels.values.length];
        for (int i = 0; i < classOf.length; i++) {
            classOf[i] = labels.values[i] & 0xff;
            if (classOf[i] >= classes) {
                throw new DataException(
                        "%s: label %d is %d, labels are 0 to %d".formatted(labels.name, i, classOf[i], classes - 1));
            }
        }
        Shape sample = Shape.of(1, images.dimensions[1], images.dimensions[2]);
        return Dataset.ofBytes(sample, images.values, classOf, classes);
    }

    /**
     * Reads a file, plain or gzip.
     *
     * @param rank how many dimensions it has to have
     * @throws DataException if it is missing or malformed
     */
    public static Idx read(Path file, int rank) {
        return parse(file.toString(), content(file), rank);
    }

    /**
     * Reads the uncompressed content of a file.
     *
     * @param name the file, for messages
     * @param rank how many dimensions it has to have
     * @throws DataException if it is malformed
     */
    public static Idx parse(String name, byte[] content, int rank) {
        int header = Integer.BYTES * (1 + rank);
        if (content.length == 0) {
            throw new DataException(name + " is an empty file, an IDX file is needed");
        }
        if (content.length < Integer.BYTES) {
            throw new DataException(
                    "%s is truncated: %d bytes, the header alone has %d".formatted(name, content.length, header));
        }
        ByteBuffer buffer = ByteBuffer.wrap(content);
        int magic = buffer.getInt();
        int needed = UNSIGNED_BYTE << Byte.SIZE | rank;
        if (magic != needed) {
            throw new DataException("%s has the magic number 0x%08x, 0x%08x is needed (IDX, unsigned bytes, %s)"
                    .formatted(name, magic, needed, rank == 1 ? "1 dimension" : rank + " dimensions"));
        }
        if (content.length < header) {
            throw new DataException(
                    "%s is truncated: %d bytes, the header alone has %d".formatted(name, content.length, header));
        }
        int[] dimensions = new int[rank];
        long elements = 1;
        for (int i = 0; i < rank; i++) {
            dimensions[i] = buffer.getInt();
            if (dimensions[i] == 0) {
                throw new DataException("%s is empty: its dimension %d is 0".formatted(name, i));
            }
            elements *= Integer.toUnsignedLong(dimensions[i]);
            if (elements > Integer.MAX_VALUE - header) {
                throw new DataException("%s announces more than 2^31 values; its header is corrupt, or it is too large"
                        .formatted(name));
            }
        }
        if (content.length != header + elements) {
            throw new DataException("%s %s: %,d bytes, its header announces %s values, which need %,d"
                    .formatted(
                            name,
                            content.length < header + elements ? "is truncated" : "has trailing bytes",
                            content.length,
                            Shape.of(dimensions),
                            header + elements));
        }
        return new Idx(name, dimensions, Arrays.copyOfRange(content, header, content.length));
    }

    /**
     * The bytes of a file, uncompressed where it is gzip, whatever it is called.
     *
     * @throws DataException if it cannot be read, or its gzip data are truncated or corrupt
     */
    static byte[] content(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new DataException(file + " does not exist", e);
        } catch (IOException e) {
            throw new DataException("cannot read " + file + ": " + e.getMessage(), e);
        }
        try {
            return gunzip(bytes);
        } catch (IOException e) {
            throw new DataException(file + " holds truncated or corrupt gzip data: " + e.getMessage(), e);
        }
    }

    /** Uncompresses gzip data; other data come back as they are. */
    static byte[] gunzip(byte[] bytes) throws IOException {
        boolean gzip = bytes.length >= 2 && (bytes[0] & 0xff) == 0x1f && (bytes[1] & 0xff) == 0x8b;
        if (!gzip) {
            return bytes;
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes), 1 << 16)) {
            return in.readAllBytes();
        }
    }
}
