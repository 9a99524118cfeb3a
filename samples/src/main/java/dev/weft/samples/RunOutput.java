package dev.weft.samples;

import dev.weft.DataException;
import dev.weft.io.OutputFile;
import dev.weft.io.Reason;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/**
 * Where a training leaves its files: a run folder, {@code runs/TIME-NETWORK} unless another one is named, or a single model
 * file. A folder that is still empty in the end is removed.
 */
public final class RunOutput implements AutoCloseable {
    static final String MODEL = "model.safetensors";
    static final String HISTORY = "history.json";

    /** Relative to the current folder; the tests set another one. */
    private static final Path RUNS = Path.of(System.getProperty("weft.runs", "runs"));

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

    private final Path folder;
    private final Path modelFile;

    private RunOutput(Path folder, Path modelFile) {
        this.folder = folder;
        this.modelFile = modelFile;
    }

    /**
     * Makes the folder, and finds out whether it can be written.
     *
     * @param out the folder, or a file that ends in .safetensors for the model alone, or null for a new folder in
     *     {@code runs}
     * @throws DataException if it cannot be written
     */
    static RunOutput create(Path out, String network) {
        if (out == null) {
            Path folder = folder(null, network);
            return new RunOutput(folder, folder.resolve(MODEL));
        }
        if (out.toString().endsWith(".safetensors")) {
            OutputFile.check(out);
            return new RunOutput(null, out);
        }
        OutputFile.check(out.resolve(MODEL));
        return new RunOutput(out, out.resolve(MODEL));
    }

    /**
     * The folder for results: the one that is named, or a new one, {@code runs/TIME-WHAT}.
     *
     * @param out null for a new one
     * @throws DataException if it cannot be written
     */
    public static Path folder(Path out, String what) {
        if (out == null) {
            return newFolder(RUNS, TIME.format(LocalDateTime.now()) + "-" + what);
        }
        OutputFile.check(out.resolve(MODEL));
        return out;
    }

    /** A folder that was not there before: {@code name}, else {@code name-2}, {@code name-3} ... */
    static Path newFolder(Path parent, String name) {
        for (int i = 1; ; i++) {
            Path folder = parent.resolve(i == 1 ? name : name + "-" + i);
            if (Files.exists(folder)) {
                continue;
            }
            OutputFile.check(folder);
            try {
                return Files.createDirectory(folder);
            } catch (FileAlreadyExistsException e) {
                // another training was faster
            } catch (IOException e) {
                throw new DataException("cannot make the folder " + folder + ": " + Reason.of(e), e);
            }
        }
    }

    /** The run folder, where there is one. */
    Optional<Path> folder() {
        return Optional.ofNullable(folder);
    }

    Path modelFile() {
        return modelFile;
    }

    /**
     * Finds out whether the folder is still there.
     *
     * @throws DataException if it was deleted meanwhile
     */
    void checkThere() {
        if (folder != null && !Files.isDirectory(folder)) {
            throw gone(null);
        }
    }

    private DataException gone(IOException cause) {
        return new DataException(
                "the run folder %s is gone: it was deleted or renamed while the training ran".formatted(folder), cause);
    }

    @Override
    public void close() {
        if (folder != null) {
            try {
                Files.delete(folder);
            } catch (DirectoryNotEmptyException e) {
                // as it should be
            } catch (NoSuchFileException e) {
                throw gone(e);
            } catch (IOException e) {
                throw new DataException("cannot remove the empty folder " + folder + ": " + Reason.of(e), e);
            }
        }
    }
}
