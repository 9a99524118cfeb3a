package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.StoredFile.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredFileTest {
    @TempDir
    Path folder;

    @Test
    void tellsWholeFilesFromCorruptAndMissingOnes() throws IOException {
        byte[] content = IdxFiles.labels(100);
        List<DataFile> files = List.of(
                new DataFile("plain", content.length, DataFile.sha256(content)),
                new DataFile("packed", content.length, DataFile.sha256(content)),
                new DataFile("changed", content.length, DataFile.sha256(content)),
                new DataFile("cut", content.length, DataFile.sha256(content)),
                new DataFile("absent", content.length, DataFile.sha256(content)));
        Files.write(folder.resolve("plain"), content);
        byte[] packed = IdxFiles.gzip(content);
        Files.write(folder.resolve("packed.gz"), packed);
        Files.write(folder.resolve("changed"), IdxFiles.labels(101));
        Files.write(folder.resolve("cut.gz"), java.util.Arrays.copyOf(packed, 20));

        List<StoredFile> stored = StoredFile.in(folder, files);

        assertThat(stored)
                .extracting(StoredFile::state)
                .containsExactly(State.OK, State.OK, State.CORRUPT, State.CORRUPT, State.MISSING);
        assertThat(stored).extracting(StoredFile::bytes).containsExactly(108L, (long) packed.length, 109L, 20L, 0L);
        assertThat(stored.get(1).path()).isEqualTo(folder.resolve("packed.gz"));
        assertThat(stored.get(2).problem()).contains("109 bytes with SHA-256 ");
        assertThat(stored.get(3).problem()).contains("truncated or corrupt gzip data");
    }
}
