package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a small archive of the form of the real one. */
class LibraryFetchTest {
    private static final List<String> LIBRARIES =
            List.of("libcublas.so.12", "libcublasLt.so.12", "libcudnn.so.9", "libcudnn_ops.so.9");

    @TempDir
    private Path folder;

    private Path archive(List<String> files) throws IOException {
        Path archive = folder.resolve("redist.jar");
        try (OutputStream out = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setMethod(ZipOutputStream.DEFLATED);
            zip.setLevel(0);
            for (String file : files) {
                zip.putNextEntry(new ZipEntry("org/bytedeco/cuda/linux-x86_64/" + file));
                zip.write(("content of " + file).getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return archive;
    }

    private Path whole() throws IOException {
        return archive(Stream.concat(LIBRARIES.stream(), Stream.of("libcufft.so.11", "libjnicudnn.so"))
                .toList());
    }

    private List<String> cached() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("cache/weft"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void theLibrariesAreExtractedAndFound() throws IOException {
        Path target = folder.resolve("cache/weft/cuda");
        Files.createDirectories(target);
        Files.writeString(target.resolve("old"), "of an earlier fetch");
        LibraryFetch.extract(whole(), target, part -> {});
        try (Stream<Path> files = Files.list(target)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(Stream.concat(LIBRARIES.stream(), Stream.of("SHA256SUMS"))
                            .toList());
        }
        assertThat(target.resolve("libcudnn.so.9")).hasContent("content of libcudnn.so.9");
        assertThat(Files.readAllLines(target.resolve("SHA256SUMS")))
                .hasSameSizeAs(LIBRARIES)
                .allMatch(line -> line.matches("[0-9a-f]{64}  lib\\S+"));
        assertThat(cached()).as("nothing temporary is left").containsExactly("cuda");
        LibraryFinder finder = LibraryFinder.of(
                java.util.Map.of("XDG_CACHE_HOME", folder.resolve("cache").toString()), "", folder, List.of());
        assertThat(finder.find(Library.CUDNN).file()).isEqualTo(target.resolve("libcudnn.so.9"));
    }

    @Test
    void anArchiveWithoutThemIsRefused() throws IOException {
        Path archive = archive(List.of("libcublas.so.12", "libcublasLt.so.12"));
        assertThatThrownBy(() -> LibraryFetch.parts(archive))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("holds no libcudnn.so.9")
                .hasMessageContaining(LibraryFetch.ARTIFACT);
        Path text = Files.writeString(folder.resolve("text.jar"), "no archive");
        assertThatThrownBy(() -> LibraryFetch.parts(text))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cannot read " + text);
    }

    @Test
    void aDamagedLibraryIsSeenAndNothingIsLeft() throws IOException {
        Path archive = whole();
        byte[] bytes = Files.readAllBytes(archive);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("content of libcudnn.so.9");
        bytes[at]++;
        Files.write(archive, bytes);
        assertThatThrownBy(() -> LibraryFetch.extract(archive, folder.resolve("cache/weft/cuda"), part -> {}))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("libcudnn.so.9 is damaged");
        assertThat(cached()).isEmpty();
    }
}
