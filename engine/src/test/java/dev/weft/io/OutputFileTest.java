package dev.weft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
    @TempDir
    Path folder;

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void aFileIsWrittenWithItsFolderAndReplaced() throws IOException {
        Path file = folder.resolve("a/b/file");
        OutputFile.write(file, new byte[] {1, 2});
        OutputFile.write(file, new byte[] {3});
        assertThat(file).hasBinaryContent(new byte[] {3});
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    /** A reader finds the values of one writer alone, while two write. */
    @Test
    void writersOfOnePathNeverMixTheirBytes() throws Exception {
        Path file = folder.resolve("file");
        CountDownLatch together = new CountDownLatch(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<Future<?>> writers = new ArrayList<>();
        for (byte value = 1; value <= 2; value++) {
            byte[] content = new byte[300_000];
            Arrays.fill(content, value);
            writers.add(threads.submit(() -> {
                together.countDown();
                together.await();
                for (int i = 0; i < 40; i++) {
                    OutputFile.write(file, content);
                }
                return null;
            }));
        }
        threads.shutdown();
        while (!writers.stream().allMatch(Future::isDone)) {
            if (Files.exists(file)) {
                byte[] read = Files.readAllBytes(file);
                assertThat(read).hasSize(300_000).containsOnly(read[0]);
            }
        }
        for (Future<?> writer : writers) {
            writer.get();
        }
        assertThat(files()).containsExactly(file);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aLinkUnderTheTemporaryNameOfOldIsNotFollowed() throws IOException {
        Path target = Files.writeString(folder.resolve("precious"), "precious");
        Files.createSymbolicLink(folder.resolve("file.part"), target);
        OutputFile.write(folder.resolve("file"), new byte[] {1});
        assertThat(target).hasContent("precious");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void throughALinkItsTargetIsWritten() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        Path target = Files.writeString(other.resolve("target"), "old");
        Path second = Files.createSymbolicLink(other.resolve("second"), Path.of("target"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("other/second"));
        OutputFile.write(link, new byte[] {'n'});
        assertThat(target).hasContent("n");
        assertThat(link).isSymbolicLink();
        assertThat(second).isSymbolicLink();

        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("other/new"));
        OutputFile.write(dangling, new byte[] {'n'});
        assertThat(other.resolve("new")).hasContent("n");

        Path circle = Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
        assertThatThrownBy(() -> OutputFile.write(circle, new byte[0]))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("symbolic links lead in a circle");
    }

    @Test
    void anInterruptDisturbsNothingAndIsKept() throws IOException {
        Path file = folder.resolve("file");
        Thread.currentThread().interrupt();
        OutputFile.check(file);
        OutputFile.write(file, new byte[100_000]);
        byte[] read = InputFile.read(file);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(read).hasSize(100_000);

        OutputFile.write(file, out -> {
            out.write(new byte[100_000]);
            Thread.currentThread().interrupt();
            out.write(new byte[100_000]);
        });
        assertThat(Thread.interrupted()).isTrue();
        assertThat(file).hasSize(200_000);
    }

    @Test
    void whatFailsLeavesTheOldFileAndNoOtherOne() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "old");
        assertThatThrownBy(() -> OutputFile.write(file, out -> {
                    out.write(new byte[100_000]);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(DataException.class)
                .hasMessage("cannot write " + file
                        + ": the disk is full; free some space, or name a place on another disk");
        assertThatThrownBy(() -> OutputFile.write(file, OutputFileTest::outOfMemory))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(files()).containsExactly(file);
        assertThat(file).hasContent("old");
    }

    private static void outOfMemory(OutputStream out) {
        throw new OutOfMemoryError();
    }

    @Test
    void leftOversOfEndedProcessesAreRemoved() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
                .redirectErrorStream(true)
                .start();
        process.getInputStream().readAllBytes();
        process.waitFor();
        long running = ProcessHandle.current().pid();
        FileTime old = FileTime.fromMillis(System.currentTimeMillis() - 120_000);
        Path leftOver = Files.createFile(folder.resolve(".weft-" + process.pid() + "-x.part"));
        Path fresh = Files.createFile(folder.resolve(".weft-" + process.pid() + "-y.part"));
        Path used = Files.createFile(folder.resolve(".weft-" + running + "-x.part"));
        Path other = Files.createFile(folder.resolve("model.part"));
        for (Path file : List.of(leftOver, used, other)) {
            Files.setLastModifiedTime(file, old);
        }
        OutputFile.write(folder.resolve("file"), new byte[0]);
        assertThat(files()).doesNotContain(leftOver).contains(fresh, used, other);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void theFileHasTheUsualPermissions() throws IOException {
        Path usual = Files.createFile(folder.resolve("usual"));
        Path file = folder.resolve("file");
        OutputFile.write(file, new byte[0]);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo(PosixFilePermissions.toString(Files.getPosixFilePermissions(usual)));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void whatIsNoFileIsRefused() throws Exception {
        assertThatThrownBy(() -> OutputFile.check(folder))
                .isInstanceOf(DataException.class)
                .hasMessage("cannot write " + folder + ": it is a folder");
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> OutputFile.write(pipe, new byte[0])).hasMessageContaining("a pipe or a device");
        assertThatThrownBy(() -> InputFile.open(pipe))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("a pipe or a device; copy what it gives into a file");
        assertThatThrownBy(() -> InputFile.read(Path.of("/dev/zero"))).hasMessageContaining("a pipe or a device");
        assertThatThrownBy(() -> InputFile.read(folder)).hasMessage("cannot read " + folder + ": it is a folder");
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> OutputFile.check(file.resolve("below/it")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("is not a folder");
    }
}
