package dev.weft.backend;

/**
 * How to open a backend.
 *
 * @param threads threads to compute with, on the CPU
 * @param kernels which of its kernels a backend takes, one of {@link BackendProvider#kernels}, or {@link #OWN_CHOICE}
 */
public record BackendOptions(int threads, String kernels) {

    /** More threads than any machine can use. */
    public static final int MAX_THREADS = 1024;

    /** The kernels that the backend takes when it is not told. */
    public static final String OWN_CHOICE = "auto";

    /** Checks the number of threads. */
    public BackendOptions {
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException(
                    "a backend takes 1 to %d threads, got %d".formatted(MAX_THREADS, threads));
        }
    }

    /** So many threads, and the kernels that the backend chooses. */
    public BackendOptions(int threads) {
        this(threads, OWN_CHOICE);
    }

    /** As many threads as the machine has processors. */
    public static BackendOptions defaults() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors());
    }
}
