package dev.weft.samples;

import dev.weft.train.Callback;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a training end cleanly when the user presses Ctrl-C, or the process gets SIGTERM or SIGHUP: stops it, and holds the
 * end of the JVM until this is closed. The exit code is then 128 and the signal's number: 130, 143 or 129.
 */
final class Interruption implements Callback, AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook = new Thread(this::interrupt, "weft-interruption");
    private volatile RunOutput output;
    private volatile Runnable stop;
    private volatile boolean requested;

    /** From here on the end of the JVM waits, if there is a training by then. */
    Interruption holdTheEnd() {
        Runtime.getRuntime().addShutdownHook(hook);
        return this;
    }

    /** Says where a training will write: where it does not begin, its empty folder goes. */
    RunOutput watch(RunOutput place) {
        output = place;
        return place;
    }

    /** Says how to stop the training, of which it has to be a callback. */
    void watch(Runnable training) {
        stop = training;
    }

    void interrupt() {
        requested = true;
        if (stop == null) {
            if (output != null) {
                output.close();
            }
            return;
        }
        try {
            if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("weft: the training did not end within " + PATIENCE_SECONDS
                        + " s; what it has not written by now is lost");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops the training on its own thread, so that a request between two epochs is not lost. */
    @Override
    public void progress(Progress progress) {
        if (requested) {
            stop.run();
        }
    }

    /** The work has ended, and what there is to say has been said. */
    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is ending, which is what the hook is for
        }
    }
}
