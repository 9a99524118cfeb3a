package dev.weft.cuda;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.Agreement;
import dev.weft.conformance.BackendConformance;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The CUDA backend against the reference: as it is, with every data set in host memory, and with each candidate in the
 * place of the one that would be chosen; on the emulated driver each form on a device of another size. At the end every
 * kernel that ships has run.
 */
@ExtendWith(TestDevice.class)
class ConformanceDeviceTest {
    private static final List<CudaBackend> OPENED = new ArrayList<>();
    private static final Set<Class<?>> RUN = new LinkedHashSet<>();

    /** The smallest device that is supported and less: few blocks, so that each of them goes through its loop. */
    private static final String SMALL = "sms=2;cc=7.5";

    /** An H200: as many blocks as the kernels are made for. */
    private static final String LARGE = "sms=132;cc=9.0";

    private static final String MEDIUM = "sms=16;cc=8.6";

    /** The pooled convolution as large batches have it, with more filters a thread. */
    static final Candidate WIDE_POOLING =
            Candidate.fused("conv2d_bias_activation_pool_wide", Conv2dKernels::matchPooled, Conv2dKernels::fusedWide);

    /** The table with this candidate before all others. */
    static List<Candidate> preferring(Candidate candidate) {
        List<Candidate> table = new ArrayList<>(Candidates.TABLE);
        table.remove(candidate);
        table.add(0, candidate);
        return table;
    }

    private static CudaBackend open(String device, List<Candidate> candidates, boolean streamAlways) {
        TestDevice.configure(device);
        CudaBackend backend = new CudaBackend(0, candidates, new CudaBackend.Options(streamAlways, false));
        OPENED.add(backend);
        return backend;
    }

    @Nested
    class Resident extends BackendConformance {
        @Override
        protected Backend open() {
            RUN.add(Resident.class);
            return ConformanceDeviceTest.open(LARGE, Candidates.TABLE, false);
        }

        /** Each is a kernel of its own, which the emulated driver compiles as C++. */
        @Override
        protected int randomExpressions() {
            return TestDevice.GPU ? 1000 : 50;
        }
    }

    /** The batches of data sets in host memory. */
    @Nested
    class Streamed {
        @Test
        void gatherRowsAgreesWithTheReference() {
            try (Backend reference = Backends.open("reference");
                    CudaBackend backend = open(MEDIUM, Candidates.TABLE, true)) {
                assertThat(Agreement.ofOp(Op.GatherRows.class, reference, backend))
                        .isPositive();
            }
        }

        @Test
        void networksAgreeWithTheReference() {
            try (Backend reference = Backends.open("reference");
                    CudaBackend backend = open(MEDIUM, Candidates.TABLE, true)) {
                Agreement.ofNetworks(reference, backend, MemoryMode.POISONED_ARENA);
            }
        }
    }

    @Nested
    class EveryCandidate {
        @Test
        void namesAreUnique() {
            assertThat(Candidates.TABLE).extracting(Candidate::name).doesNotHaveDuplicates();
        }

        /** Where an op has several candidates, each is put first in turn. */
        @TestFactory
        Stream<DynamicTest> everyAlternativeAgreesWithTheReference() {
            Map<Class<? extends Op>, Long> candidatesOf = Candidates.TABLE.stream()
                    .flatMap(candidate -> candidate.kind().stream())
                    .collect(groupingBy(kind -> kind, LinkedHashMap::new, counting()));
            return Candidates.TABLE.stream()
                    .filter(candidate -> candidate.kind().map(candidatesOf::get).orElse(1L) > 1)
                    .map(candidate -> dynamicTest(candidate.name(), () -> {
                        try (Backend reference = Backends.open("reference");
                                CudaBackend backend = open(SMALL, preferring(candidate), false)) {
                            int cases = Agreement.ofOp(candidate.kind().orElseThrow(), reference, backend);
                            assertThat(backend.chosen())
                                    .as("candidates chosen in %d cases", cases)
                                    .contains(candidate.name());
                        }
                    }));
        }

        /** The networks hold every pattern that is fused; here each op is executed alone. */
        @Test
        void networksWithoutFusionAgreeWithTheReference() {
            List<Candidate> single = Candidates.TABLE.stream()
                    .filter(candidate -> candidate.kind().isPresent())
                    .toList();
            try (Backend reference = Backends.open("reference");
                    CudaBackend backend = open(SMALL, single, false)) {
                Agreement.ofNetworks(reference, backend, MemoryMode.ARENA);
            }
        }

        @Test
        void pooledConvolutionsOfLargeBatchesAgreeWithTheReference() {
            try (Backend reference = Backends.open("reference");
                    CudaBackend backend = open(SMALL, preferring(WIDE_POOLING), false)) {
                Agreement.checksOfNetworks(reference).forEach(check -> check.run(backend));
                assertThat(backend.modules().kernels()).contains("conv2d/conv2d_3x3_8", "conv2d/conv2d_5x5_6");
            }
        }

        @Test
        void everyFusedFormIsUsedByANetwork() {
            RUN.add(EveryCandidate.class);
            Set<String> fused = Candidates.TABLE.stream()
                    .filter(candidate -> candidate.kind().isEmpty())
                    .map(Candidate::name)
                    .collect(Collectors.toCollection(TreeSet::new));
            try (Backend reference = Backends.open("reference");
                    CudaBackend backend = open(SMALL, Candidates.TABLE, false)) {
                Agreement.ofNetworks(reference, backend, MemoryMode.ARENA);
                assertThat(backend.chosen()).containsAll(fused);
            }
        }
    }

    /** Unless only a part of this class was asked for. */
    @AfterAll
    static void everyShippedKernelHasRun() {
        if (RUN.containsAll(List.of(Resident.class, EveryCandidate.class))) {
            Set<String> run = OPENED.stream()
                    .map(backend -> backend.modules().kernels())
                    .flatMap(Collection::stream)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(run)
                    .containsAll(ShippedPtx.modules().stream()
                            // no op's kernel; MeasurementDeviceTest runs it
                            .filter(module -> !module.equals("peak"))
                            .flatMap(module ->
                                    ShippedPtx.entries(module).stream().map(kernel -> module + "/" + kernel))
                            .toList());
        }
    }
}
