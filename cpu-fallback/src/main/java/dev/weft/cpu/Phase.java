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

    private final int parts;
    private final Body body;
    /** Nanoseconds that all parts take on one thread: the lesser of the last two measurements, since either may have been disturbed. */
    private long cost = Long.MAX_VALUE;

    private long lastMeasured = Long.MAX_VALUE;

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

    void measured(long nanoseconds) {
        cost = Math.min(lastMeasured, nanoseconds);
        lastMeasured = nanoseconds;
    }
}
