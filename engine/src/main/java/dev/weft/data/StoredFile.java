package dev.weft.data;

import dev.weft.DataException;
import dev.weft.io.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A data set's file as it is found, or not found, in a folder.
 *
 * @param file which one
 * @param path where it is, or where it would be
 * @param bytes its size there, compressed or not; 0 where it is missing
 * @param state whether it is whole
 * @param problem what is wrong with a corrupt file, else empty
 */
public record StoredFile(DataFile file, Path path, long bytes, State state, String problem) {

    /** How a stored file is. */
    public enum State {
        /** Its content has the published digest. */
        OK,
        /** It cannot be read, or has another digest. */
        CORRUPT,
        /** It is not there. */
        MISSING
    }

    /** Looks for files in a folder, reads what is there, and verifies it. */
    public static List<StoredFile> in(Path folder, List<DataFile> files) {
        return files.stream().map(file -> in(folder, file)).toList();
    }

    private static StoredFile in(Path folder, DataFile file) {
        Path path = IdxFolder.find(folder, file.name()).orElse(null);
        if (path == null) {
            return new StoredFile(file, folder.resolve(file.name()), 0, State.MISSING, "");
        }
        long bytes = 0;
        try {
            bytes = Files.size(path);
            file.verify(path.toString(), Idx.content(path));
            return new StoredFile(file, path, bytes, State.OK, "");
        } catch (DataException | IOException e) {
            return new StoredFile(file, path, bytes, State.CORRUPT, Reason.of(e));
        }
    }
}
