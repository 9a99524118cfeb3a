package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.conformance.BackendConformance;

/** The CPU backend with the Vector API on several threads: once with the longest vectors, and once with 256 bits. */
class VectorConformanceTest extends BackendConformance {
    @Override
    protected Backend open() {
        return new CpuBackend(3, new VectorPrimitives(), "");
    }

    @Override
    protected boolean dependsOnSizeOfWeights() {
        return true;
    }
}
