package dev.weft.data;

import dev.weft.DataException;
import dev.weft.io.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A folder with one folder for each class, and in it a file for each sample. Files beside the class folders, folders in them, and
 * names that begin with a point are passed over. All come in the order of their names.
 *
 * @param files those of all classes
 * @param classes the name of each file's class
 */
record ClassFolders(List<Path> files, List<String> classes) {

    /**
     * Looks for the files.
     *
     * @param ending of the files' names, in small or capital letters; others are passed over
     * @throws DataException if there is no class folder, one has no such file, or they cannot be read
     */
    static ClassFolders in(Path root, String ending) {
        IdxFolder.requireFolder(root);
        List<Path> folders = list(root, Files::isDirectory);
        if (folders.isEmpty()) {
            throw new DataException(root + " has no folders; it needs one for each class, with its files in it");
        }
        ClassFolders all = new ClassFolders(new ArrayList<>(), new ArrayList<>());
        for (Path folder : folders) {
            List<Path> files = list(
                    folder,
                    file -> Files.isRegularFile(file)
                            && name(file)
                                    .regionMatches(
                                            true, name(file).length() - ending.length(), ending, 0, ending.length()));
            if (files.isEmpty()) {
                throw new DataException(
                        "the class folder %s has no %sfiles; name the folder whose folders are the classes"
                                .formatted(folder, ending.isEmpty() ? "" : ending + " "));
            }
            all.files.addAll(files);
            files.forEach(file -> all.classes.add(name(folder)));
        }
        return all;
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    private static List<Path> list(Path folder, Predicate<Path> wanted) {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.filter(path -> !name(path).startsWith("."))
                    .filter(wanted)
                    .sorted(Comparator.comparing(ClassFolders::name))
                    .toList();
        } catch (IOException e) {
            throw new DataException("cannot read %s: %s".formatted(folder, Reason.of(e)), e);
        }
    }
}
