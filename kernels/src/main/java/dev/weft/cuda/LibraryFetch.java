package dev.weft.cuda;

import dev.weft.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Takes cuBLAS and cuDNN out of an archive of NVIDIA's redistributable libraries into Weft's cache, where the CUDA backend
 * looks for them at last. Only ever done when a user asks for it.
 */
public final class LibraryFetch {
    /** The artifact on Maven Central that holds them, as Maven names it. */
    public static final String ARTIFACT = "org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist";

    /** To be shown before anything is fetched. */
    public static final String LICENCE =
            "cuBLAS and cuDNN are NVIDIA's. By using them you accept the CUDA Toolkit EULA and the cuDNN software licence"
                    + " agreement, which are published at docs.nvidia.com; Weft's licence does not cover them.";

    private static final Pattern WANTED = Pattern.compile("libcublas(Lt)?\\.so\\.12|libcudnn(_\\w+)?\\.so\\.9");

    private LibraryFetch() {}

    /** A library in the archive. */
    public record Part(String entry, String file, long bytes) {}

    /** The folder in Weft's cache that they are put into. */
    public static Path cache() {
        return LibraryFinder.cache(System.getenv());
    }

    /**
     * The libraries in an archive.
     *
     * @throws DataException if it cannot be read, or lacks cuBLAS or cuDNN
     */
    public static List<Part> parts(Path archive) {
        List<Part> parts = new ArrayList<>();
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(ZipEntry.class::cast)::iterator) {
                String file = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
                if (WANTED.matcher(file).matches()) {
                    parts.add(new Part(entry.getName(), file, entry.getSize()));
                }
            }
        } catch (IOException e) {
            throw new DataException(
                    "cannot read %s: %s; it should be the file of %s".formatted(archive, e.getMessage(), ARTIFACT), e);
        }
        for (String needed : List.of("libcublasLt.so.12", Library.CUBLAS.file(), Library.CUDNN.file())) {
            if (parts.stream().noneMatch(part -> part.file.equals(needed))) {
                throw new DataException(
                        "%s holds no %s; it should be the file of %s".formatted(archive, needed, ARTIFACT));
            }
        }
        return parts;
    }

    /**
     * Extracts the libraries beside the target folder, checks them, and renames: the folder is there whole or not at all.
     * A file {@code SHA256SUMS} in it tells what was extracted.
     *
     * @param progress hears of each file before it is extracted
     * @throws DataException if the archive is damaged or the folder cannot be written
     */
    public static void extract(Path archive, Path target, Consumer<Part> progress) {
        List<Part> parts = parts(archive);
        Path temporary = null;
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            Files.createDirectories(target.toAbsolutePath().getParent());
            temporary = Files.createTempDirectory(target.toAbsolutePath().getParent(), "cuda.part-");
            List<String> sums = new ArrayList<>();
            for (Part part : parts) {
                progress.accept(part);
                sums.add(extract(zip, zip.getEntry(part.entry), temporary.resolve(part.file)) + "  " + part.file);
            }
            Files.write(temporary.resolve("SHA256SUMS"), sums, StandardCharsets.UTF_8);
            delete(target);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new DataException(
                    "cannot take the libraries out of %s into %s: %s".formatted(archive, target, e.getMessage()), e);
        } finally {
            delete(temporary);
        }
    }

    private static String extract(ZipFile zip, ZipEntry entry, Path file) throws IOException {
        MessageDigest digest = sha256();
        CRC32 crc = new CRC32();
        long bytes;
        try (InputStream in = zip.getInputStream(entry);
                OutputStream out =
                        new DigestOutputStream(new CheckedOutputStream(Files.newOutputStream(file), crc), digest)) {
            bytes = in.transferTo(out);
        }
        if (bytes != entry.getSize() || crc.getValue() != entry.getCrc()) {
            throw new IOException(entry.getName() + " is damaged: its checksum is not the one that the archive names");
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
        if (folder == null || !Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new DataException("cannot delete %s: %s".formatted(folder, e.getMessage()), e);
        }
    }
}
