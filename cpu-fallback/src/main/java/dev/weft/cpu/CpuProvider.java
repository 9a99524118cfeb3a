package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.backend.BackendOptions;
import dev.weft.backend.BackendProvider;
import java.util.List;
import java.util.Optional;

/** Provides the backend {@code cpu}: usable everywhere. */
public final class CpuProvider implements BackendProvider {
    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int rank() {
        return 10;
    }

    @Override
    public Optional<String> unusable() {
        return Optional.empty();
    }

    @Override
    public List<String> kernels() {
        return List.of(CpuBackend.VECTOR, CpuBackend.SCALAR);
    }

    @Override
    public Backend open(BackendOptions options) {
        return CpuBackend.open(options);
    }
}
