package dev.weft.cuda;

import dev.weft.DataException;
import dev.weft.DeviceException;
import dev.weft.data.DataFetcher;
import dev.weft.data.DataFile;
import dev.weft.io.OutputFile;
import dev.weft.io.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcudnn.JCudnn;
import jcuda.nvptxcompiler.JNvPTXCompiler;

/**
 * Loads JCuda's native libraries. JCuda unpacks them under fixed names into {@code java.io.tmpdir}, and loads what is there
 * already: where others write too that may be anything, or a file that is cut off. So each is put into a folder before that
 * belongs to this user alone, named by the digest of its content, and JCuda is shown that folder.
 */
final class JCudaNatives {
    private static final String TEMPORARY = "java.io.tmpdir";
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");
    private static final int DIGEST_DIGITS = 16;
    private static final Set<String> LOADED = new HashSet<>();

    private JCudaNatives() {}

    /** In Weft's cache. */
    static Path folder() {
        return DataFetcher.defaultCache().resolve("jcuda");
    }

    /** Of the driver API. */
    static void loadDriver() {
        load("JCudaDriver", () -> JCudaDriver.setExceptionsEnabled(false));
    }

    /** Of the PTX assembler. */
    static void loadAssembler() {
        load("JNvPTXCompiler", () -> JNvPTXCompiler.setExceptionsEnabled(false));
    }

    /** JCuda's part for a library that is loaded already. */
    static void load(Library library) {
        switch (library) {
            case CUBLAS -> load("JCublas2", JCublas2::initialize);
            case CUDNN -> load("JCudnn", JCudnn::initialize);
        }
    }

    /**
     * @param initialize makes JCuda load it
     * @throws DeviceException if it cannot be unpacked
     * @throws UnsatisfiedLinkError if it cannot be loaded
     */
    private static synchronized void load(String name, Runnable initialize) {
        if (LOADED.contains(name)) {
            return;
        }
        Path file = unpack(name, folder());
        String temporary = System.getProperty(TEMPORARY);
        System.setProperty(TEMPORARY, file.getParent().toString());
        try {
            initialize.run();
        } finally {
            System.setProperty(TEMPORARY, temporary);
        }
        LOADED.add(name);
    }

    /**
     * Puts a library into a folder of its own below {@code folder}, unless it is there as it should be.
     *
     * @return the file, under the name that JCuda looks for
     */
    static Path unpack(String name, Path folder) {
        String fileName =
                LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(name + "-" + JCudaVersion.get()));
        try (InputStream in = JCudaDriver.class.getResourceAsStream("/lib/" + fileName)) {
            if (in == null) {
                throw new DeviceException("there is no %s on the class path; add jcuda-natives".formatted(fileName));
            }
            byte[] content = in.readAllBytes();
            makePrivate(folder);
            Path own = folder.resolve(DataFile.sha256(content).substring(0, DIGEST_DIGITS));
            makePrivate(own);
            Path file = own.resolve(fileName);
            boolean whole = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Arrays.equals(Files.readAllBytes(file), content);
            if (!whole) {
                OutputFile.write(file, content);
            }
            return file;
        } catch (IOException | DataException e) {
            Throwable cause = e instanceof DataException ? e.getCause() : e;
            throw new DeviceException(
                    "JCuda's native library cannot be unpacked into %s: %s. Name another cache folder with XDG_CACHE_HOME"
                            .formatted(folder, Reason.of(cause)),
                    e);
        }
    }

    /** Makes a folder that nobody else can write to. */
    static void makePrivate(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(folder.getParent());
            try {
                Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
            } catch (FileAlreadyExistsException e) {
                if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
                // another process was faster
            }
        }
        Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (!Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(user)) {
            throw new IOException("the folder belongs to another user");
        }
        if (!Files.getPosixFilePermissions(folder).equals(PRIVATE)) {
            Files.setPosixFilePermissions(folder, PRIVATE);
        }
    }
}
