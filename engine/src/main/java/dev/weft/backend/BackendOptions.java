package dev.weft.backend;

/**
 * How to open a backend.
 *
 * @param threads threads to compute with, on the CPU
 */
public record BackendOptions(int threads) {

    public BackendOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("a backend needs at least 1 thread, got " + threads);
        }
    }

    /** As many threads as the machine has processors. */
    public static BackendOptions defaults() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors());
    }
}
