package dev.weft.backend;

import java.util.Optional;

/** Finds out whether a backend can be used here, and opens it. Registered with {@link java.util.ServiceLoader}. */
public interface BackendProvider {

    String name();

    /** {@link Backends#best} takes the usable backend of the highest rank. */
    int rank();

    /** Why the backend cannot be used on this machine; empty if it can. */
    Optional<String> unusable();

    /**
     * Opens the backend.
     *
     * @throws dev.weft.DeviceException if it is not usable
     */
    Backend open(BackendOptions options);
}
