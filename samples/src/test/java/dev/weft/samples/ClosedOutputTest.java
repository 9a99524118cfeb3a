package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.IdxFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The reader of the standard output leaves, or the disk below it is full. */
@EnabledOnOs(OS.LINUX)
class ClosedOutputTest {
    /** The exit code is the command's, not that of head. */
    private static final String HEAD = "\"$@\" | head -n 1; exit ${PIPESTATUS[0]}";

    @TempDir
    Path folder;

    private Path run;

    @BeforeEach
    void writeImages() throws Exception {
        IdxFiles.writeMnist(folder.resolve("data"), 300);
        run = folder.resolve("run");
    }

    private WeftProcess train() throws Exception {
        String data = folder.resolve("data").toString();
        return new WeftProcess(
                List.of(),
                "train",
                "mlp",
                "--dataset",
                "idx",
                "--data",
                data,
                "--backend",
                "cpu",
                "--epochs",
                "3",
                "--lr",
                "0.01",
                "--out",
                run.toString());
    }

    @Test
    void aTrainingWhoseReaderLeavesGoesOnAndSaysSo() throws Exception {
        WeftProcess training = train().inShell(HEAD);

        assertThat(training.run()).as(training.err()).isZero();
        assertThat(training.out().lines()).singleElement().asString().startsWith("mlp, ");
        assertThat(training.err())
                .containsOnlyOnce("weft: the standard output is closed or full; the training goes on\n");
        assertThat(run.resolve("index.html")).exists();
        assertThat(Files.readString(run.resolve("history.json"))).contains("\"epoch\" : 3");
    }

    @Test
    void aPredictionWhoseReaderLeavesEndsQuietly() throws Exception {
        assertThat(train().run()).isZero();
        String images = folder.resolve("data/t10k-images-idx3-ubyte").toString();
        String[] arguments = new String[2003];
        java.util.Arrays.fill(arguments, images);
        arguments[0] = "predict";
        arguments[1] = "--model";
        arguments[2] = run.resolve("model.safetensors").toString();
        WeftProcess prediction = new WeftProcess(List.of(), arguments).inShell(HEAD);

        assertThat(prediction.run()).as(prediction.err()).isZero();
        assertThat(prediction.out().lines()).singleElement().asString().startsWith(images + "[0]: ");
        assertThat(prediction.err()).doesNotContain("weft:", "Exception");
    }

    @Test
    void aFullDiskIsAFailure() throws Exception {
        WeftProcess summary = new WeftProcess(List.of(), "summary", "lenet5").inShell("\"$@\" > /dev/full");

        assertThat(summary.run()).isEqualTo(1);
        assertThat(summary.err()).endsWith("weft: cannot write to the standard output: No space left on device\n");
    }
}
