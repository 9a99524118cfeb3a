package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.data.IdxFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends trainings in another JVM by signals. */
@DisabledOnOs(OS.WINDOWS)
class InterruptionTest {
    private static final Logger LOG = LoggerFactory.getLogger(InterruptionTest.class);

    @TempDir
    Path folder;

    private Path model;
    private Path json;

    @BeforeEach
    void writeImages() throws Exception {
        IdxFiles.writeMnist(folder.resolve("data"), 300);
        model = folder.resolve("model.safetensors");
        json = folder.resolve("run.json");
    }

    private WeftProcess train(int epochs, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "train",
                "mlp",
                "--dataset",
                "idx",
                "--data",
                folder.resolve("data").toString(),
                "--lr",
                "0.01"));
        arguments.addAll(List.of("--epochs", "" + epochs, "--threads", "1", "--schedule", "constant"));
        arguments.addAll(List.of(more));
        if (!arguments.contains("--out")) {
            arguments.addAll(List.of("--out", model.toString()));
        }
        return new WeftProcess(List.of(), arguments.toArray(String[]::new));
    }

    /** A shell starts its background jobs so, and what they start inherits it. */
    private static void skipWhereIgnored(String name, int number) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return;
        }
        long signal = 1 << (number - 1);
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("SigIgn:")
                    && (Long.parseUnsignedLong(line.substring(7).strip(), 16) & signal) != 0) {
                LOG.error("SKIPPED: SIG{} was not tried, since these tests run where it is ignored", name);
                abort("SIG" + name + " is ignored");
            }
        }
    }

    @Test
    void ctrlCLeavesTheModelOfTheLastFinishedEpoch() throws Exception {
        skipWhereIgnored("INT", 2);
        WeftProcess training = train(1_000_000, "--backend", "cpu", "--batch", "100", "--json", json.toString())
                .start();
        training.awaitOut(out -> out.contains("\n    3 "));
        training.signal("INT");

        assertThat(training.exitCode()).as(training.err()).isEqualTo(130);
        Matcher line = Pattern.compile(
                        "weft: ended in epoch (\\d+) of 1000000; test accuracy .* % after epoch (\\d+), whose model is in (\\S+)\n$")
                .matcher(training.err());
        assertThat(line.find()).as(training.err()).isTrue();
        int done = Integer.parseInt(line.group(2));
        assertThat(Integer.parseInt(line.group(1))).isEqualTo(done + 1);
        assertThat(line.group(3)).isEqualTo(model.toString());
        assertThat(training.out().strip().lines()).last().asString().startsWith("%5d ".formatted(done));
        assertThat(Files.readString(json)).contains("\"epoch\" : " + done).doesNotContain("\"epoch\" : " + (done + 1));

        byte[] saved = Files.readAllBytes(model);
        WeftProcess whole = train(done, "--backend", "cpu", "--batch", "100");
        assertThat(whole.run()).as(whole.err()).isZero();
        assertThat(Files.readAllBytes(model))
                .as("the same bits as a training that ended there")
                .isEqualTo(saved);
    }

    @ParameterizedTest
    @CsvSource({"INT, 2", "TERM, 15", "HUP, 1"})
    void picturesPageAndHistoryAreNotLost(String name, int number) throws Exception {
        skipWhereIgnored(name, number);
        Path run = folder.resolve("run");
        WeftProcess training = train(1_000_000, "--backend", "cpu", "--batch", "100", "--out", run.toString())
                .start();
        training.awaitOut(out -> out.contains("\n    4 "));
        assertThat(Files.readString(run.resolve("history.json"))).contains("\"epoch\" : 3");
        training.signal(name);

        assertThat(training.exitCode()).as(training.err()).isEqualTo(128 + number);
        assertThat(training.err()).doesNotContain("internal error").endsWith(" is in " + run + "/model.safetensors\n");
        try (Stream<Path> files = Files.list(run)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "model.safetensors",
                            "history.json",
                            "loss.png",
                            "accuracy.png",
                            "confusion.png",
                            "digits.png",
                            "index.html");
        }
    }

    @Test
    void beforeATrainingBeginsItsEmptyFolderIsRemoved() {
        Path run = folder.resolve("new/run");
        Interruption interruption = new Interruption();
        interruption.watch(RunOutput.create(run, "mlp"));
        assertThat(run).isEmptyDirectory();
        interruption.interrupt();
        assertThat(run).doesNotExist();
    }

    /** What goes wrong while the JVM is ending is told, too. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRunFolderThatIsDeletedMeanwhileIsAnError(boolean signal) throws Exception {
        Path run = folder.resolve("run");
        WeftProcess training = train(1_000_000, "--backend", "reference", "--batch", "100", "--out", run.toString())
                .start();
        training.awaitOut(out -> out.contains("\n    1 "));
        Files.move(run, folder.resolve("elsewhere"));
        if (signal) {
            training.signal("TERM");
        }

        assertThat(training.exitCode()).as(training.err()).isIn(1, 143);
        assertThat(training.err())
                .endsWith("weft: the run folder %s is gone: it was deleted or renamed while the training ran\n"
                        .formatted(run));
    }

    /** A terminal sends the signal itself, and the progress bar must not stand in its way. */
    @Test
    void ctrlCAtATerminal() throws Exception {
        skipWhereIgnored("INT", 2);
        WeftProcess training = train(1, "--backend", "reference", "--batch", "1");
        try {
            training.startInTerminal();
        } catch (IOException e) {
            LOG.error("SKIPPED: Ctrl-C at a terminal was not tried, since there is no program 'script' (util-linux)");
            abort(e.getMessage());
        }
        training.awaitOut(out -> out.contains("epoch 1/1 "));
        training.type('\u0003');

        assertThat(training.exitCode()).as(training.out()).isEqualTo(130);
        assertThat(training.out()).contains("weft: ended in epoch 1 of 1; no epoch was finished");
    }

    @Test
    void beforeTheFirstEpochIsDoneThereIsNoModel() throws Exception {
        WeftProcess training =
                train(1, "--backend", "reference", "--batch", "1").start();
        training.awaitOut(out -> out.contains("epoch  train loss"));
        Thread.sleep(300);
        training.signal("TERM");

        assertThat(training.exitCode()).as(training.err()).isEqualTo(143);
        assertThat(training.err())
                .endsWith("weft: ended in epoch 1 of 1; no epoch was finished, so no model was written\n");
        assertThat(model).doesNotExist();
    }
}
