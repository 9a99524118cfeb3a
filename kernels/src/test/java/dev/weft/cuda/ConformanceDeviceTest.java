package dev.weft.cuda;

import dev.weft.backend.Backend;
import dev.weft.conformance.BackendConformance;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/** The CUDA backend in its forms: as it is, and with every data set in host memory. */
class ConformanceDeviceTest {

    @Nested
    @ExtendWith(TestDevice.class)
    class Resident extends BackendConformance {
        @Override
        protected Backend open() {
            return new CudaBackend(0, Candidates.TABLE, false);
        }
    }

    @Nested
    @ExtendWith(TestDevice.class)
    class Streamed extends BackendConformance {
        @Override
        protected Backend open() {
            return new CudaBackend(0, Candidates.TABLE, true);
        }
    }
}
