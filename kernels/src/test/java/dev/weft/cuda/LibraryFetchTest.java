package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With a small archive of the form of the real one, and a program in the place of Maven that copies it. */
class LibraryFetchTest {
    private static final List<String> LIBRARIES =
            List.of("libcublasLt.so.12", "libcublas.so.12", "libcudnn_ops.so.9", "libcudnn.so.9");
    private static final String FILE = "cuda-12.6-9.5-1.5.11-linux-x86_64-redist.jar";
    private static final LibraryFetch.Progress UNSEEN = (step, done, total) -> {};

    @TempDir
    private Path folder;

    private Path archive;
    private Path cache;
    private Path target;
    private List<String> manifest;

    @BeforeEach
    void smallArchive() throws Exception {
        archive = folder.resolve(FILE);
        manifest = new ArrayList<>(List.of("# a comment"));
        try (OutputStream out = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String file : List.of("libcufft.so.11", "libjnicudnn.so")) {
                add(zip, file);
            }
            for (String file : LIBRARIES) {
                manifest.add(line(file, add(zip, file)));
            }
        }
        manifest.add(1, line(FILE, Files.readAllBytes(archive)));
        cache = folder.resolve("cache/weft");
        target = Files.createDirectories(cache.resolve("cuda"));
        Files.writeString(target.resolve("old"), "of an earlier fetch");
    }

    private static byte[] add(ZipOutputStream zip, String file) throws IOException {
        byte[] content = ("content of " + file).getBytes(StandardCharsets.UTF_8);
        zip.putNextEntry(new ZipEntry("org/bytedeco/cuda/linux-x86_64/" + file));
        zip.write(content);
        zip.closeEntry();
        return content;
    }

    private static String line(String file, byte[] content) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
        return "%s  %10d  %s".formatted(HexFormat.of().formatHex(digest), content.length, file);
    }

    private LibraryFetch fetch(String maven) {
        return new LibraryFetch(manifest, target, maven);
    }

    private static List<String> list(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private void assertThatTheLibrariesAreThere() throws IOException {
        assertThat(list(target))
                .containsExactlyInAnyOrderElementsOf(Stream.concat(LIBRARIES.stream(), Stream.of("SHA256SUMS"))
                        .toList());
        assertThat(target.resolve("libcudnn.so.9")).hasContent("content of libcudnn.so.9");
        assertThat(Files.readAllLines(target.resolve("SHA256SUMS")))
                .hasSameSizeAs(LIBRARIES)
                .allMatch(line -> line.matches("[0-9a-f]{64}  lib\\S+"));
        assertThat(list(cache)).as("nothing temporary is left").containsExactly("cuda");
    }

    private void assertThatNothingHasChanged() throws IOException {
        assertThat(list(cache)).as("nothing temporary is left").containsExactly("cuda");
        assertThat(list(target)).containsExactly("old");
    }

    @Test
    void theLibrariesAreExtractedAndFound() throws IOException {
        fetch("unused").extract(archive, UNSEEN);
        assertThatTheLibrariesAreThere();
        LibraryFinder finder = LibraryFinder.of(
                Map.of("XDG_CACHE_HOME", folder.resolve("cache").toString()), "", folder, List.of());
        assertThat(finder.find(Library.CUDNN).file()).isEqualTo(target.resolve("libcudnn.so.9"));
    }

    @Test
    void theRealArchiveHoldsAllThatIsLoaded() throws IOException {
        LibraryFetch real = LibraryFetch.intoCache();
        String[] artifact = LibraryFetch.ARTIFACT.split(":");
        assertThat(real.archive().file())
                .isEqualTo("%s-%s-%s.%s".formatted(artifact[1], artifact[2], artifact[4], artifact[3]));
        assertThat(real.archive().bytes()).isGreaterThan(real.bytes());
        assertThat(real.libraries())
                .extracting(LibraryFetch.Part::file)
                .containsExactlyInAnyOrderElementsOf(Stream.of(Library.values())
                        .flatMap(library -> Stream.concat(library.parts().stream(), Stream.of(library.file())))
                        .toList());
        assertThat(LibraryFetch.manifest().stream().filter(line -> !line.startsWith("#")))
                .allMatch(line -> line.matches("[0-9a-f]{64} +[1-9][0-9]+  \\S+"));
        assertThat(Files.readString(Path.of("pom.xml")))
                .as("the profile takes the same one")
                .contains("<version>" + artifact[2] + "</version>", "<classifier>" + artifact[4] + "</classifier>");
    }

    /** {@code mvn -Pcuda-libraries} unpacks them without this class. */
    @Test
    @EnabledIfSystemProperty(named = LibraryFinder.PROPERTY, matches = ".*/target/cuda-libraries")
    void theProfileUnpacksTheSameLibraries() throws Exception {
        Path unpacked = Path.of(System.getProperty(LibraryFinder.PROPERTY));
        List<LibraryFetch.Part> expected = LibraryFetch.intoCache().libraries();
        assertThat(list(unpacked))
                .containsExactlyInAnyOrderElementsOf(
                        expected.stream().map(LibraryFetch.Part::file).toList());
        for (LibraryFetch.Part library : expected) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in =
                    new DigestInputStream(Files.newInputStream(unpacked.resolve(library.file())), digest)) {
                in.transferTo(OutputStream.nullOutputStream());
            }
            assertThat(HexFormat.of().formatHex(digest.digest()))
                    .as(library.file())
                    .isEqualTo(library.sha256());
        }
    }

    @Test
    void anotherFileIsRefused() throws IOException {
        assertThatThrownBy(() -> fetch("unused").extract(folder.resolve("none.jar"), UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("there is no file " + folder.resolve("none.jar"))
                .hasMessageContaining(LibraryFetch.ARTIFACT);
        Path text = Files.writeString(folder.resolve("text.jar"), "no archive");
        assertThatThrownBy(() -> fetch("unused").extract(text, UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(text + " is not the file of " + LibraryFetch.ARTIFACT + ": it has 10 bytes");
        byte[] bytes = Files.readAllBytes(archive);
        bytes[bytes.length / 2]++;
        Files.write(archive, bytes);
        assertThatThrownBy(() -> fetch("unused").extract(archive, UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("bytes with SHA-256 ")
                .hasMessageContaining("should have ");
        assertThatNothingHasChanged();
    }

    @Test
    void anotherLibraryIsRefused() throws Exception {
        manifest.set(5, line("libcudnn.so.9", "something else".getBytes(StandardCharsets.UTF_8)));
        assertThatThrownBy(() -> fetch("unused").extract(archive, UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("libcudnn.so.9 in " + archive + " is not as expected: its SHA-256 is ");
        manifest.set(5, line("libcudnn_gone.so.9", new byte[1]));
        assertThatThrownBy(() -> fetch("unused").extract(archive, UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessage(archive + " holds no libcudnn_gone.so.9");
        assertThatNothingHasChanged();
    }

    @Test
    void tooLittleSpaceIsSeenFirst() throws IOException {
        manifest.set(1, "0  " + (1L << 60) + "  " + FILE);
        assertThatThrownBy(() -> fetch("must not be started").download(UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("the disk of " + cache + " has ")
                .hasMessageContaining("1,152,921,504,606,8")
                .hasMessageContaining("XDG_CACHE_HOME");
        assertThatNothingHasChanged();
    }

    /** A program that puts half of the archive where Maven does, and then does what a test wants. */
    private String maven(String then) throws IOException {
        Path program = folder.resolve("mvn");
        Files.writeString(program, """
                #!/usr/bin/env bash
                for argument; do
                    [[ $argument != -Dmaven.repo.local=* ]] || repository=${argument#*=}
                    [[ $argument != -Dartifact=* ]] || artifact=${argument#*=}
                done
                [[ $artifact == org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist ]] || exit 2
                target=$repository/org/bytedeco/cuda/12.6-9.5-1.5.11/%s
                mkdir -p "$(dirname "$target")"
                head -c 100 '%s' > "$target.part"
                %s
                """.formatted(FILE, archive, then));
        assertThat(program.toFile().setExecutable(true)).isTrue();
        return program.toString();
    }

    @Test
    void mavenDownloadsIntoAFolderThatIsDeleted() throws IOException {
        List<String> seen = new ArrayList<>();
        fetch(maven("sleep 1; rm \"$target.part\"; cp '%s' \"$target\"".formatted(archive)))
                .download((step, done, total) -> seen.add(step + " " + done + " of " + total));
        assertThatTheLibrariesAreThere();
        long bytes = Files.size(archive);
        assertThat(seen)
                .contains(
                        "downloading " + FILE + " 100 of " + bytes,
                        "checking " + FILE + " " + bytes + " of " + bytes,
                        "extracting libcudnn.so.9 24 of 24");
    }

    @Test
    void whatMavenSaysIsTold() throws IOException {
        String failing = maven("echo '[INFO] Scanning'; echo '[ERROR] the host is unknown'; exit 1");
        assertThatThrownBy(() -> fetch(failing).download(UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("Maven could not download " + LibraryFetch.ARTIFACT + ": the host is unknown.")
                .hasMessageContaining("--from");
        String none = folder.resolve("no-mvn").toString();
        assertThatThrownBy(() -> fetch(none).download(UNSEEN))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("cannot run Maven: ")
                .hasMessageContaining(none)
                .hasMessageContaining("Install Maven")
                .hasMessageContaining("--from");
        assertThatNothingHasChanged();
    }

    /** Fetches, and stands still at a step until it is interrupted. */
    static final class Fetching {
        /** Arguments: manifest, target, Maven, and what the step begins with. */
        public static void main(String[] arguments) throws IOException {
            new LibraryFetch(Files.readAllLines(Path.of(arguments[0])), Path.of(arguments[1]), arguments[2])
                    .download((step, done, total) -> {
                        if (step.startsWith(arguments[3])) {
                            System.out.println("reached");
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        }
                    });
        }
    }

    private Process fetchingUntil(String step, String maven) throws IOException {
        Path lines = Files.write(folder.resolve("manifest"), manifest);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Fetching.class.getName(),
                        lines.toString(),
                        target.toString(),
                        maven,
                        step)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("reached");
        return process;
    }

    private static int exitCode(Process process) throws InterruptedException {
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("it ends").isTrue();
        return process.exitValue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"downloading", "checking", "extracting"})
    void nothingIsLeftWhenItIsEndedByASignal(String step) throws Exception {
        String slow = maven(step.equals("downloading") ? "sleep 100" : "cp '%s' \"$target\"".formatted(archive));
        Process process = fetchingUntil(step, slow);
        List<ProcessHandle> mavens = process.descendants().toList();
        assertThat(mavens).hasSize(step.equals("downloading") ? 2 : 0);
        assertThat(list(cache)).containsExactly("cuda", "cuda.part-" + process.pid());
        process.destroy();
        assertThat(exitCode(process)).as("128 and SIGTERM").isEqualTo(143);
        assertThat(mavens).noneMatch(ProcessHandle::isAlive);
        assertThatNothingHasChanged();
    }

    @Test
    void theNextFetchDeletesWhatAKilledOneLeft() throws Exception {
        Process process = fetchingUntil("extracting", maven("cp '%s' \"$target\"".formatted(archive)));
        process.destroyForcibly();
        assertThat(exitCode(process)).as("128 and SIGKILL").isEqualTo(137);
        assertThat(list(cache)).containsExactly("cuda", "cuda.part-" + process.pid());
        assertThat(list(target)).containsExactly("old");
        Path ofAnother = Files.createDirectory(cache.resolve("cuda.part-" + parentPid()));
        fetch("unused").extract(archive, UNSEEN);
        assertThat(ofAnother).as("that process still runs").exists();
        Files.delete(ofAnother);
        assertThatTheLibrariesAreThere();
    }

    private static long parentPid() {
        return ProcessHandle.current().parent().orElseThrow().pid();
    }
}
