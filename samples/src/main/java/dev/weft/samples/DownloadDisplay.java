package dev.weft.samples;

import dev.weft.data.DataSource;
import java.io.PrintWriter;

/** Shows a download: a progress bar on a terminal, else one line for each file on the standard error. */
final class DownloadDisplay implements DataSource.Progress, AutoCloseable {
    private final PrintWriter err;
    private final boolean terminal;
    private String current = "";
    private volatile String state = "";
    private Bar bar;

    DownloadDisplay(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    @Override
    public synchronized void bytes(String what, long done, long total) {
        boolean begins = !what.equals(current);
        current = what;
        state = "%.1f MB".formatted(done * 1e-6) + (total < 0 ? "" : " of %.1f MB".formatted(total * 1e-6));
        if (!terminal) {
            if (begins) {
                err.println("fetching " + what);
                err.flush();
            }
            return;
        }
        if (begins) {
            close();
            bar = new Bar("fetching " + what.substring(what.lastIndexOf('/') + 1), Math.max(total, 1), () -> state);
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
