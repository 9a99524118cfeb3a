package dev.weft.samples;

import dev.weft.DataException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds out whether a file can be written, before the work whose result it is to hold. */
public final class OutputFile {
    private OutputFile() {}

    /**
     * Creates the file's folder where it is missing, and tries to write there.
     *
     * @throws DataException if that cannot be done
     */
    public static void check(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw new DataException("cannot write " + file + ": it is a folder");
        }
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "weft", ".part"));
        } catch (IOException e) {
            throw new DataException("cannot write " + file + ": " + reason(e), e);
        }
    }

    /** Java's own messages are often the path alone. */
    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException denied) {
            return "permission denied for " + denied.getFile();
        }
        if (e instanceof FileAlreadyExistsException exists) {
            return exists.getFile() + " is not a folder";
        }
        return e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
