package dev.weft.io;

import dev.weft.DataException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes files that appear under their name only when they are complete: the content goes into a temporary file of its own in
 * the same folder, {@code .weft-PID-RANDOM.part}, is brought to the disk, and then renamed. Whoever reads the file, also after
 * a crash, finds what was there before or all of what is written; of several writers the last one wins.
 *
 * <p>Through a symbolic link its target is written. An interrupt of the thread does not disturb the writing.
 */
public final class OutputFile {
    private static final Logger LOG = LoggerFactory.getLogger(OutputFile.class);
    private static final int MAX_LINKS = 40;
    private static final String PREFIX = ".weft-";
    private static final String SUFFIX = ".part";
    /** A process of another machine or container may be writing; its number says nothing here. */
    private static final long LEFT_OVER_MILLIS = 60_000;

    private OutputFile() {}

    /** Writes what a file is to hold. */
    @FunctionalInterface
    public interface Content {
        /** Writes it; the stream is buffered, and closed by the caller. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Finds out whether a file can be written, before the work whose result it is to hold. Its folder is made where it is
     * missing.
     *
     * @throws DataException if it cannot
     */
    public static void check(Path file) {
        try {
            Path temporary = temporary(target(file));
            create(temporary).close();
            Files.delete(temporary);
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    /**
     * Writes a file, and its folder where that is missing.
     *
     * @throws DataException if that cannot be done; what was there before then stays as it was
     */
    public static void write(Path file, byte[] content) {
        write(file, out -> out.write(content));
    }

    /** The same with content that is made as it is written. */
    public static void write(Path file, Content content) {
        try {
            Path target = target(file);
            Path temporary = temporary(target);
            try {
                try (OutputStream out = new BufferedOutputStream(create(temporary), 1 << 16)) {
                    content.writeTo(out);
                }
                force(temporary, StandardOpenOption.WRITE);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
            forceFolder(target.getParent());
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    private static DataException unwritable(Path file, IOException e) {
        return new DataException("cannot write " + file + ": " + Reason.of(e), e);
    }

    /** The file itself, or where its symbolic links lead to, whether or not there is a file. */
    private static Path target(Path file) throws IOException {
        Path target = file.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemException(file.toString(), null, "Too many levels of symbolic links");
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        if (Files.isDirectory(target)) {
            throw new FileSystemException(file.toString(), null, "it is a folder");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw new FileSystemException(file.toString(), null, "it is a pipe or a device; name a file");
        }
        return target;
    }

    /** A new name in the target's folder, which is made, and freed of what ended processes have left there. */
    private static Path temporary(Path target) throws IOException {
        Path folder = target.getParent();
        if (folder == null) {
            throw new FileSystemException(target.toString(), null, "it is a folder");
        }
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
        }
        removeLeftOvers(folder);
        return folder.resolve(PREFIX + ProcessHandle.current().pid() + "-" + UUID.randomUUID() + SUFFIX);
    }

    /** Never opens a file that is there already, nor what a link leads to. */
    private static OutputStream create(Path temporary) throws IOException {
        return Files.newOutputStream(
                temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    }

    private static void removeLeftOvers(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                String pid =
                        file.getFileName().toString().substring(PREFIX.length()).replaceAll("-.*", "");
                boolean untouched = System.currentTimeMillis()
                                - Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                                        .toMillis()
                        > LEFT_OVER_MILLIS;
                if (untouched
                        && pid.matches("\\d{1,18}")
                        && ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            LOG.debug("left-overs in {} were not removed", folder, e);
        }
    }

    /** Brings a file, or the entries of a folder, to the disk. An interrupt closes a channel, so this begins again then. */
    private static void force(Path path, OpenOption option) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                try (FileChannel channel = FileChannel.open(path, option)) {
                    channel.force(true);
                    return;
                } catch (ClosedByInterruptException e) {
                    LOG.debug("interrupted", e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The file is whole under its name; where the system cannot sync a folder, a crash may bring back the one before. */
    private static void forceFolder(Path folder) {
        try {
            force(folder, StandardOpenOption.READ);
        } catch (IOException e) {
            LOG.debug("folder {} was not synced", folder, e);
        }
    }
}
