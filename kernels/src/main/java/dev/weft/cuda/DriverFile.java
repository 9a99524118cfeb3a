package dev.weft.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The file of the CUDA driver, as the dynamic linker finds it. Without it nothing of JCuda is unpacked or loaded. */
final class DriverFile {
    private static final String NAME = "libcuda.so.1";

    private DriverFile() {}

    /**
     * Whether there is one: loaded already, in {@code LD_LIBRARY_PATH}, in the linker's cache, or in one of its own folders.
     *
     * @param libraryPath {@code LD_LIBRARY_PATH}, or null
     * @param root what is {@code /} on a real machine
     */
    static boolean isPresent(String libraryPath, Path root) {
        Stream<Path> named = libraryPath == null
                ? Stream.empty()
                : Stream.of(libraryPath.split("[:;]")).map(Path::of);
        Stream<Path> usual = Stream.of(
                        "lib64", "usr/lib64", "lib", "usr/lib", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
                .map(root::resolve);
        return mentionsDriver(root.resolve("proc/self/maps"))
                || mentionsDriver(root.resolve("etc/ld.so.cache"))
                || Stream.concat(named, usual).anyMatch(folder -> Files.exists(folder.resolve(NAME)));
    }

    private static boolean mentionsDriver(Path file) {
        try {
            // a loaded one is named by what its links lead to, such as libcuda.so.570.86
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains("libcuda.so.");
        } catch (IOException e) {
            return false;
        }
    }
}
