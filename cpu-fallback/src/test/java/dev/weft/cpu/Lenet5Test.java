package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.conformance.Lenet5Conformance;

class Lenet5Test extends Lenet5Conformance {
    @Override
    protected Backend open() {
        return CpuBackend.open(2);
    }
}
