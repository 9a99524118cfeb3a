package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiagnosisTest {
    @TempDir
    private Path folder;

    private String os = "Linux";
    private String glibc = "glibc 2.36";
    private Path temporary;
    private String libraries = "";
    private Optional<String> unusable = Optional.empty();

    private List<Finding> findings() {
        return new Diagnosis(
                        os,
                        "amd64",
                        glibc,
                        temporary == null ? folder : temporary,
                        LibraryFinder.of(Map.of("XDG_CACHE_HOME", folder.toString()), libraries, folder, List.of()),
                        () -> unusable,
                        () -> "some GPU")
                .findings();
    }

    private Finding failed(String what) {
        List<Finding> failed =
                findings().stream().filter(finding -> !finding.ok()).toList();
        assertThat(failed).hasSize(1).first().satisfies(finding -> {
            assertThat(finding.what()).isEqualTo(what);
            assertThat(finding.required()).isTrue();
            assertThat(finding.fix()).isNotBlank();
        });
        return failed.get(0);
    }

    @Test
    void allThatIsRequiredIsThere() {
        assertThat(findings()).filteredOn(Finding::required).allMatch(Finding::ok);
        assertThat(findings()).extracting(Finding::detail).contains("some GPU");
    }

    @Test
    void anotherPlatform() {
        os = "Mac OS X";
        assertThat(failed("platform").detail()).isEqualTo("Mac OS X on amd64");
        assertThat(findings()).as("what builds on it is not looked at").hasSize(1);
    }

    @Test
    void anotherOrAnOldCLibrary() {
        glibc = "";
        assertThat(failed("glibc").fix()).contains("Alpine");
        glibc = "glibc 2.12";
        assertThat(failed("glibc").detail()).contains("JCuda needs 2.17");
    }

    @Test
    void aTemporaryFolderThatCannotBeWritten() throws IOException {
        temporary = Files.writeString(folder.resolve("file"), "no folder");
        Finding finding = failed("JCuda natives");
        assertThat(finding.detail()).contains(temporary.toString());
        assertThat(finding.fix()).contains("-Djava.io.tmpdir=");
    }

    @Test
    void noDriver() {
        unusable = Optional.of("there is no CUDA driver (libcuda.so.1)");
        assertThat(failed("driver and device").detail()).contains("libcuda.so.1");
    }

    private Finding missing(Library library) {
        Finding missing = findings().stream()
                .filter(finding -> finding.what().equals(library.title()))
                .findFirst()
                .orElseThrow();
        assertThat(missing.ok()).isFalse();
        assertThat(missing.required()).as("training goes on without it").isFalse();
        assertThat(missing.fix()).contains("Weft's own kernels");
        return missing;
    }

    @Test
    void aLibraryThatIsMissing() {
        assertThat(missing(Library.CUBLAS).detail()).isEqualTo("libcublas.so.12 was not found");
        assertThat(missing(Library.CUDNN).fix()).contains("weft cuda fetch");
    }

    @Test
    void aLibraryOfTheNextVersionAlone() throws IOException {
        Path next = Files.writeString(folder.resolve("libcublas.so.13"), "");
        libraries = folder.toString();
        assertThat(missing(Library.CUBLAS).detail())
                .isEqualTo("only %s was found, JCuda needs libcublas.so.12".formatted(next));
    }

    @Test
    void aLibraryThatIsTruncated() throws IOException {
        Path truncated = Files.write(folder.resolve("libcudnn.so.9"), new byte[] {0x7f, 'E', 'L', 'F'});
        libraries = folder.toString();
        assertThat(missing(Library.CUDNN).detail())
                .contains(truncated.toString())
                .contains("too short");
    }
}
