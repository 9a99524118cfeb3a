package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.OptimizerConformance;
import org.junit.jupiter.api.Nested;

/** Every optimizer against the formula of its paper: on the reference, whose numbers are doubles, and on the CPU. */
class OptimizerConformanceTest {

    @Nested
    class Reference extends OptimizerConformance {
        @Override
        protected Backend open() {
            return Backends.open("reference");
        }

        @Override
        protected double roundoff() {
            return 0x1p-53;
        }
    }

    @Nested
    class VectorTwoThreads extends OptimizerConformance {
        @Override
        protected Backend open() {
            return new CpuBackend(2, new VectorPrimitives(), "");
        }
    }

    @Nested
    class ScalarOneThread extends OptimizerConformance {
        @Override
        protected Backend open() {
            return new CpuBackend(1, new ScalarPrimitives(), "");
        }
    }
}
