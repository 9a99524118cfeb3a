package dev.weft.backend;

import java.util.List;
import java.util.Optional;

/** Finds out whether a backend can be used here, and opens it. Registered with {@link java.util.ServiceLoader}. */
public interface BackendProvider {

    /** The name of the backend, by which {@link Backends#open(String)} finds it. */
    String name();

    /** {@link Backends#best} takes the usable backend of the highest rank. */
    int rank();

    /** Why the backend cannot be used on this machine; empty if it can. */
    Optional<String> unusable();

    /** The names that {@link Kernels#name} can have, the preferred ones first; none to choose from by default. */
    default List<String> kernels() {
        return List.of();
    }

    /** What the backend needs or can use on this machine, in the order in which it matters; for {@code weft doctor}. */
    default List<Finding> diagnose() {
        return List.of();
    }

    /**
     * Opens the backend.
     *
     * @throws dev.weft.DeviceException if it is not usable
     */
    Backend open(BackendOptions options);
}
