package dev.weft.cpu.reference;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import java.util.Optional;

/** Provides the backend {@code reference}: always usable, the last choice. */
public final class ReferenceProvider implements BackendProvider {
    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int rank() {
        return 0;
    }

    @Override
    public Optional<String> unusable() {
        return Optional.empty();
    }

    @Override
    public Backend open(BackendOptions options) {
        return new ReferenceBackend();
    }
}
