package dev.weft.cuda;

import dev.weft.DataException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Has the user's Maven download an artifact, so that its settings for mirrors and proxies hold, and verify its checksum. It
 * goes into a local repository of its own: the one in the user's home would keep it for ever.
 *
 * @param maven the program
 * @param artifact groupId:artifactId:version:type:classifier
 * @param file of the artifact
 * @param folder where the repository is made
 */
record MavenDownload(String maven, String artifact, LibraryFetch.Part file, Path folder) {
    private static final String PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0";

    /** Returns the artifact's file. */
    Path run(LibraryFetch.Progress progress) throws IOException, InterruptedException {
        Path repository = folder.resolve("repository");
        Path log = folder.resolve("maven.log");
        Process process = start(repository, log);
        try {
            String step = "downloading " + file.file();
            while (!process.waitFor(500, TimeUnit.MILLISECONDS)) {
                progress.bytes(step, arrived(repository), file.bytes());
            }
        } finally {
            // after an interruption: nothing may write into the folder when it is deleted
            List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                    .toList();
            all.forEach(ProcessHandle::destroy);
            all.forEach(one -> one.onExit().join());
        }
        if (process.exitValue() != 0) {
            throw new DataException("Maven could not download %s: %s. Fetch it elsewhere and name the file with --from"
                    .formatted(artifact, errors(log)));
        }
        return folderOfArtifact(repository).resolve(file.file());
    }

    private Process start(Path repository, Path log) {
        try {
            return new ProcessBuilder(
                            maven,
                            "--batch-mode",
                            "--strict-checksums",
                            "--no-transfer-progress",
                            "-Dmaven.repo.local=" + repository,
                            PLUGIN + ":get",
                            "-Dartifact=" + artifact,
                            "-Dtransitive=false")
                    // away from the settings of a project in the current folder
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new DataException(
                    "cannot run Maven: %s. Install Maven 3.8 or newer, or fetch %s elsewhere and name the file with --from"
                            .formatted(e.getMessage(), artifact),
                    e);
        }
    }

    /** Until it is complete, the file has an ending that depends on Maven's version. */
    private long arrived(Path repository) {
        File[] files = folderOfArtifact(repository).toFile().listFiles((parent, name) -> name.startsWith(file.file()));
        return files == null
                ? 0
                : Stream.of(files).mapToLong(File::length).max().orElse(0);
    }

    private Path folderOfArtifact(Path repository) {
        String[] names = artifact.split(":");
        return repository.resolve(names[0].replace('.', '/')).resolve(names[1]).resolve(names[2]);
    }

    private static String errors(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        String errors = lines.stream()
                .filter(line -> line.startsWith("[ERROR]"))
                .map(line -> line.substring("[ERROR]".length()).strip())
                .filter(line -> !line.isEmpty())
                .limit(2)
                .collect(Collectors.joining(" "));
        return errors.isEmpty() ? String.join(" ", lines) : errors;
    }
}
