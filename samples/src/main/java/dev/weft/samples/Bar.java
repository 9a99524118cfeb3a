package dev.weft.samples;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** A progress bar on the terminal, with text on both sides. It vanishes when it is closed. */
public final class Bar implements AutoCloseable {
    private static final int MAX_CELLS = 30;
    private static final int MIN_CELLS = 5;
    private static final boolean UNICODE =
            StandardCharsets.UTF_8.equals(Charset.forName(System.getProperty("native.encoding")));
    private static final String DONE = UNICODE ? "\u2588" : "#";
    private static final String LEFT = UNICODE ? "\u2591" : ".";

    private final ProgressBar bar;

    /**
     * Draws a bar.
     *
     * @param max where the bar is full; negative for a text without a bar
     * @param right asked for whenever the bar is drawn, on another thread
     */
    public Bar(String left, long max, Supplier<String> right) {
        bar = new ProgressBarBuilder()
                .setInitialMax(max)
                .setUpdateIntervalMillis(200)
                // without a width it would open the terminal, and take Ctrl-C away from the JVM
                .setConsumer(new ConsoleProgressBarConsumer(System.err, Terminal.columns()))
                // as wide as what was there before
                .setRenderer((state, width) ->
                        ("%-" + width + "s").formatted(render(left, state.getNormalizedProgress(), right.get(), width)))
                .clearDisplayOnFinish()
                .build();
    }

    /**
     * The text of a bar. Where it does not fit, the bar goes first, then whole fields or words from the right: a part
     * of a number would be another number.
     *
     * @param done from 0 to 1
     * @param right fields with two spaces between them
     * @param width of the whole line
     */
    static String render(String left, double done, String right, int width) {
        int cells = Math.min(MAX_CELLS, width - left.length() - right.length() - 2);
        String bar = "";
        if (cells >= MIN_CELLS) {
            int full = (int) Math.round(cells * Math.max(0, Math.min(1, done)));
            bar = DONE.repeat(full) + LEFT.repeat(cells - full) + " ";
        }
        String line = left + " " + bar + right;
        if (line.length() <= width) {
            return line;
        }
        int field = line.lastIndexOf("  ", width);
        int word = line.lastIndexOf(' ', width);
        return line.substring(0, field >= 0 ? field : word >= 0 ? word : width);
    }

    /** Moves on to this place. */
    public void stepTo(long done) {
        bar.stepTo(done);
    }

    @Override
    public void close() {
        bar.close();
    }
}
