package dev.weft.cuda;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.conformance.Agreement;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every candidate, also where another one would be chosen, against the reference. */
@ExtendWith(TestDevice.class)
class CandidatesDeviceTest {

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
                            CudaBackend backend = new CudaBackend(0, preferring(candidate), false)) {
                        int cases = Agreement.ofOp(candidate.kind().orElseThrow(), reference, backend);
                        assertThat(backend.chosen())
                                .as("candidates chosen in %d cases", cases)
                                .contains(candidate.name());
                    }
                }));
    }

    private static List<Candidate> preferring(Candidate candidate) {
        List<Candidate> table = new ArrayList<>(Candidates.TABLE);
        table.remove(candidate);
        table.add(0, candidate);
        return table;
    }

    /** The networks hold every pattern that is fused; here each op is executed alone. */
    @Test
    void networksWithoutFusionAgreeWithTheReference() {
        List<Candidate> single = Candidates.TABLE.stream()
                .filter(candidate -> candidate.kind().isPresent())
                .toList();
        try (Backend reference = Backends.open("reference");
                CudaBackend backend = new CudaBackend(0, single, false)) {
            Agreement.ofNetworks(reference, backend, MemoryMode.SEPARATE);
        }
    }

    @Test
    void everyFusedFormIsUsedByANetwork() {
        Set<String> fused = Candidates.TABLE.stream()
                .filter(candidate -> candidate.kind().isEmpty())
                .map(Candidate::name)
                .collect(Collectors.toCollection(TreeSet::new));
        try (Backend reference = Backends.open("reference");
                CudaBackend backend = new CudaBackend(0, Candidates.TABLE, false)) {
            Agreement.ofNetworks(reference, backend, MemoryMode.SEPARATE);
            assertThat(backend.chosen()).containsAll(fused);
        }
    }
}
