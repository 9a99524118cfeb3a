package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.backend.Finding;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiagnosisTest {
    @TempDir
    private Path folder;

    private String os = "Linux";
    private String architecture = "amd64";
    private String glibc = "glibc 2.36";
    private Path natives;
    private String libraries = "";
    private Optional<String> unusable = Optional.empty();

    private List<Finding> findings() {
        return new Diagnosis(
                        os,
                        architecture,
                        glibc,
                        natives == null ? folder.resolve("jcuda") : natives,
                        LibraryFinder.of(Map.of("XDG_CACHE_HOME", folder.toString()), libraries, folder, List.of()),
                        () -> unusable,
                        () -> "some GPU")
                .findings();
    }

    private Finding failed(String what) {
        List<Finding> failed = findings().stream()
                .filter(finding -> finding.required() && !finding.ok())
                .toList();
        assertThat(failed).extracting(Finding::what).containsExactly(what);
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
        assertThat(failed("platform").fix()).isEqualTo("use Linux on x86-64; elsewhere Weft trains on the CPU");
        assertThat(findings()).as("what builds on it is not looked at").hasSize(1);
        os = "Linux";
        architecture = "aarch64";
        assertThat(failed("platform").detail()).isEqualTo("Linux on aarch64");
    }

    @Test
    void anotherOrAnOldCLibrary() {
        glibc = "";
        assertThat(failed("glibc").detail()).contains("not the GNU one");
        assertThat(failed("glibc").fix()).contains("Alpine");
        glibc = "glibc 2.12";
        assertThat(failed("glibc").detail()).contains("JCuda needs 2.17");
        assertThat(failed("glibc").fix()).isEqualTo("use a newer distribution");
    }

    @Test
    void aFolderThatCannotBeWritten() throws IOException {
        natives = Files.writeString(folder.resolve("file"), "no folder");
        Finding finding = failed("JCuda natives");
        assertThat(finding.detail()).startsWith("cannot be unpacked into " + natives + ": ");
        assertThat(finding.fix()).contains("XDG_CACHE_HOME");
    }

    @Test
    void aFolderThatLibrariesCannotBeLoadedFrom() throws IOException {
        Optional<Path> mounted = writableAndNoexec();
        assumeTrue(mounted.isPresent(), "SKIPPED: no file system here can be written and is mounted noexec");
        natives = Files.createTempDirectory(mounted.get(), "weft");
        Finding finding = failed("JCuda natives");
        assertThat(finding.detail()).isEqualTo("cannot be loaded from " + natives + ": it is mounted noexec");
        assertThat(finding.fix()).contains("XDG_CACHE_HOME");
    }

    private static Optional<Path> writableAndNoexec() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .map(line -> line.split(" "))
                .filter(mount ->
                        mount[2].equals("tmpfs") && List.of(mount[3].split(",")).contains("noexec"))
                .map(mount -> Path.of(mount[1]))
                .filter(Files::isWritable)
                .findFirst();
    }

    @Test
    void noDriver() {
        unusable = Optional.of("there is no CUDA driver (libcuda.so.1)");
        assertThat(failed("driver and device").detail()).isEqualTo("there is no CUDA driver (libcuda.so.1)");
        assertThat(failed("driver and device").fix()).startsWith("nvidia-smi must show the device");
        assertThat(findings())
                .as("the libraries are looked at")
                .extracting(Finding::what)
                .contains("cuBLAS", "cuDNN");
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
        assertThat(missing(Library.CUBLAS).detail()).startsWith("libcublas.so.12 was not found (searched: ");
        assertThat(missing(Library.CUDNN).fix()).startsWith("install CUDA 12's, or run: weft cuda fetch; ");
    }

    @Test
    void aLibraryOfTheNextVersionAlone() throws IOException {
        Path next = Files.writeString(folder.resolve("libcublas.so.13"), "");
        libraries = folder.toString();
        assertThat(missing(Library.CUBLAS).detail())
                .startsWith("only %s was found, and JCuda needs libcublas.so.12".formatted(next));
        assertThat(missing(Library.CUBLAS).fix()).startsWith("install CUDA 12's, or run: weft cuda fetch; ");
    }

    /** Cut inside its segments: the dynamic linker would map it, and the process die when it reads what is missing. */
    @Test
    void aLibraryThatIsTruncated() throws IOException {
        Path truncated = aLibraryOfJCuda("JCudnn", "libcudnn.so.9");
        try (FileChannel channel = FileChannel.open(truncated, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
        assertThat(missing(Library.CUDNN).detail())
                .isEqualTo("%s is truncated: it ends after %,d bytes".formatted(truncated, Files.size(truncated)));
        assertThat(missing(Library.CUDNN).fix()).startsWith("install it anew, run weft cuda fetch, or ");
    }

    @Test
    void aLibraryThatIsNone() throws IOException {
        Path text = Files.writeString(folder.resolve("libcudnn.so.9"), "text, ".repeat(100));
        libraries = folder.toString();
        assertThat(missing(Library.CUDNN).detail()).isEqualTo(text + " is no shared library");
    }

    /** This one needs NVRTC. */
    @Test
    void aLibraryThatNeedsAnotherThatIsMissing() throws IOException {
        aLibraryOfJCuda("JNvrtc", "libcublas.so.12");
        assertThat(missing(Library.CUBLAS).detail()).contains("libnvrtc.so.12: cannot open shared object file");
        assertThat(missing(Library.CUBLAS).fix()).startsWith("install the other library that is named there; ");
    }

    private Path aLibraryOfJCuda(String name, String as) throws IOException {
        libraries = folder.toString();
        Path file = folder.resolve(as);
        try (InputStream in = getClass().getResourceAsStream("/lib/lib%s-12.6.0-linux-x86_64.so".formatted(name))) {
            Files.copy(in, file);
        }
        return file;
    }
}
