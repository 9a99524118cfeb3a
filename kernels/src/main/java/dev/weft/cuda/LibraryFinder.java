package dev.weft.cuda;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks for NVIDIA's libraries where they usually are, in this order: folders that are named explicitly, the folder of a
 * CUDA toolkit, the dynamic linker's path, {@code /usr/local}, Python environments, Weft's own cache.
 */
final class LibraryFinder {
    /** Names the folders to look in first, separated as in {@code PATH}; or the environment variable below. */
    static final String PROPERTY = "weft.cuda.libraries";

    static final String VARIABLE = "WEFT_CUDA_LIBRARIES";

    private static final Pattern CACHED = Pattern.compile("\\s*(\\S+) \\(.*x86-64.*\\) => (\\S+)");

    private final List<Place> places;

    private LibraryFinder(List<Place> places) {
        this.places = places;
    }

    /** A kind of place with its folders, in the order in which they are tried. */
    record Place(String name, List<Path> folders) {}

    /**
     * What was found.
     *
     * @param file the library, or null
     * @param place the kind of place that it is in
     * @param others files of other versions, which are of no use
     */
    record Found(Library library, Path file, String place, List<Path> others) {
        boolean usable() {
            return file != null;
        }

        /** Why there is none. */
        String missing() {
            return others.isEmpty()
                    ? library.file() + " was not found"
                    : "only %s was found, and JCuda needs %s".formatted(others.get(0), library.file());
        }
    }

    /** The places of this machine. */
    static LibraryFinder ofMachine() {
        return of(System.getenv(), System.getProperty(PROPERTY, ""), Path.of("/"), linkerCache());
    }

    /**
     * The places of a machine.
     *
     * @param explicit folders that are named explicitly, or empty
     * @param root what is {@code /} on a real one
     * @param linkerCache what {@code ldconfig -p} prints
     */
    static LibraryFinder of(Map<String, String> environment, String explicit, Path root, List<String> linkerCache) {
        List<Place> places = new ArrayList<>();
        places.add(new Place("-D" + PROPERTY, folders(explicit)));
        places.add(new Place(VARIABLE, folders(environment.getOrDefault(VARIABLE, ""))));
        for (String variable : List.of("CUDA_PATH", "CUDA_HOME")) {
            String toolkit = environment.getOrDefault(variable, "");
            places.add(new Place(variable, toolkit.isEmpty() ? List.of() : toolkit(Path.of(toolkit))));
        }
        places.add(new Place("LD_LIBRARY_PATH", folders(environment.getOrDefault("LD_LIBRARY_PATH", ""))));
        places.add(new Place("the dynamic linker's cache", linkerFolders(linkerCache)));
        List<Path> toolkits = new ArrayList<>();
        list(root.resolve("usr/local"), "cuda-12*").forEach(toolkit -> toolkits.addAll(toolkit(toolkit)));
        places.add(new Place("/usr/local/cuda-12*", toolkits));
        places.add(new Place("a Python environment", python(environment, root)));
        places.add(new Place("Weft's cache", List.of(cache(environment))));
        return new LibraryFinder(places);
    }

    /** Where {@code weft cuda fetch} puts the libraries. */
    static Path cache(Map<String, String> environment) {
        String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
        // the XDG base directory specification: a relative path is to be ignored
        Path folder = Path.of(cache).isAbsolute() ? Path.of(cache) : Path.of(System.getProperty("user.home"), ".cache");
        return folder.resolve("weft/cuda");
    }

    private static List<Path> folders(String path) {
        return Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(Path::of)
                .toList();
    }

    private static List<Path> toolkit(Path toolkit) {
        return Stream.of("lib64", "lib", "targets/x86_64-linux/lib")
                .map(toolkit::resolve)
                .toList();
    }

    /** The folders that hold a library of any version, from lines such as {@code libcudnn.so.9 (libc6,x86-64) => /usr/lib/...}. */
    private static List<Path> linkerFolders(List<String> linkerCache) {
        List<Path> folders = new ArrayList<>();
        for (String line : linkerCache) {
            Matcher matcher = CACHED.matcher(line);
            if (matcher.matches()
                    && Stream.of(Library.values())
                            .anyMatch(library -> matcher.group(1).startsWith(library.anyVersion()))) {
                folders.add(Path.of(matcher.group(2)).toAbsolutePath().getParent());
            }
        }
        return folders.stream().distinct().toList();
    }

    /** The folders {@code nvidia/NAME/lib} of the wheels that PyTorch and others bring along. */
    private static List<Path> python(Map<String, String> environment, Path root) {
        List<Path> environments = new ArrayList<>();
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            if (!environment.getOrDefault(variable, "").isEmpty()) {
                environments.add(Path.of(environment.get(variable)));
            }
        }
        if (!environment.getOrDefault("HOME", "").isEmpty()) {
            environments.add(Path.of(environment.get("HOME"), ".local"));
        }
        environments.add(root.resolve("usr/local"));
        environments.add(root.resolve("usr"));
        List<Path> folders = new ArrayList<>();
        for (Path prefix : environments) {
            for (Path python : list(prefix.resolve("lib"), "python3*")) {
                for (String packages : List.of("site-packages", "dist-packages")) {
                    list(python.resolve(packages).resolve("nvidia"), "*")
                            .forEach(wheel -> folders.add(wheel.resolve("lib")));
                }
            }
        }
        return folders;
    }

    /** The entries of a folder, the one that sorts last first, so that newer versions win; none if there is no folder. */
    private static List<Path> list(Path folder, String pattern) {
        List<Path> entries = new ArrayList<>();
        if (Files.isDirectory(folder) && Files.isReadable(folder)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, pattern)) {
                stream.forEach(entries::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        Collections.sort(entries, Collections.reverseOrder());
        return entries;
    }

    private static List<String> linkerCache() {
        for (Path ldconfig : List.of(Path.of("/sbin/ldconfig"), Path.of("/usr/sbin/ldconfig"))) {
            if (Files.isExecutable(ldconfig)) {
                try {
                    Process process = new ProcessBuilder(ldconfig.toString(), "-p")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
                    try (Stream<String> lines = process.inputReader().lines()) {
                        return lines.toList();
                    }
                } catch (IOException e) {
                    // the other places remain
                    return List.of();
                }
            }
        }
        return List.of();
    }

    /** Looks for a library; the first place that has the version that is needed wins. */
    Found find(Library library) {
        List<Path> others = new ArrayList<>();
        for (Place place : places) {
            for (Path folder : place.folders) {
                Path file = folder.resolve(library.file());
                if (Files.isRegularFile(file)) {
                    return new Found(library, file, place.name, List.of());
                }
                others.addAll(list(folder, library.anyVersion() + "[0-9]*"));
            }
        }
        return new Found(library, null, null, others.stream().distinct().toList());
    }

    /** Where was looked, for messages. */
    String searched() {
        return places.stream()
                .filter(place -> !place.folders.isEmpty())
                .map(Place::name)
                .collect(Collectors.joining(", "));
    }

    /** All parts of a found library that lie beside it, in the order in which they have to be loaded, itself last. */
    static List<Path> loadingOrder(Found found) {
        List<Path> files = new ArrayList<>();
        for (String part : found.library.parts()) {
            Optional.of(found.file.resolveSibling(part))
                    .filter(Files::isRegularFile)
                    .ifPresent(files::add);
        }
        files.add(found.file);
        return files;
    }
}
