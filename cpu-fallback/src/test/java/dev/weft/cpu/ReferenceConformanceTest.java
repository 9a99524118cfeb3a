package dev.weft.cpu;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.BackendConformance;

/** The reference against itself: that it keeps to the rules of a backend. */
class ReferenceConformanceTest extends BackendConformance {
    @Override
    protected Backend open() {
        return Backends.open("reference");
    }
}
