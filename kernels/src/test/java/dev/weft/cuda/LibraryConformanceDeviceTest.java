package dev.weft.cuda;

import dev.weft.backend.Backend;
import dev.weft.backend.Kernels;
import dev.weft.conformance.BackendConformance;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The whole conformance suite with the kernels {@code cublas} and {@code cudnn}, on a GPU alone. On the emulated driver,
 * where {@link ConformanceDeviceTest} already takes minutes, {@link LibraryDeviceTest} has what the libraries do.
 */
@ExtendWith(TestDevice.class)
class LibraryConformanceDeviceTest {

    private static Backend open(Library library) {
        Kernels kernels = Kernels.of(library.name().toLowerCase(Locale.ROOT));
        return new CudaBackend(0, KernelChoice.of(kernels), CudaBackend.Options.DEFAULT);
    }

    @Nested
    @ExtendWith(CublasOnGpu.class)
    class Cublas extends BackendConformance {
        @Override
        protected Backend open() {
            return LibraryConformanceDeviceTest.open(Library.CUBLAS);
        }

        /** {@link ConformanceDeviceTest} tries more of the same kernels. */
        @Override
        protected int randomExpressions() {
            return 50;
        }
    }

    @Nested
    @ExtendWith(CudnnOnGpu.class)
    class Cudnn extends BackendConformance {
        @Override
        protected Backend open() {
            return LibraryConformanceDeviceTest.open(Library.CUDNN);
        }

        /** {@link ConformanceDeviceTest} tries more of the same kernels. */
        @Override
        protected int randomExpressions() {
            return 50;
        }
    }

    static final class CublasOnGpu extends OnGpu {
        CublasOnGpu() {
            super(Library.CUBLAS);
        }
    }

    static final class CudnnOnGpu extends OnGpu {
        CudnnOnGpu() {
            super(Library.CUDNN);
        }
    }

    /** A condition, since the suite opens the backend before any test could be skipped. */
    private abstract static class OnGpu implements ExecutionCondition {
        private final Library library;

        OnGpu(Library library) {
            this.library = library;
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            Optional<String> reason = TestDevice.GPU
                    ? TestDevice.missing(library)
                    : Optional.of("on the emulated driver LibraryDeviceTest has what libraries do");
            return reason.map(why -> ConditionEvaluationResult.disabled("SKIPPED: " + why))
                    .orElse(ConditionEvaluationResult.enabled(library.title()));
        }
    }
}
