package dev.weft.samples;

import dev.weft.train.Callback;
import dev.weft.train.EpochResult;
import java.io.PrintWriter;

/**
 * Shows a training: a table with a row for each epoch on the standard output; within an epoch a progress bar on a
 * terminal, else a line now and then on the standard error.
 */
final class TrainingDisplay implements Callback, AutoCloseable {
    private static final double SECONDS_BETWEEN_LINES = 10;
    /** Share of the newest measurement in the shown images or rows per second. */
    private static final double SMOOTHING = 0.2;

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean terminal;
    private final long start = System.nanoTime();
    private double lastLine;
    private double imagesPerSecond;
    private Bar bar;
    private final String evaluatedOn;
    private final String samples;
    private volatile String state = "";
    /** Whether nobody sees the table any more. */
    private boolean lost;

    /**
     * @param evaluatedOn {@code test} or {@code validation}
     * @param samples {@code images} or {@code rows}
     */
    TrainingDisplay(PrintWriter out, PrintWriter err, boolean terminal, String evaluatedOn, String samples) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.evaluatedOn = evaluatedOn;
        this.samples = samples;
    }

    @Override
    public void started(MemoryUse memory) {
        out.printf(
                "memory: model %s; data, gradients and optimizer state %s; activations %s%n%n",
                megabytes(memory.model()), megabytes(memory.training()), megabytes(memory.activations()));
        String of = evaluatedOn.equals("test") ? "test" : "val.";
        out.printf(
                "%5s  %10s  %9s  %9s  %9s  %8s  %8s%n",
                "epoch", "train loss", "train acc", of + " loss", of + " acc", "seconds", samples + "/s");
        out.flush();
    }

    private static String megabytes(long bytes) {
        return "%,.1f MB".formatted(bytes * 1e-6);
    }

    @Override
    public void progress(Progress p) {
        imagesPerSecond = imagesPerSecond == 0
                ? p.imagesPerSecond()
                : imagesPerSecond + SMOOTHING * (p.imagesPerSecond() - imagesPerSecond);
        double seconds = (System.nanoTime() - start) * 1e-9;
        double done = (p.epoch() - 1 + (double) p.step() / p.stepsPerEpoch()) / p.epochs();
        state = "step %d/%d  loss %s  accuracy %.2f %%  %,.0f %s/s  %s left"
                .formatted(
                        p.step(),
                        p.stepsPerEpoch(),
                        loss(p.loss()),
                        100 * p.accuracy(),
                        imagesPerSecond,
                        samples,
                        time(seconds / done - seconds));
        String epoch = "epoch %d/%d".formatted(p.epoch(), p.epochs());
        if (!terminal) {
            if (seconds - lastLine >= SECONDS_BETWEEN_LINES) {
                lastLine = seconds;
                err.println(epoch + "  " + state);
                err.flush();
            }
            return;
        }
        if (bar == null) {
            bar = new Bar(epoch, p.stepsPerEpoch(), () -> state);
        }
        bar.stepTo(p.step());
        if (p.step() == p.stepsPerEpoch()) {
            // gone before anything else is written: the evaluation may log
            close();
        }
    }

    @Override
    public void epochDone(EpochResult e) {
        out.printf(
                "%5d  %10s  %7.2f %%  %9s  %7.2f %%  %8.2f  %,8.0f%n",
                e.epoch(),
                loss(e.trainLoss()),
                100 * e.trainAccuracy(),
                loss(e.test().loss()),
                100 * e.test().accuracy(),
                e.seconds(),
                e.imagesPerSecond());
        if (!lost && out.checkError()) {
            lost = true;
            err.println("weft: the standard output is closed or full; the training goes on");
            err.flush();
        }
    }

    /** Four decimals; a loss that runs away still fits its column. */
    static String loss(double loss) {
        return (loss < 1000 ? "%.4f" : "%.2e").formatted(loss);
    }

    /** For example {@code 0:07}, {@code 12:30} or {@code 1:02:03}. */
    static String time(double seconds) {
        long s = Math.round(seconds);
        return s < 3600 ? "%d:%02d".formatted(s / 60, s % 60) : "%d:%02d:%02d".formatted(s / 3600, s / 60 % 60, s % 60);
    }

    /** Takes the bar off the terminal. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
