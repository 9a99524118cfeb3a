package dev.weft.cpu;

/**
 * The work of an op, or of several fused ones: phases on the whole batch, or a body that is run on one task of tiles after
 * the other, with phases before the first (to pack weights) and after the last (to combine sums).
 *
 * @param tiles null for an op that sees the whole batch; then {@code before} is all
 */
record Kernel(Phase[] before, Body tiles, Phase[] after) {
    private static final Phase[] NONE = {};

    /** Work on a task. */
    @FunctionalInterface
    interface Body {
        /**
         * @param frame number of the memory for what lives within a task
         * @param thread number of the executing thread, for scratch memory
         */
        void run(Task task, int frame, int thread);
    }

    static Kernel whole(Phase... phases) {
        return new Kernel(phases, null, NONE);
    }

    static Kernel tiled(Body body) {
        return new Kernel(NONE, body, NONE);
    }

    static Kernel tiled(Phase before, Body body) {
        return new Kernel(new Phase[] {before}, body, NONE);
    }

    static Kernel reduced(Body body, Phase... after) {
        return new Kernel(NONE, body, after);
    }
}
