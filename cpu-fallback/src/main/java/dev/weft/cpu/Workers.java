package dev.weft.cpu;

import dev.weft.DeviceException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that help callers to run phases. A caller offers the parts of its phase and takes parts itself; the
 * phase is done when its parts are, whether or not a helper came. Several callers, for example each with a model of its own,
 * run phases at the same time. Running a phase allocates nothing.
 *
 * <p>On a machine that others use, a helper may lose its core in the middle of a part, and its caller waits for it. So the
 * time that helpers save is weighed against the time that they are waited for; where they do not pay, callers go on alone and
 * ask again later, each time after a longer pause.
 *
 * <p>Between phases helpers spin for a moment before they park, since the next phase mostly follows within microseconds.
 */
final class Workers implements AutoCloseable {
    private static final int SPINS_BEFORE_PARKING = 20_000;
    private static final int SPINS_BEFORE_YIELDING = 1_000;

    /** A helper that spins on its caller's core gives way. */
    private static final int SPINS_BETWEEN_YIELDS = 50;

    /** Phases of fewer nanoseconds run on their caller: handing over a part would take as long as it saves. */
    static final long LEAST_SHARED = 20_000;

    /** Nanoseconds of work for which parked helpers are woken, which costs some ten thousand. */
    private static final long WORTH_WAKING = 300_000;

    /** Nanoseconds lost by waiting after which callers go on alone. */
    private static final long MOST_LOST = 4_000_000;

    /** Nanoseconds saved that count against later waiting, and after which a pause is a short one again. */
    private static final long MOST_SAVED = 5_000_000;

    private static final long SHORTEST_PAUSE = 1_000_000;
    private static final long LONGEST_PAUSE = 200_000_000;

    /** A place where a caller offers a phase. */
    private static final class Offer {
        private final AtomicBoolean used = new AtomicBoolean();
        /** Parts that nobody has taken. */
        private final AtomicInteger left = new AtomicInteger();

        private final AtomicInteger unfinished = new AtomicInteger();
        private Phase phase;
        private volatile Throwable failure;

        void open(Phase offered) {
            phase = offered;
            unfinished.set(offered.parts());
            left.set(offered.parts());
        }

        /**
         * Runs parts until none is left. The phase is read after a part has been taken: from then on it stays, since the
         * caller waits for that part.
         *
         * @return how many
         */
        int takeParts(int thread) {
            int taken = 0;
            for (int next = left.get(); next > 0; next = left.get()) {
                if (left.compareAndSet(next, next - 1)) {
                    run(phase.parts() - next, thread);
                    taken++;
                    unfinished.decrementAndGet();
                }
            }
            return taken;
        }

        private void run(int part, int thread) {
            if (failure != null) {
                return;
            }
            try {
                phase.body().run(part, thread);
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }

        /** Frees the place, and throws what a part has thrown. */
        void close() {
            Throwable first = failure;
            failure = null;
            phase = null;
            used.set(false);
            if (first instanceof RuntimeException exception) {
                throw exception;
            } else if (first != null) {
                throw (Error) first;
            }
        }
    }

    private final Thread[] helpers;
    private final Offer[] offers;
    /** Counts what was offered; its change wakes helpers that spin. */
    private final AtomicInteger offered = new AtomicInteger();

    private final AtomicInteger parked = new AtomicInteger();
    private volatile boolean closed;

    /** Nanoseconds that helpers saved, less those that they were waited for. Callers share it unguarded: a rough number will do. */
    private long balance;

    private long pause = SHORTEST_PAUSE;
    private volatile boolean paused;
    private long pauseEnds;
    /** Nanoseconds of phases that were worth sharing while helpers were parked. */
    private long missed;

    Workers(int threads) {
        offers = new Offer[threads];
        for (int i = 0; i < threads; i++) {
            offers[i] = new Offer();
        }
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

    /**
     * Runs all parts and returns when the last is done.
     *
     * @throws DeviceException if the workers are closed
     */
    void run(Phase phase) {
        if (closed) {
            throw new DeviceException("the backend cpu is closed");
        }
        Offer offer = helpers.length > 0 && phase.parts() > 1 && worthSharing(phase.cost()) ? place() : null;
        if (offer == null) {
            runAlone(phase);
        } else {
            share(phase, offer);
        }
    }

    private boolean worthSharing(long cost) {
        if (cost < LEAST_SHARED || paused()) {
            return false;
        }
        int asleep = parked.get();
        if (asleep > 0) {
            missed += Math.min(cost, WORTH_WAKING);
            if (missed >= WORTH_WAKING) {
                missed = 0;
                for (Thread helper : helpers) {
                    LockSupport.unpark(helper);
                }
                return true;
            }
        }
        return asleep < helpers.length;
    }

    private boolean paused() {
        if (paused && System.nanoTime() - pauseEnds >= 0) {
            paused = false;
        }
        return paused;
    }

    /** A free place for an offer, or null. */
    private Offer place() {
        for (Offer offer : offers) {
            if (!offer.used.get() && offer.used.compareAndSet(false, true)) {
                return offer;
            }
        }
        return null;
    }

    private void runAlone(Phase phase) {
        boolean measured = phase.parts() > 1 && phase.isMeasured();
        long start = measured ? System.nanoTime() : 0;
        for (int part = 0; part < phase.parts(); part++) {
            phase.body().run(part, 0);
        }
        if (measured) {
            phase.measured(System.nanoTime() - start);
        }
    }

    private void share(Phase phase, Offer offer) {
        boolean measured = phase.isMeasured();
        long start = measured ? System.nanoTime() : 0;
        offer.open(phase);
        offered.incrementAndGet();
        int own = offer.takeParts(0);
        long worked = measured ? System.nanoTime() : 0;
        for (int spins = 0; spins < SPINS_BEFORE_YIELDING && offer.unfinished.get() > 0; spins++) {
            Thread.onSpinWait();
        }
        boolean late = offer.unfinished.get() > 0;
        long spun = measured || late ? System.nanoTime() : 0;
        while (offer.unfinished.get() > 0) {
            Thread.yield();
        }
        if (late) {
            weigh(spun - System.nanoTime());
        }
        if (measured && own > 0) {
            phase.measured((worked - start) * phase.parts() / own);
            long helped = phase.cost() * (phase.parts() - own) / phase.parts();
            weigh((helped - (spun - worked)) * phase.runsBetweenMeasurements());
        }
        offer.close();
    }

    /** Nanoseconds that helpers' parts would have taken their caller, less those that it waited for them. */
    private void weigh(long saved) {
        balance = Math.min(balance + saved, MOST_SAVED);
        if (balance < -MOST_LOST) {
            balance = 0;
            pauseEnds = System.nanoTime() + pause;
            pause = Math.min(2 * pause, LONGEST_PAUSE);
            paused = true;
        } else if (balance == MOST_SAVED) {
            pause = SHORTEST_PAUSE;
        }
    }

    private void help(int thread) {
        int seen = 0;
        while (!closed) {
            int now = offered.get();
            if (now == seen) {
                await(seen);
            } else {
                seen = now;
                takeOffers(thread);
            }
        }
    }

    /** Until something new is offered, or for no reason. */
    private void await(int seen) {
        for (int spins = 1; spins < SPINS_BEFORE_PARKING; spins++) {
            if (offered.get() != seen || closed) {
                return;
            }
            if (spins % SPINS_BETWEEN_YIELDS == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
        parked.incrementAndGet();
        if (offered.get() == seen && !closed) {
            LockSupport.park(this);
        }
        parked.decrementAndGet();
    }

    /** Takes parts wherever some are left; each helper looks at another place first. */
    private void takeOffers(int thread) {
        int taken;
        do {
            taken = 0;
            for (int i = 0; i < offers.length; i++) {
                taken += offers[(thread + i) % offers.length].takeParts(thread);
            }
        } while (taken > 0);
    }

    /** Ends the helpers. A phase that is running is finished by its caller. */
    @Override
    public void close() {
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
    }
}
