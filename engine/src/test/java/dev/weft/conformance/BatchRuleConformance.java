package dev.weft.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.OpTable;
import dev.weft.conformance.CaseRun.Way;
import dev.weft.op.BatchRule;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What each kind of op says of the batch, proved on the reference by the cases with two rows or more. */
public abstract class BatchRuleConformance {

    @TestFactory
    Stream<DynamicTest> everyOpTreatsTheBatchAsItSays() {
        Map<Class<? extends Op>, List<OpCase>> cases = Cases.byKind();
        return OpTable.allKinds().stream()
                .map(kind -> dynamicTest(kind.getSimpleName(), () -> check(kind, cases.getOrDefault(kind, List.of()))));
    }

    private static void check(Class<? extends Op> kind, List<OpCase> cases) {
        List<OpCase> batches = cases.stream().filter(next -> next.batch() > 1).toList();
        List<OpCase> mapped = having(batches, BatchRule.MAPPED);
        List<OpCase> reduced = having(batches, BatchRule.REDUCED);
        try (Backend reference = Backends.open("reference")) {
            mapped.forEach(opCase -> checkMapped(opCase, reference));
            reduced.forEach(opCase -> checkReduced(opCase, reference));
        }
        if (Op.Mapped.class.isAssignableFrom(kind)) {
            assertThat(mapped).as("cases of a mapped batch").isNotEmpty();
        }
        if (Op.Reduced.class.isAssignableFrom(kind) || kind == Op.MatMul.class) {
            assertThat(reduced).as("cases of a reduced batch").isNotEmpty();
        }
    }

    private static List<OpCase> having(List<OpCase> cases, BatchRule rule) {
        return cases.stream().filter(next -> next.op().batchRule() == rule).toList();
    }

    /** Row n of the outputs stays the same where all other rows of the inputs become copies of row n. */
    private static void checkMapped(OpCase opCase, Backend reference) {
        Map<TensorRef, HostTensor> expected = run(opCase, reference);
        for (int n : new int[] {0, opCase.batch() / 2, opCase.batch() - 1}) {
            Map<TensorRef, HostTensor> actual = run(moved(opCase, i -> n), reference);
            expected.forEach((y, values) -> assertThat(row(actual.get(y), y, n))
                    .as("row %d of %s, %s", n, y, opCase)
                    .containsExactly(row(values, y, n)));
        }
    }

    private static double[] row(HostTensor values, TensorRef y, int n) {
        assertThat(y.batched()).as("%s is batched", y).isTrue();
        int length = y.elements() / y.shape().get(0);
        return IntStream.range(n * length, (n + 1) * length)
                .mapToDouble(values::get)
                .toArray();
    }

    /**
     * A sum over the rows: of two batches x and y, cut into the same parts A and B, {@code f(x) + f(y) = f(x_A y_B) +
     * f(y_A x_B)}. Here y has the rows of x in reverse.
     */
    private static void checkReduced(OpCase opCase, Backend reference) {
        int last = opCase.batch() - 1;
        int half = opCase.batch() / 2;
        Map<TensorRef, HostTensor> x = run(opCase, reference);
        Map<TensorRef, HostTensor> y = run(moved(opCase, i -> last - i), reference);
        Map<TensorRef, HostTensor> first = run(moved(opCase, i -> i < half ? i : last - i), reference);
        Map<TensorRef, HostTensor> second = run(moved(opCase, i -> i < half ? last - i : i), reference);
        x.forEach((output, values) -> {
            for (int i = 0; i < output.elements(); i++) {
                double sum = values.get(i) + y.get(output).get(i);
                double size = Math.abs(values.get(i)) + Math.abs(y.get(output).get(i)) + opCase.batch();
                if (Double.isFinite(sum)) {
                    assertThat(first.get(output).get(i) + second.get(output).get(i))
                            .as("element %d of %s, %s", i, output, opCase)
                            .isCloseTo(sum, within(1e-12 * size));
                }
            }
        });
    }

    private static OpCase moved(OpCase opCase, IntUnaryOperator source) {
        int[] rows = new int[opCase.batch()];
        Arrays.setAll(rows, source);
        return opCase.withRows(rows);
    }

    private static Map<TensorRef, HostTensor> run(OpCase opCase, Backend reference) {
        return CaseRun.of(opCase, reference, MemoryMode.SEPARATE, Way.RUN).values();
    }
}
