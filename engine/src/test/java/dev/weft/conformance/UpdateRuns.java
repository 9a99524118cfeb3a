package dev.weft.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.optim.Sgd;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Programs of updates alone: of several optimizers, and behind a latch that is set. */
final class UpdateRuns {
    private static final int STEPS = 5;

    /** With rates, slots and schedules that differ. */
    private static final List<Optimizer> OPTIMIZERS = List.of(
            Sgd.of(0.5).momentum(0.9),
            Adam.of(0.01),
            Sgd.of(0.125),
            Adam.adamW(0.03, 0.1).betas(0.5, 0.75));

    private UpdateRuns() {}

    /** A program of several optimizers does what as many programs of one do, in a run of several steps and in single ones. */
    static void severalOptimizersDoWhatOneEachDoes(Backend backend) {
        for (MemoryMode mode : List.of(MemoryMode.ARENA, MemoryMode.SEPARATE)) {
            Map<String, double[]> expected = new LinkedHashMap<>();
            for (int k = 0; k < OPTIMIZERS.size(); k++) {
                expected.putAll(run(backend, mode, false, k));
            }
            for (boolean single : new boolean[] {false, true}) {
                Map<String, double[]> actual = run(backend, mode, single, 0, 1, 2, 3);
                assertThat(actual).containsOnlyKeys(expected.keySet());
                actual.forEach((name, values) -> assertThat(values)
                        .as("%s, %s, steps one by one: %s", name, mode, single)
                        .containsExactly(expected.get(name)));
            }
        }
    }

    /** Runs a program with the updates of some of the optimizers, numbered from 0; what they leave, by tensor. */
    private static Map<String, double[]> run(Backend backend, MemoryMode mode, boolean single, int... which) {
        List<Op> ops = new ArrayList<>();
        for (int number = 0; number < which.length; number++) {
            ops.add(update(which[number], number));
        }
        Program program = new Program("updates", 1, ops, List.of(), List.of(), List.of());
        assertThat(program.optimizers()).isEqualTo(which.length);
        StepRange range =
                new StepRange(3, STEPS, 0, 1, which.length, new double[STEPS * which.length * StepRange.RATES]);
        for (int number = 0; number < which.length; number++) {
            Schedule schedule = which[number] % 2 == 0 ? Schedule.cosine() : Schedule.step(1, 0.5);
            range.fillRates(number, OPTIMIZERS.get(which[number]), schedule, 20, 2);
        }
        Map<String, double[]> values = new LinkedHashMap<>();
        List<TensorRef> tensors =
                ops.stream().flatMap(op -> op.inputs().stream()).toList();
        try (Memory memory = backend.allocate(tensors);
                Executable executable =
                        backend.bind(List.of(program), List.of(memory), mode).get(0)) {
            tensors.forEach(tensor -> memory.write(tensor, random(tensor)));
            if (single) {
                for (int i = 0; i < STEPS; i++) {
                    executable.run(range.at(i, 1));
                }
            } else {
                executable.run(range);
            }
            assertThat(executable.nonFiniteStep()).isEqualTo(-1);
            tensors.forEach(
                    tensor -> values.put(tensor.name(), memory.read(tensor).doubles()));
        }
        return values;
    }

    private static Op.Update update(int k, int number) {
        Optimizer optimizer = OPTIMIZERS.get(k);
        List<TensorRef> state = Stream.of("m", "v")
                .limit(optimizer.slots())
                .map(name -> tensor(name + k, Role.OPTIMIZER))
                .toList();
        return optimizer.update(
                "optimizer",
                tensor("w" + k, Role.PARAMETER),
                tensor("dw" + k, Role.GRADIENT),
                state,
                optimizer.group("w"),
                number);
    }

    private static TensorRef tensor(String name, Role role) {
        return TensorRef.persistent(name, DType.REAL, Shape.of(37), role);
    }

    /** Above 0, as second moments are. */
    private static HostTensor random(TensorRef tensor) {
        Philox.Sequence random = Philox.sequence(5, tensor.name(), 0);
        float[] values = new float[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextUniform();
        }
        return HostTensor.of(tensor.shape(), values);
    }

    static void stepsWithRatesForAnotherNumberOfOptimizersAreRefused(Backend backend) {
        Op.Update first = update(0, 0);
        Op.Update second = update(1, 1);
        TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(3));
        Program updates = new Program("two", 1, List.of(first, second), List.of(), List.of(), List.of());
        Program none = new Program("none", 1, List.of(new Op.Fill("fill", 2, y)), List.of(), List.of(y), List.of());
        List<TensorRef> tensors =
                Stream.of(first, second).flatMap(op -> op.inputs().stream()).toList();
        try (Memory memory = backend.allocate(tensors)) {
            List<Executable> bound = backend.bind(List.of(updates, none), List.of(memory), MemoryMode.ARENA);
            try (Executable two = bound.get(0);
                    Executable other = bound.get(1)) {
                for (StepRange steps : List.of(StepRange.single(0, 1), rates(3))) {
                    assertThatThrownBy(() -> two.run(steps)).hasMessage(refusal(steps));
                    assertThatThrownBy(() -> two.trace(steps, new Executable.Observer() {}))
                            .hasMessage(refusal(steps));
                    other.run(steps);
                    assertThat(other.read(y).doubles()).containsExactly(2, 2, 2);
                }
                two.run(rates(2));
                assertThat(two.nonFiniteStep()).isEqualTo(-1);
            }
        }
    }

    private static StepRange rates(int optimizers) {
        return new StepRange(0, 1, 0, 1, optimizers, new double[optimizers * StepRange.RATES]);
    }

    private static String refusal(StepRange steps) {
        return "program two has 2 optimizers, the steps have rates for " + steps.optimizers();
    }

    /** Behind a check that has found a NaN, an update changes nothing. */
    static void anUpdateBehindASetLatchChangesNothing(OpCase opCase, Backend backend) {
        TensorRef bad = TensorRef.persistent("bad", DType.REAL, Shape.of(3), Role.GRADIENT);
        Program program = new Program(
                "latched",
                opCase.batch(),
                List.of(new Op.CheckFinite("check", bad), opCase.op()),
                OpCase.transients(opCase.op().inputs()),
                List.of(),
                List.of());
        List<TensorRef> roots = new ArrayList<>(opCase.operands().stream()
                .map(TensorRef::root)
                .filter(tensor -> tensor.role().persistent())
                .distinct()
                .toList());
        roots.add(bad);
        try (Memory memory = backend.allocate(roots);
                Executable executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                        .get(0)) {
            memory.write(bad, HostTensor.of(bad.shape(), 0f, Float.NaN, 0f));
            opCase.inputs().forEach((x, values) -> {
                if (x.root().role().persistent()) {
                    memory.write(x, values);
                } else {
                    executable.write(x, values);
                }
            });
            List<double[]> before = roots.stream()
                    .map(root -> memory.read(root).doubles().clone())
                    .toList();
            executable.run(opCase.range());
            assertThat(executable.nonFiniteStep()).isEqualTo(opCase.range().first());
            for (int i = 0; i < before.size(); i++) {
                assertThat(memory.read(roots.get(i)).doubles())
                        .as("%s after %s", roots.get(i), opCase)
                        .containsExactly(before.get(i));
            }
        }
    }
}
