package dev.weft.cpu;

/**
 * Work in independent parts, which run on any thread in any order. How the work is cut never depends on the number of
 * threads, and no two parts write the same element, so the result does not depend on it either.
 */
record Phase(int parts, Body body) {

    @FunctionalInterface
    interface Body {
        /**
         * @param thread number of the executing thread, for scratch memory
         */
        void run(int part, int thread);
    }

    /** Work that is not worth cutting. */
    static Phase single(Runnable body) {
        return new Phase(1, (part, thread) -> body.run());
    }
}
