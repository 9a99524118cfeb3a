package dev.weft.io;

import dev.weft.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads files from anywhere. A pipe or a device, which may block or never end, is refused. An interrupt of the thread does not
 * disturb the reading.
 */
public final class InputFile {
    private InputFile() {}

    /**
     * Opens a file.
     *
     * @throws DataException if it does not exist, is no regular file, or cannot be read
     */
    public static InputStream open(Path file) {
        try {
            requireRegular(file);
            return Files.newInputStream(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /**
     * All bytes of a file.
     *
     * @throws DataException as {@link #open}, or if it is larger than an array, 2 GiB
     */
    public static byte[] read(Path file) {
        return read(file, Integer.MAX_VALUE - Long.BYTES);
    }

    /**
     * All bytes of a file that has no more than {@code most} of them.
     *
     * @throws DataException as {@link #open}, or if it is larger
     */
    static byte[] read(Path file, int most) {
        try {
            requireRegular(file);
            long bytes = Files.size(file);
            if (bytes > most) {
                throw new DataException(
                        "%s is too large: %,d bytes, at most %,d are read".formatted(file, bytes, most));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static void requireRegular(Path file) {
        if (!Files.exists(file)) {
            throw new DataException(file + " does not exist");
        }
        if (!Files.isRegularFile(file)) {
            throw new DataException("cannot read %s: it is %s"
                    .formatted(
                            file,
                            Files.isDirectory(file)
                                    ? "a folder"
                                    : "a pipe or a device; copy what it gives into a file, and name that"));
        }
    }

    static DataException unreadable(Path file, IOException e) {
        return new DataException("cannot read " + file + ": " + Reason.of(e), e);
    }
}
