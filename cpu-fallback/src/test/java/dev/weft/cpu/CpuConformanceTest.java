package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.conformance.BackendConformance;
import org.junit.jupiter.api.Nested;

/** The CPU backend in its forms, with and without the Vector API; {@link VectorConformanceTest} is another. */
class CpuConformanceTest {

    @Nested
    class VectorOneThread extends BackendConformance {
        @Override
        protected Backend open() {
            return new CpuBackend(1, new VectorPrimitives(), "");
        }

        @Override
        protected boolean dependsOnSizeOfWeights() {
            return true;
        }
    }

    @Nested
    class ScalarTwoThreads extends BackendConformance {
        @Override
        protected Backend open() {
            return new CpuBackend(2, new ScalarPrimitives(), "");
        }

        @Override
        protected boolean dependsOnSizeOfWeights() {
            return true;
        }
    }
}
