package dev.weft.data;

import dev.weft.DataException;
import dev.weft.io.InputFile;
import dev.weft.io.Reason;
import dev.weft.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
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
    private static final int MAX_VALUES = Integer.MAX_VALUE - 64;
    private static final int UNPACKED_AT_ONCE = 1 << 24;

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
            if (elements > MAX_VALUES) {
                throw new DataException("%s announces more than 2^31 values; its header is corrupt, or it is too large"
                        .formatted(name));
            }
        }
        if (content.length != header + elements) {
            boolean truncated = content.length < header + elements;
            throw new DataException("%s %s: %s%,d bytes, its header announces %s values, which need %,d"
                    .formatted(
                            name,
                            truncated ? "is truncated" : "has trailing bytes",
                            content.length == header + elements + 1 ? "at least " : "",
                            content.length,
                            Shape.of(dimensions),
                            header + elements));
        }
        return new Idx(name, dimensions, Arrays.copyOfRange(content, header, content.length));
    }

    /**
     * The bytes of a file, uncompressed where it is gzip, whatever it is called. Of gzip data no more is unpacked than the IDX
     * header announces, and one byte by which {@link #parse} sees that there is more.
     *
     * @throws DataException if it cannot be read, or its gzip data are truncated or corrupt
     */
    static byte[] content(Path file) {
        byte[] bytes = InputFile.read(file);
        if (!isGzip(bytes)) {
            return bytes;
        }
        try {
            return gunzip(bytes);
        } catch (IOException e) {
            throw new DataException(file + " holds truncated or corrupt gzip data: " + Reason.of(e), e);
        }
    }

    private static boolean isGzip(byte[] bytes) {
        return bytes.length >= 2 && (bytes[0] & 0xff) == 0x1f && (bytes[1] & 0xff) == 0x8b;
    }

    /** Unpacks gzip data as {@link #content} does; other data come back as they are. */
    static byte[] gunzip(byte[] bytes) throws IOException {
        if (!isGzip(bytes)) {
            return bytes;
        }
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes), 1 << 16)) {
            byte[] header = in.readNBytes(Integer.BYTES * (1 + IMAGES));
            long announced = announced(header);
            byte[] content = read(in, header, announced);
            if (content.length == announced) {
                int more = in.read();
                if (more >= 0) {
                    content = Arrays.copyOf(content, content.length + 1);
                    content[content.length - 1] = (byte) more;
                }
            }
            return content;
        }
    }

    /** The bytes of a file with this beginning; those of the beginning where it is no IDX file, or an impossible one. */
    private static long announced(byte[] start) {
        int rank = start.length < Integer.BYTES ? 0 : ByteBuffer.wrap(start).getInt() ^ UNSIGNED_BYTE << Byte.SIZE;
        int header = Integer.BYTES * (1 + rank);
        if (rank < 1 || rank > IMAGES || start.length < header) {
            return start.length;
        }
        long elements = 1;
        for (int i = 1; i <= rank && elements <= Integer.MAX_VALUE; i++) {
            elements *= Integer.toUnsignedLong(ByteBuffer.wrap(start).getInt(i * Integer.BYTES));
        }
        return elements > MAX_VALUES ? start.length : Math.max(start.length, header + elements);
    }

    /** The rest up to {@code bytes} in all; the array grows as data come, since the header may lie. */
    private static byte[] read(InputStream in, byte[] start, long bytes) throws IOException {
        byte[] content = Arrays.copyOf(start, (int) Math.min(bytes, UNPACKED_AT_ONCE));
        int count = start.length;
        while (true) {
            count += in.readNBytes(content, count, content.length - count);
            if (count < content.length) {
                return Arrays.copyOf(content, count);
            }
            if (count == bytes) {
                return content;
            }
            content = Arrays.copyOf(content, (int) Math.min(bytes, 2L * count));
        }
    }
}
