package dev.weft.backend;

/**
 * How to open a backend.
 *
 * @param threads threads to compute with, on the CPU
 * @param kernels which of its kernels it takes
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

    /** So many threads, and the kernels that the backend chooses. */
    public BackendOptions(int threads) {
        this(threads, Kernels.ownChoice());
    }

    /** As many threads as the machine has processors, and the kernels that the backend chooses. */
    public static BackendOptions defaults() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors());
    }

    /** The same with other kernels. */
    public BackendOptions with(Kernels kernels) {
        return new BackendOptions(threads, kernels);
    }
}
