package dev.weft.check;

import dev.weft.backend.Executable;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Walks one step of a program on the reference and on a candidate and compares every op alone: both compute it from the
 * same inputs. The reference goes first; before each op its inputs are rounded to the candidate's precision, so that both
 * hold the same numbers, and are remembered for the candidate. Ops that the candidate has fused are one op here: only what
 * others read of their outputs is compared.
 */
final class OpByOp {
    private final Program program;
    private final Precision precision;
    private final Map<Op, Step> steps = new IdentityHashMap<>();
    private final Set<TensorRef> data = new HashSet<>();
    private final List<Difference> differences = new ArrayList<>();

    /** What the reference read and wrote in one op. */
    private record Step(
            int index,
            Map<TensorRef, HostTensor> inputs,
            Map<TensorRef, HostTensor> outputs,
            Map<TensorRef, HostTensor> magnitudes) {}

    private OpByOp(Program program, Precision precision) {
        this.program = program;
        this.precision = precision;
    }

    static CheckReport compare(
            ReferenceExecutable reference, Executable candidate, double unitRoundoff, StepRange range) {
        if (!reference.program().equals(candidate.program())) {
            throw new IllegalArgumentException("two executables of one program are needed, got %s and %s"
                    .formatted(reference.program().name(), candidate.program().name()));
        }
        return new OpByOp(candidate.program(), Precision.of(unitRoundoff)).run(reference, candidate, range);
    }

    private CheckReport run(ReferenceExecutable reference, Executable candidate, StepRange range) {
        reference.trace(range, new Executable.Observer() {
            private int index;

            @Override
            public void before(List<Op> ops) {
                for (Op op : ops) {
                    steps.put(
                            program.ops().get(index),
                            new Step(index++, inputs(reference, op), new LinkedHashMap<>(), new LinkedHashMap<>()));
                }
            }

            @Override
            public void after(List<Op> ops) {
                for (Op op : program.ops().subList(index - ops.size(), index)) {
                    Step step = steps.get(op);
                    for (TensorRef y : op.outputs()) {
                        step.outputs.put(y, reference.read(y));
                        step.magnitudes.put(y, reference.magnitudes(y));
                    }
                }
            }
        });
        Set<Op> pending = java.util.Collections.newSetFromMap(new IdentityHashMap<>());
        pending.addAll(program.ops());
        data.clear();
        candidate.trace(range, new Executable.Observer() {
            @Override
            public void before(List<Op> ops) {
                feed(candidate, ops);
            }

            @Override
            public void after(List<Op> ops) {
                ops.forEach(op -> compareOutputs(candidate, op, ops));
                ops.forEach(pending::remove);
            }
        });
        if (!pending.isEmpty()) {
            throw new IllegalStateException("the candidate's trace left out "
                    + pending.stream().map(Program::describe).toList());
        }
        differences.sort(Comparator.comparingInt(Difference::index));
        return new CheckReport(program.name(), differences);
    }

    /** Rounds an op's inputs in the reference, and returns them. A data set is as good as constant: once is enough. */
    private Map<TensorRef, HostTensor> inputs(ReferenceExecutable reference, Op op) {
        Map<TensorRef, HostTensor> inputs = new LinkedHashMap<>();
        for (TensorRef x : op.inputs()) {
            if (x.root().role() != Role.DATA || data.add(x)) {
                HostTensor values = reference.read(x);
                if (x.type() == DType.REAL) {
                    values = rounded(values);
                    reference.write(x, values);
                }
                inputs.put(x, values);
            }
        }
        return inputs;
    }

    private HostTensor rounded(HostTensor values) {
        double[] rounded = new double[values.elements()];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = precision.round(values.get(i));
        }
        return HostTensor.of(values.shape(), rounded);
    }

    /** Gives the candidate the reference's inputs, but for those that a fused op makes for itself. */
    private void feed(Executable candidate, List<Op> ops) {
        Set<TensorRef> own = new HashSet<>();
        for (Op op : ops) {
            step(op).inputs.forEach((x, values) -> {
                if (!own.contains(x)) {
                    candidate.write(x, values);
                }
            });
            own.addAll(op.outputs());
        }
    }

    private void compareOutputs(Executable candidate, Op op, List<Op> fused) {
        Step step = step(op);
        step.outputs.forEach((y, expected) -> {
            if (fused.size() == 1 || readOutside(y, fused)) {
                differences.add(Difference.of(
                        step.index,
                        op,
                        y,
                        expected,
                        step.magnitudes.get(y),
                        candidate.read(y),
                        precision.unitRoundoff()));
            }
        });
    }

    private boolean readOutside(TensorRef y, List<Op> fused) {
        return y.root().role().persistent()
                || program.outputs().contains(y)
                || program.metrics().contains(y)
                || program.ops().stream()
                        .anyMatch(op -> fused.stream().noneMatch(inner -> inner == op)
                                && op.inputs().contains(y));
    }

    private Step step(Op op) {
        Step step = steps.get(op);
        if (step == null) {
            throw new IllegalStateException("the candidate traces an op that the program has not: " + op);
        }
        return step;
    }
}
