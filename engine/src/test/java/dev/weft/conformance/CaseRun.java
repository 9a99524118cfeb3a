package dev.weft.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.check.Difference;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a backend made of a case.
 *
 * @param magnitudes of the outputs; empty unless the backend is the reference
 * @param nonFiniteStep as the latch says after a run; a trace leaves it at -1
 */
record CaseRun(Map<TensorRef, HostTensor> values, Map<TensorRef, HostTensor> magnitudes, long nonFiniteStep) {

    /** How an op is executed. */
    enum Way {
        RUN,
        TRACE
    }

    /**
     * Runs a case as a program of its own. Persistent memory is NaN before, except for the inputs, and must be the same
     * afterwards, except for the outputs.
     */
    static CaseRun of(OpCase opCase, Backend backend, MemoryMode mode, Way way) {
        Program program = opCase.program();
        List<TensorRef> roots = opCase.operands().stream()
                .map(TensorRef::root)
                .filter(tensor -> tensor.role().persistent())
                .distinct()
                .toList();
        try (Memory memory = backend.allocate(roots);
                Executable executable =
                        backend.bind(List.of(program), List.of(memory), mode).get(0)) {
            for (TensorRef root : roots) {
                if (root.type() == DType.REAL) {
                    float[] poison = new float[root.elements()];
                    Arrays.fill(poison, Float.NaN);
                    memory.write(root, HostTensor.of(root.shape(), poison));
                }
            }
            opCase.inputs().forEach((x, values) -> {
                if (x.root().role().persistent()) {
                    memory.write(x, values);
                } else {
                    executable.write(x, values);
                }
            });
            Map<TensorRef, HostTensor> before = new LinkedHashMap<>();
            roots.forEach(root -> before.put(root, memory.read(root)));

            Map<TensorRef, HostTensor> values = new LinkedHashMap<>();
            Map<TensorRef, HostTensor> magnitudes = new LinkedHashMap<>();
            long nonFiniteStep = -1;
            if (way == Way.RUN) {
                executable.run(opCase.range());
                nonFiniteStep = executable.nonFiniteStep();
                collect(opCase, executable, values, magnitudes);
            } else {
                executable.trace(opCase.range(), new Executable.Observer() {
                    @Override
                    public void after(List<Op> ops) {
                        collect(opCase, executable, values, magnitudes);
                    }
                });
                assertThat(values)
                        .as("outputs seen while tracing")
                        .containsOnlyKeys(opCase.op().outputs());
            }
            before.forEach((root, old) -> assertUnchanged(opCase, root, old, memory.read(root)));
            return new CaseRun(values, magnitudes, nonFiniteStep);
        }
    }

    private static void collect(
            OpCase opCase,
            Executable executable,
            Map<TensorRef, HostTensor> values,
            Map<TensorRef, HostTensor> magnitudes) {
        for (TensorRef y : opCase.op().outputs()) {
            values.put(y, executable.read(y));
            if (executable instanceof ReferenceExecutable reference) {
                magnitudes.put(y, reference.magnitudes(y));
            }
        }
    }

    /** What is no output of the op is as it was. */
    private static void assertUnchanged(OpCase opCase, TensorRef root, HostTensor before, HostTensor after) {
        boolean[] written = new boolean[root.elements()];
        for (TensorRef y : opCase.op().outputs()) {
            if (y.root().equals(root)) {
                int start = Math.toIntExact(y.offset());
                Arrays.fill(written, start, start + y.elements(), true);
            }
        }
        for (int i = 0; i < written.length; i++) {
            if (!written[i] && Double.compare(before.get(i), after.get(i)) != 0) {
                throw new AssertionError("%s changed element %d of %s, which is no output: %s became %s"
                        .formatted(opCase, i, root, before.get(i), after.get(i)));
            }
        }
    }

    /** Fails unless these, the reference's outputs, are those worked out by hand, and no value exceeds its magnitude. */
    void assertByHand(OpCase opCase) {
        opCase.expected()
                .forEach((y, expected) -> assertThat(values.get(y).doubles())
                        .as(y.toString())
                        .usingComparatorWithPrecision(1e-14)
                        .containsExactly(expected));
        magnitudes.forEach((y, sizes) -> {
            for (int i = 0; y.type() == DType.REAL && i < y.elements(); i++) {
                double value = Math.abs(values.get(y).get(i));
                if (Double.isFinite(value) && !(sizes.get(i) >= value * (1 - 1e-12))) {
                    throw new AssertionError("%s: element %d of %s is %s, its magnitude %s"
                            .formatted(opCase, i, y, value, sizes.get(i)));
                }
            }
        });
    }

    /** Fails unless a candidate's outputs agree with these, the reference's. */
    void assertAgrees(OpCase opCase, CaseRun candidate, double unitRoundoff) {
        values.forEach((y, expected) -> {
            Difference difference = Difference.of(
                    0, opCase.op(), y, expected, magnitudes.get(y), candidate.values.get(y), unitRoundoff);
            assertThat(difference).matches(Difference::equal, "agrees with the reference");
        });
    }
}
