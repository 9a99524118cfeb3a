package dev.weft.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.train.Callback.MemoryUse;
import dev.weft.train.Callback.Progress;
import dev.weft.train.EpochResult;
import dev.weft.train.Evaluation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DisplayTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void theBarFillsUpAndNeverExceedsTheLine() {
        assertThat(bar(0, 100)).matches("epoch 1/5 [░.]{30} loss 0\\.5");
        assertThat(bar(0.5, 100)).matches("epoch 1/5 [█#]{15}[░.]{15} loss 0\\.5");
        assertThat(bar(1, 100)).matches("epoch 1/5 [█#]{30} loss 0\\.5");
        assertThat(bar(1, 30)).hasSize(30).matches("epoch 1/5 [█#]{11} loss 0\\.5");
        assertThat(bar(1, 22)).as("no room for a bar").isEqualTo("epoch 1/5 loss 0.5");
        assertThat(bar(1, 12)).isEqualTo("epoch 1/5");
        assertThat(bar(1, 5)).isEqualTo("epoch");
    }

    @Test
    void onANarrowTerminalWholeFieldsGiveWay() {
        String state = "step 9/469  loss 0.5432  accuracy 81.25 %  33,456 images/s  0:42 left";
        String line = "epoch 1/5 " + state;
        for (int width = 1; width <= 100; width++) {
            String shown = Bar.render("epoch 1/5", 0.5, state, width);
            assertThat(shown).hasSizeLessThanOrEqualTo(width);
            if (width >= 5 && width < line.length()) {
                assertThat(line).startsWith(shown + " ");
            }
        }
        assertThat(Bar.render("epoch 1/5", 0.5, state, 59))
                .isEqualTo("epoch 1/5 step 9/469  loss 0.5432  accuracy 81.25 %");
    }

    private static String bar(double done, int width) {
        return Bar.render("epoch 1/5", done, "loss 0.5", width);
    }

    @Test
    void aLossThatRunsAwayFitsItsColumn() {
        assertThat(TrainingDisplay.loss(0.12345)).isEqualTo("0.1235");
        assertThat(TrainingDisplay.loss(8.07e235)).isEqualTo("8.07e+235");
    }

    @Test
    void timesReadAsAClock() {
        assertThat(TrainingDisplay.time(7.4)).isEqualTo("0:07");
        assertThat(TrainingDisplay.time(750)).isEqualTo("12:30");
        assertThat(TrainingDisplay.time(3723)).isEqualTo("1:02:03");
    }

    @Test
    void aRowForEachEpochAndFewLinesWhereThereIsNoTerminal() {
        try (TrainingDisplay display =
                new TrainingDisplay(new PrintWriter(out), new PrintWriter(err), false, "test", "images")) {
            display.started(new MemoryUse(250_000, 94_300_000, 12_000_000));
            IntStream.rangeClosed(1, 1000)
                    .forEach(step -> display.progress(new Progress(1, 1, step, 1000, 0.5, 0.9, 12345)));
            display.epochDone(new EpochResult(1, 0.5, 0.9, new Evaluation(0.25, 0.98765, 100), 7.5, 12345));
        }
        assertThat(err.toString()).as("all within the first ten seconds").isEmpty();
        assertThat(out.toString().lines().toList())
                .hasSize(4)
                .startsWith(
                        "memory: model 0.3 MB; data, gradients and optimizer state 94.3 MB; activations 12.0 MB", "")
                .last()
                .asString()
                .matches(" +1 +0.5000 +90.00 % +0.2500 +98.77 % +7.50 +12,345");
        String[] lines = out.toString().split("\\R");
        assertThat(lines[2]).as("columns end where their heads do").hasSameSizeAs(lines[3]);
    }

    @Test
    void aDownloadIsOneLineForEachFileWhereThereIsNoTerminal() {
        try (DownloadDisplay display = new DownloadDisplay(new PrintWriter(err), false)) {
            for (String file : new String[] {"http://host/a.gz", "http://host/b.gz"}) {
                IntStream.rangeClosed(1, 100).forEach(i -> display.bytes(file, i, 100));
            }
        }
        assertThat(err.toString().lines()).containsExactly("fetching http://host/a.gz", "fetching http://host/b.gz");
    }
}
