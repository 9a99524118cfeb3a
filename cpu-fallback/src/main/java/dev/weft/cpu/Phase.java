package dev.weft.cpu;

/**
 * Work in independent parts, which run on any thread in any order. How the work is cut never depends on the number of
 * threads, and no two parts write the same element, so the result does not depend on it either. A phase runs again and again;
 * it remembers how long it takes, so that {@link Workers} know whether sharing it pays.
 */
final class Phase {

    @FunctionalInterface
    interface Body {
        /**
         * @param thread number of the executing thread, for scratch memory
         */
        void run(int part, int thread);
    }

    /** Of short phases one run of so many is measured: a look at the clock takes a part of a microsecond. */
    private static final int RUNS_BETWEEN_MEASUREMENTS = 16;

    /** Nanoseconds from which on every run is measured. */
    private static final long LONG = 100_000;

    private final int parts;
    private final Body body;
    /** Nanoseconds that all parts take on one thread: the lesser of the last two measurements, since either may have been disturbed. */
    private long cost = Long.MAX_VALUE;

    private long lastMeasured = Long.MAX_VALUE;
    private int runs;

    Phase(int parts, Body body) {
        this.parts = parts;
        this.body = body;
    }

    /** Work that is not worth cutting. */
    static Phase single(Runnable body) {
        return new Phase(1, (part, thread) -> body.run());
    }

    int parts() {
        return parts;
    }

    Body body() {
        return body;
    }

    /** Nanoseconds that all parts take on one thread, as measured; the greatest number before that. */
    long cost() {
        return cost;
    }

    /** How many runs a measured one stands for. */
    int runsBetweenMeasurements() {
        return cost < LONG ? RUNS_BETWEEN_MEASUREMENTS : 1;
    }

    /** Whether the run that begins is one to measure. */
    boolean isMeasured() {
        return ++runs % runsBetweenMeasurements() == 0;
    }

    void measured(long nanoseconds) {
        cost = Math.min(lastMeasured, nanoseconds);
        lastMeasured = nanoseconds;
    }
}
