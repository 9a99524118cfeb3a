package dev.weft.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Makes small IDX files for tests. */
public final class IdxFiles {
    private IdxFiles() {}

    /** An IDX file with this header and these values, whether they fit together or not. */
    public static byte[] idx(int magic, int[] dimensions, byte... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 + 4 * dimensions.length + values.length);
        buffer.putInt(magic);
        for (int dimension : dimensions) {
            buffer.putInt(dimension);
        }
        return buffer.put(values).array();
    }

    /** Random images. */
    public static byte[] images(int count, int rows, int columns) {
        byte[] pixels = new byte[count * rows * columns];
        new Random(1).nextBytes(pixels);
        return idx(0x803, new int[] {count, rows, columns}, pixels);
    }

    /** Labels 0, 1, ... 9, 0, 1, ... */
    public static byte[] labels(int count) {
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) (i % 10);
        }
        return idx(0x801, new int[] {count}, labels);
    }

    public static byte[] gzip(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Writes four well-formed files with MNIST's names, of {@code count} training and test images. */
    public static void writeMnist(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        for (String set : new String[] {"train", "t10k"}) {
            Files.write(folder.resolve(set + "-images-idx3-ubyte"), images(count, 28, 28));
            Files.write(folder.resolve(set + "-labels-idx1-ubyte"), labels(count));
        }
    }
}
