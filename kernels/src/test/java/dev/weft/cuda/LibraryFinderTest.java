package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryFinderTest {
    @TempDir
    private Path root;

    private final Map<String, String> environment = new HashMap<>();
    private String explicit = "";
    private List<String> linkerCache = List.of();

    @BeforeEach
    void emptyMachine() {
        environment.put("HOME", root.resolve("home").toString());
        environment.put("XDG_CACHE_HOME", root.resolve("home/.cache").toString());
    }

    private Path put(String file) {
        Path path = root.resolve(file);
        try {
            Files.createDirectories(path.getParent());
            return Files.writeString(path, "");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private LibraryFinder finder() {
        return LibraryFinder.of(environment, explicit, root, linkerCache);
    }

    /** From the last place to the first: each new file is found before all those that were there already. */
    @Test
    void placesAreTriedInOrder() {
        assertThat(finder().find(Library.CUDNN).usable()).isFalse();
        assertFinds(put("home/.cache/weft/cuda/libcudnn.so.9"));
        assertFinds(put("usr/lib/python3.9/dist-packages/nvidia/cudnn/lib/libcudnn.so.9"));
        environment.put("VIRTUAL_ENV", root.resolve("venv").toString());
        assertFinds(put("venv/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9"));
        assertFinds(put("usr/local/cuda-12.2/lib64/libcudnn.so.9"));
        assertFinds(put("usr/local/cuda-12.6/lib64/libcudnn.so.9"));
        Path system = put("usr/lib/x86_64-linux-gnu/libcudnn.so.9");
        linkerCache =
                List.of("\tlibcudnn.so.9 (libc6,x86-64) => " + system, "\tlibc.so.6 (libc6,x86-64) => /lib/libc.so.6");
        assertFinds(system);
        environment.put("LD_LIBRARY_PATH", root.resolve("nowhere") + ":" + root.resolve("ld"));
        assertFinds(put("ld/libcudnn.so.9"));
        environment.put("CUDA_HOME", root.resolve("toolkit-home").toString());
        assertFinds(put("toolkit-home/targets/x86_64-linux/lib/libcudnn.so.9"));
        environment.put("CUDA_PATH", root.resolve("toolkit").toString());
        assertFinds(put("toolkit/lib64/libcudnn.so.9"));
        environment.put(LibraryFinder.VARIABLE, root.resolve("variable").toString());
        assertFinds(put("variable/libcudnn.so.9"));
        explicit = root.resolve("property").toString();
        assertFinds(put("property/libcudnn.so.9"));
    }

    @Test
    void aRelativeCacheFolderIsIgnored() {
        assertThat(LibraryFinder.cache(Map.of("XDG_CACHE_HOME", "relative")))
                .isEqualTo(LibraryFinder.cache(Map.of()))
                .isAbsolute();
    }

    private void assertFinds(Path file) {
        assertThat(finder().find(Library.CUDNN).file()).isEqualTo(file);
    }

    @Test
    void partsAreLoadedBeforeTheLibrary() {
        put("cuda/libcublasLt.so.12");
        put("cuda/libcublas.so.12");
        for (String part : List.of("adv", "ops", "graph", "cnn")) {
            put("cuda/libcudnn_" + part + ".so.9");
        }
        put("cuda/libcudnn.so.9");
        explicit = root.resolve("cuda").toString();
        assertThat(LibraryFinder.loadingOrder(finder().find(Library.CUBLAS)))
                .extracting(file -> file.getFileName().toString())
                .containsExactly("libcublasLt.so.12", "libcublas.so.12");
        assertThat(LibraryFinder.loadingOrder(finder().find(Library.CUDNN)))
                .extracting(file -> file.getFileName().toString())
                .containsExactly(
                        "libcudnn_graph.so.9",
                        "libcudnn_ops.so.9",
                        "libcudnn_cnn.so.9",
                        "libcudnn_adv.so.9",
                        "libcudnn.so.9");
    }

    @Test
    void whereOnlyTheNextVersionIsThereTheMessageSaysSo() {
        Path other = put("usr/local/cuda-12.9/lib64/libcublas.so.13");
        LibraryFinder.Found found = finder().find(Library.CUBLAS);
        assertThat(found.usable()).isFalse();
        assertThat(found.missing()).isEqualTo("only %s was found, and JCuda needs libcublas.so.12".formatted(other));
        assertThatThrownBy(() -> Libraries.load(Library.CUBLAS, finder()))
                .isInstanceOf(DeviceException.class)
                .hasMessageStartingWith("cuBLAS cannot be used: only " + other)
                .hasMessageContaining("searched: /usr/local/cuda-12*")
                .hasMessageContaining("; install CUDA 12's, or run: weft cuda fetch");
    }

    @Test
    void aTruncatedLibraryIsNamed() throws IOException {
        Path truncated = put("bad/libcublas.so.12");
        Files.write(truncated, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        explicit = root.resolve("bad").toString();
        assertThatThrownBy(() -> Libraries.load(Library.CUBLAS, finder()))
                .isInstanceOf(DeviceException.class)
                .hasMessageStartingWith(
                        "cuBLAS cannot be used: " + truncated + " is truncated: it ends after 7 bytes; ")
                .hasMessageContaining("install it anew");
    }
}
