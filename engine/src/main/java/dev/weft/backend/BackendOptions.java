package dev.weft.backend;

/**
 * How to open a backend.
 *
 * @param threads threads to compute with, on the CPU
 * @param kernels which kernels to take, on a GPU
 */
public record BackendOptions(int threads, Kernels kernels) {

    /** More threads than any machine can use. */
    public static final int MAX_THREADS = 1024;

    /** Checks the number of threads. */
    public BackendOptions {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException(
                    "a backend takes 1 to %d threads, got %d".formatted(MAX_THREADS, threads));
        }
    }

    /** Options with the default kernels. */
    public BackendOptions(int threads) {
        this(threads, Kernels.hand());
    }

    /** As many threads as the machine has processors. */
    public static BackendOptions defaults() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors());
    }
}
