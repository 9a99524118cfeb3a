package dev.weft.cuda;

import dev.weft.DataException;
import dev.weft.io.Reason;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Gets cuBLAS and cuDNN into Weft's cache, where the CUDA backend looks for them at last: out of an archive of NVIDIA's
 * redistributable libraries, which Maven downloads or the user has as a file. Only ever done when a user asks for it.
 *
 * <p>All is made in a folder {@code cuda.part-PID} beside the target, which is then renamed: the target is there whole, as
 * it was before, or not at all. That folder is deleted in the end, also where the JVM is ended by a signal; what a JVM left
 * that was killed outright is deleted by the next fetch.
 */
public final class LibraryFetch {
    /** The artifact that holds them, as Maven names it. */
    public static final String ARTIFACT = "org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist";

    /** To be shown before anything is fetched. */
    public static final String LICENCE =
            "cuBLAS and cuDNN are NVIDIA's; Weft's licence does not cover them. By using them you accept the CUDA Toolkit"
                    + " EULA (https://docs.nvidia.com/cuda/eula) and the cuDNN licence agreement"
                    + " (https://docs.nvidia.com/deeplearning/cudnn/latest/reference/eula.html).";

    private static final String FOLDER_IN_ARCHIVE = "org/bytedeco/cuda/linux-x86_64/";
    private static final String WORKING = "cuda.part-";

    private final Part archive;
    private final List<Part> libraries;
    private final Path target;
    private final String maven;

    /**
     * @param manifest lines of SHA-256, bytes and name; first the archive, then its libraries
     * @param target the folder for the libraries
     * @param maven the program
     */
    LibraryFetch(List<String> manifest, Path target, String maven) {
        List<Part> parts = manifest.stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("\\s+"))
                .map(words -> new Part(words[2], Long.parseLong(words[1]), words[0]))
                .toList();
        this.archive = parts.get(0);
        this.libraries = parts.subList(1, parts.size());
        this.target = target.toAbsolutePath();
        this.maven = maven;
    }

    /** A file, as it has to be. */
    public record Part(String file, long bytes, String sha256) {}

    /** Looks on. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Some more bytes are done.
         *
         * @param step what is being done
         * @param total bytes of this step
         */
        void bytes(String step, long done, long total);
    }

    /** Into Weft's cache, by the Maven that is on the path. */
    public static LibraryFetch intoCache() {
        return new LibraryFetch(manifest(), LibraryFinder.cache(System.getenv()), "mvn");
    }

    static List<String> manifest() {
        try (InputStream in = LibraryFetch.class.getResourceAsStream("nvidia-libraries.txt");
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return lines.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file that holds the libraries. */
    public Part archive() {
        return archive;
    }

    /** What is taken out of it. */
    public List<Part> libraries() {
        return libraries;
    }

    /** The bytes of all libraries. */
    public long bytes() {
        return libraries.stream().mapToLong(Part::bytes).sum();
    }

    /** The folder that they are put into. */
    public Path target() {
        return target;
    }

    /**
     * Has Maven download the archive, takes the libraries out of it, and deletes it.
     *
     * @throws DataException if there is too little space, Maven fails, or a digest is not the one expected
     */
    public void download(Progress progress) {
        work(archive.bytes + bytes(), folder -> {
            Path file = new MavenDownload(maven, ARTIFACT, archive, folder).run(progress);
            extract(file, folder, progress);
        });
    }

    /**
     * Takes the libraries out of the archive.
     *
     * @throws DataException if it does not exist, there is too little space, or a digest is not the one expected
     */
    public void extract(Path file, Progress progress) {
        if (!Files.isRegularFile(file)) {
            throw new DataException("there is no file %s; it should be %s".formatted(file, ARTIFACT));
        }
        work(bytes(), folder -> extract(file, folder, progress));
    }

    private interface Work {
        void in(Path folder) throws IOException, InterruptedException;
    }

    private void work(long space, Work work) {
        Path cache = target.getParent();
        Path folder = cache.resolve(WORKING + ProcessHandle.current().pid());
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = interruptAtShutdown(Thread.currentThread(), ended);
        try {
            Files.createDirectories(cache);
            deleteLeftOvers(cache);
            requireSpace(cache, space);
            Files.createDirectory(folder);
            work.in(folder);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataException("interrupted; %s is as it was".formatted(target), e);
        } catch (IOException e) {
            throw new DataException("cannot put the libraries into %s: %s".formatted(target, Reason.of(e)), e);
        } finally {
            delete(folder);
            ended.countDown();
            remove(hook);
        }
    }

    /** Interrupts the work when the JVM is asked to end, and holds that end until the work has cleaned up. */
    private static Thread interruptAtShutdown(Thread worker, CountDownLatch ended) {
        Thread hook = new Thread(
                () -> {
                    worker.interrupt();
                    try {
                        ended.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "weft-fetch-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
        return hook;
    }

    private static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is ending, which is what the hook is for
        }
    }

    /** Working folders of processes that are no more. */
    private static void deleteLeftOvers(Path cache) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(cache, WORKING + "*")) {
            for (Path folder : folders) {
                long pid = Long.parseLong(folder.getFileName().toString().substring(WORKING.length()));
                boolean running = ProcessHandle.of(pid).isPresent();
                if (!running || pid == ProcessHandle.current().pid()) {
                    delete(folder);
                }
            }
        }
    }

    private static void requireSpace(Path cache, long bytes) throws IOException {
        long free = Files.getFileStore(cache).getUsableSpace();
        if (free < bytes) {
            throw new DataException(
                    ("the disk of %s has %,d bytes free, and %,d are needed; free some space, or name a cache folder on"
                                    + " another disk with XDG_CACHE_HOME")
                            .formatted(cache, free, bytes));
        }
    }

    private void extract(Path file, Path folder, Progress progress) throws IOException, InterruptedException {
        checkArchive(file, progress);
        Path extracted = Files.createDirectory(folder.resolve("libraries"));
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (Part library : libraries) {
                ZipEntry entry = zip.getEntry(FOLDER_IN_ARCHIVE + library.file);
                if (entry == null) {
                    throw new DataException("%s holds no %s".formatted(file, library.file));
                }
                Path to = extracted.resolve(library.file);
                String sha256;
                try (InputStream in = zip.getInputStream(entry);
                        OutputStream out = Files.newOutputStream(to)) {
                    sha256 = copy(in, out, "extracting " + library.file, library.bytes, progress);
                }
                if (!sha256.equals(library.sha256)) {
                    throw new DataException("%s in %s is not as expected: its SHA-256 is %s, not %s"
                            .formatted(library.file, file, sha256, library.sha256));
                }
            }
        }
        Files.write(
                extracted.resolve("SHA256SUMS"),
                libraries.stream()
                        .map(library -> library.sha256 + "  " + library.file)
                        .toList());
        if (Files.exists(target)) {
            Files.move(target, folder.resolve("replaced"), StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(extracted, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private void checkArchive(Path file, Progress progress) throws IOException, InterruptedException {
        // the size tells most wrong files at once
        long bytes = Files.size(file);
        String sha256 = "";
        if (bytes == archive.bytes) {
            try (InputStream in = Files.newInputStream(file)) {
                sha256 = copy(in, OutputStream.nullOutputStream(), "checking " + archive.file, bytes, progress);
            }
        }
        if (!sha256.equals(archive.sha256)) {
            throw new DataException("%s is not the file of %s: it has %,d bytes%s, and should have %,d with SHA-256 %s"
                    .formatted(
                            file,
                            ARTIFACT,
                            bytes,
                            sha256.isEmpty() ? "" : " with SHA-256 " + sha256,
                            archive.bytes,
                            archive.sha256));
        }
    }

    /** Returns the SHA-256 of what was copied. */
    private static String copy(InputStream in, OutputStream out, String step, long total, Progress progress)
            throws IOException, InterruptedException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 20];
        long done = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            out.write(buffer, 0, n);
            digest.update(buffer, 0, n);
            done += n;
            progress.bytes(step, done, total);
            if (Thread.interrupted()) {
                throw new InterruptedException(step);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new DataException("cannot delete %s: %s".formatted(folder, Reason.of(e)), e);
        }
    }
}
