package dev.weft.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that run phases, the caller among them. Between phases the others spin for a moment before they
 * park, since the next phase mostly follows within microseconds. Running a phase allocates nothing.
 */
final class Workers implements AutoCloseable {
    private static final int SPINS_BEFORE_PARKING = 20_000;
    private static final int SPINS_BEFORE_YIELDING = 1_000;

    private final Thread[] helpers;
    private final AtomicInteger nextPart = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicInteger parked = new AtomicInteger();
    private Phase phase;
    /** Counts the phases; its change hands a new phase to the helpers. */
    private volatile int generation;

    private volatile boolean closed;
    private volatile Throwable failure;

    Workers(int threads) {
        helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            int number = i + 1;
            helpers[i] = new Thread(() -> help(number), "weft-cpu-" + number);
            helpers[i].setDaemon(true);
            helpers[i].start();
        }
    }

    int threads() {
        return helpers.length + 1;
    }

    /** Runs all parts and returns when the last is done. */
    void run(Phase work) {
        if (helpers.length == 0 || work.parts() == 1) {
            for (int part = 0; part < work.parts(); part++) {
                work.body().run(part, 0);
            }
            return;
        }
        phase = work;
        nextPart.set(0);
        busy.set(helpers.length);
        generation++;
        if (parked.get() > 0) {
            for (Thread helper : helpers) {
                LockSupport.unpark(helper);
            }
        }
        takeParts(work, 0);
        int spins = 0;
        while (busy.get() > 0) {
            if (++spins < SPINS_BEFORE_YIELDING) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        if (failure != null) {
            Throwable first = failure;
            failure = null;
            if (first instanceof RuntimeException exception) {
                throw exception;
            }
            throw (Error) first;
        }
    }

    private void help(int thread) {
        int seen = 0;
        while (true) {
            int spins = 0;
            while (generation == seen && !closed) {
                if (++spins < SPINS_BEFORE_PARKING) {
                    Thread.onSpinWait();
                } else {
                    parked.incrementAndGet();
                    if (generation == seen && !closed) {
                        LockSupport.park(this);
                    }
                    parked.decrementAndGet();
                }
            }
            if (closed) {
                return;
            }
            seen = generation;
            takeParts(phase, thread);
            busy.decrementAndGet();
        }
    }

    private void takeParts(Phase work, int thread) {
        try {
            int part;
            while ((part = nextPart.getAndIncrement()) < work.parts()) {
                work.body().run(part, thread);
            }
        } catch (RuntimeException | Error e) {
            failure = e;
            nextPart.set(work.parts());
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
    }
}
