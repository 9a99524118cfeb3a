package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineCodeTest {
    private static final byte[] PTX = Modules.ptx("fill");

    @TempDir
    private Path folder;

    @Test
    void isMadeOnceAndThenReadFromTheFolder() throws IOException {
        byte[] made = new MachineCode(folder.resolve("kernels")).of(PTX, 75);
        assertThat(made).startsWith(0x7f, 'E', 'L', 'F');
        List<Path> files = files(folder.resolve("kernels"));
        assertThat(files).singleElement().asString().endsWith("-sm_75.cubin");
        assertThat(files.get(0)).hasBinaryContent(made);
        Files.write(files.get(0), new byte[] {1, 2, 3});
        assertThat(new MachineCode(folder.resolve("kernels")).of(PTX, 75)).containsExactly(1, 2, 3);
    }

    @Test
    void eachArchitectureAndEachTextHasItsOwn() throws IOException {
        MachineCode code = new MachineCode(folder);
        code.of(PTX, 75);
        code.of(PTX, 90);
        code.of(Modules.ptx("add"), 75);
        assertThat(files(folder)).hasSize(3);
    }

    @Test
    void whereNothingCanBeKeptItIsMadeEachTime() throws IOException {
        Path file = Files.writeString(folder.resolve("no folder"), "");
        assertThat(new MachineCode(file).of(PTX, 75)).startsWith(0x7f, 'E', 'L', 'F');
    }

    @Test
    void nothingIsKeptOfWhatTheAssemblerRefuses() throws IOException {
        assertThatThrownBy(() -> new MachineCode(folder).of(PTX, 100)).isInstanceOf(DeviceException.class);
        assertThat(files(folder)).isEmpty();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
