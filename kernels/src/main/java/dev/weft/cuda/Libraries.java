package dev.weft.cuda;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads cuBLAS and cuDNN, once in a process, and keeps their handles for a backend. Nothing of them is loaded before a
 * candidate needs it: training with kernels of our own takes the driver alone.
 */
final class Libraries {
    private static final Logger LOG = LoggerFactory.getLogger(Libraries.class);
    private static final String REPAIR =
            "install it anew, run weft cuda fetch, or name another folder with " + LibraryFinder.VARIABLE;
    private static final Map<Library, LibraryFinder.Found> LOADED = new EnumMap<>(Library.class);

    private final Device device;
    private final boolean tf32;
    private CuBlas cublas;
    private CuDnn cudnn;

    /**
     * None is opened yet.
     *
     * @param tf32 whether factors may be rounded to TF32
     */
    Libraries(Device device, boolean tf32) {
        this.device = device;
        this.tf32 = tf32;
    }

    /**
     * Finds and loads a library where that has not happened yet.
     *
     * @throws LibraryLoadException if it is missing or cannot be loaded
     */
    static LibraryFinder.Found load(Library library) {
        return load(library, LibraryFinder.ofMachine());
    }

    /** Loads a library from where a finder finds it. */
    static synchronized LibraryFinder.Found load(Library library, LibraryFinder finder) {
        LibraryFinder.Found known = LOADED.get(library);
        if (known != null) {
            return known;
        }
        LibraryFinder.Found found = finder.find(library);
        if (!found.usable()) {
            throw new LibraryLoadException(
                    library,
                    "%s (searched: %s)".formatted(found.missing(), finder.searched()),
                    "install CUDA 12's, or run: weft cuda fetch",
                    null);
        }
        if (library == Library.CUDNN) {
            // parts of cuDNN ask for cuBLAS
            Optional.of(finder.find(Library.CUBLAS))
                    .filter(LibraryFinder.Found::usable)
                    .ifPresent(Libraries::loadFiles);
        }
        loadFiles(found);
        loadJCuda(library);
        LOADED.put(library, found);
        LOG.info("{} from {} ({})", library.title(), found.file(), found.place());
        return found;
    }

    /** The dynamic linker takes a library that is loaded for any that asks for its name. */
    private static void loadFiles(LibraryFinder.Found found) {
        for (Path file : LibraryFinder.loadingOrder(found)) {
            try {
                ElfFile.requireWhole(file);
                System.load(file.toAbsolutePath().toString());
            } catch (IOException | UnsatisfiedLinkError e) {
                boolean needsAnother = e.getMessage().contains("cannot open shared object file");
                throw new LibraryLoadException(
                        found.library(),
                        e.getMessage(),
                        needsAnother ? "install the other library that is named there" : REPAIR,
                        e);
            }
        }
    }

    private static void loadJCuda(Library library) {
        try {
            JCudaNatives.load(library);
        } catch (UnsatisfiedLinkError e) {
            throw new LibraryLoadException(library, "JCuda's part for it: " + firstLines(e), REPAIR, e);
        }
    }

    /** JCuda's messages hold whole stack traces. */
    static String firstLines(UnsatisfiedLinkError e) {
        return e.getMessage()
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("at ") && !line.startsWith("---"))
                .limit(3)
                .reduce((a, b) -> a + " " + b)
                .orElse("");
    }

    /** Opens what a candidate of this library needs. */
    void open(Library library) {
        switch (library) {
            case CUBLAS -> cublas();
            case CUDNN -> cudnn();
        }
    }

    synchronized CuBlas cublas() {
        if (cublas == null) {
            load(Library.CUBLAS);
            cublas = new CuBlas(device, tf32);
        }
        return cublas;
    }

    synchronized CuDnn cudnn() {
        if (cudnn == null) {
            load(Library.CUDNN);
            cudnn = new CuDnn(device, tf32);
        }
        return cudnn;
    }

    /** The versions of what is open: {@code ", cuBLAS 12.6.4"}. */
    synchronized String description() {
        return (cublas == null ? "" : ", cuBLAS " + cublas.version())
                + (cudnn == null ? "" : ", cuDNN " + cudnn.version());
    }
}
