package dev.weft.samples;

import dev.weft.data.DataSource;
import java.io.PrintWriter;

/**
 * Shows a download, or another step that goes through many bytes: a progress bar on a terminal, else a line on the standard
 * error when it begins, and another whenever ten seconds have passed.
 */
final class DownloadDisplay implements DataSource.Progress, AutoCloseable {
    private static final int SECONDS_BETWEEN_LINES = 10;

    private final PrintWriter err;
    private final boolean terminal;
    private String current = "";
    private volatile String state = "";
    private long lastLine;
    private Bar bar;

    DownloadDisplay(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    @Override
    public void bytes(String what, long done, long total) {
        show("fetching " + (terminal ? what.substring(what.lastIndexOf('/') + 1) : what), done, total);
    }

    /**
     * Shows how far a step has come.
     *
     * @param total bytes in all, -1 where that is not known
     */
    synchronized void show(String step, long done, long total) {
        boolean begins = !step.equals(current);
        current = step;
        state = "%.1f MB".formatted(done * 1e-6) + (total < 0 ? "" : " of %.1f MB".formatted(total * 1e-6));
        if (!terminal) {
            if (begins || System.nanoTime() - lastLine > SECONDS_BETWEEN_LINES * 1_000_000_000L) {
                err.println(begins ? step : step + ": " + state);
                err.flush();
                lastLine = System.nanoTime();
            }
            return;
        }
        if (begins) {
            close();
            bar = new Bar(step, Math.max(total, 1), () -> state);
        }
        if (bar != null) {
            bar.stepTo(total < 0 ? 0 : done);
        }
        if (done == total) {
            close();
        }
    }

    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
