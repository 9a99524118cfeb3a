package dev.weft.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the rule of {@link Fuzz} is kept: each reader here breaks a part of it at the first or second file. */
class FuzzTest {
    private static final byte[] SEED = {1, 2, 3, 4};

    @TempDir
    private Path folder;

    private int reads;

    /** Well at the seed, and after that as {@code broken} does. */
    private void run(Fuzz.Reader broken) throws Exception {
        Fuzz.run(
                "broken",
                folder,
                file -> {
                    if (reads++ > 0) {
                        broken.read(file);
                    }
                },
                SEED);
    }

    @Test
    void anExceptionOfAnotherKindIsNamedAndItsFileKept() {
        IllegalStateException thrown = new IllegalStateException("by mistake");
        assertThatThrownBy(() -> run(file -> {
                    throw thrown;
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("it is no WeftException: java.lang.IllegalStateException: by mistake")
                .hasCause(thrown)
                .satisfies(e -> {
                    Path kept = Path.of(e.getMessage().split(",", 2)[0]);
                    assertThat(kept).isRegularFile();
                    Files.delete(kept);
                });
    }

    @Test
    void anErrorIsNamedToo() {
        assertThatThrownBy(() -> run(file -> {
                    throw new StackOverflowError("too deep");
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("java.lang.StackOverflowError: too deep");
    }

    @Test
    void aMessageThatSaysNothingIsNoAnswer() {
        assertThatThrownBy(() -> run(file -> {
                    throw new DataException("cannot read it: null");
                }))
                .hasMessageContaining("the message says nothing: cannot read it: null");
    }

    @Test
    void memoryFarBeyondTheFileIsNoAnswer() {
        assertThatThrownBy(() -> run(file -> new byte[80 << 20].clone()[0]++)).hasMessageContaining("it allocated ");
    }

    @Test
    void aReaderThatRefusesNothingIsFound() {
        assertThatThrownBy(() -> run(file -> {})).hasMessageContaining("broken: of ");
    }
}
