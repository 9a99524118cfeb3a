package dev.weft.cuda;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A shared library of Linux on a 64-bit processor: the ELF format, see {@code elf(5)}. */
final class ElfFile {
    private static final int MAGIC = 0x464c457f;
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADERS_OFFSET = 32;
    private static final int PROGRAM_HEADER_BYTES = 54;
    private static final int PROGRAM_HEADERS = 56;
    private static final int SEGMENT_OFFSET = 8;
    private static final int SEGMENT_BYTES_IN_FILE = 32;

    private ElfFile() {}

    /**
     * The dynamic linker maps a truncated file without complaint, and the first use of what is missing kills the process.
     *
     * @throws IOException if it ends before its last segment does, or is no such file
     */
    static void requireWhole(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer header = read(channel, 0, HEADER_BYTES);
            if (header.getInt(0) != MAGIC) {
                throw new IOException(file + " is no shared library");
            }
            int bytes = header.getShort(PROGRAM_HEADER_BYTES);
            int count = header.getShort(PROGRAM_HEADERS);
            ByteBuffer segments = read(channel, header.getLong(PROGRAM_HEADERS_OFFSET), bytes * count);
            for (int i = 0; i < count; i++) {
                long end = segments.getLong(i * bytes + SEGMENT_OFFSET)
                        + segments.getLong(i * bytes + SEGMENT_BYTES_IN_FILE);
                if (end > channel.size()) {
                    throw new EOFException();
                }
            }
        } catch (EOFException e) {
            throw new IOException(
                    "%s is truncated: it ends after %,d bytes"
                            .formatted(file, file.toFile().length()),
                    e);
        } catch (FileSystemException e) {
            throw new IOException(
                    "%s cannot be read: %s".formatted(file, e.getClass().getSimpleName()), e);
        }
    }

    private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException();
            }
        }
        return buffer;
    }
}
