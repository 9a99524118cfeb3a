package dev.weft.cuda;

import dev.weft.backend.Backend;
import dev.weft.conformance.Lenet5Conformance;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestDevice.class)
class Lenet5DeviceTest extends Lenet5Conformance {
    @Override
    protected Backend open() {
        return new CudaBackend(0, Candidates.TABLE, CudaBackend.Options.DEFAULT);
    }
}
