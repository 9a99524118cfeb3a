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
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Walks one step of a program on the reference and on a candidate and compares every op alone: both compute it from the
 * same inputs. The reference goes first; before each op its inputs are rounded to the candidate's precision, so that both
 * hold the same numbers, and are remembered for the candidate.
 *
 * <p>Ops that the candidate has fused are one op here, and only what others read of their outputs is compared. The last of
 * them inherits the errors of those before it. How much that may be is found out on the reference, which computes the fused
 * ops twice more, with all inner values moved up and down by what they may be off.
 */
final class OpByOp {
    private final Program program;
    private final Precision precision;
    private final ReferenceExecutable reference;
    private final Executable candidate;
    private final StepRange range;
    private final Map<Op, Step> steps = new IdentityHashMap<>();
    private final Set<TensorRef> data = new HashSet<>();

    /** What happened in one op. */
    private static final class Step {
        final int index;
        final Map<TensorRef, HostTensor> inputs;
        final Map<TensorRef, HostTensor> expected = new LinkedHashMap<>();
        final Map<TensorRef, HostTensor> magnitudes = new LinkedHashMap<>();
        final Map<TensorRef, double[]> inherited = new LinkedHashMap<>();
        final Map<TensorRef, HostTensor> actual = new LinkedHashMap<>();
        List<Op> fusedWith;

        Step(int index, Map<TensorRef, HostTensor> inputs) {
            this.index = index;
            this.inputs = inputs;
        }
    }

    private OpByOp(ReferenceExecutable reference, Executable candidate, Precision precision, StepRange range) {
        this.program = candidate.program();
        this.reference = reference;
        this.candidate = candidate;
        this.precision = precision;
        this.range = range;
    }

    static CheckReport compare(
            ReferenceExecutable reference, Executable candidate, double unitRoundoff, StepRange range) {
        if (!reference.program().equals(candidate.program())) {
            throw new IllegalArgumentException("two executables of one program are needed, got %s and %s"
                    .formatted(reference.program().name(), candidate.program().name()));
        }
        OpByOp check = new OpByOp(reference, candidate, Precision.of(unitRoundoff), range);
        check.traceReference();
        check.traceCandidate();
        if (check.steps.values().stream().anyMatch(step -> step.fusedWith.size() > 1)) {
            check.traceInherited(1);
            check.traceInherited(-1);
        }
        return check.report();
    }

    private void traceReference() {
        reference.trace(range, new Executable.Observer() {
            private int index;

            @Override
            public void before(List<Op> ops) {
                steps.put(current(ops), new Step(index, inputs(current(ops))));
            }

            @Override
            public void after(List<Op> ops) {
                Step step = steps.get(current(ops));
                for (TensorRef y : current(ops).outputs()) {
                    step.expected.put(y, reference.read(y));
                    step.magnitudes.put(y, reference.magnitudes(y));
                    step.inherited.put(y, new double[y.elements()]);
                }
                index++;
            }

            private Op current(List<Op> ops) {
                return single(ops, index);
            }
        });
    }

    /** The op of the program; the reference fuses nothing. */
    private Op single(List<Op> ops, int index) {
        if (ops.size() != 1 || !ops.get(0).equals(program.ops().get(index))) {
            throw new IllegalStateException("the reference traces %s in place of %s"
                    .formatted(ops, Program.describe(program.ops().get(index))));
        }
        return program.ops().get(index);
    }

    private void traceCandidate() {
        candidate.trace(range, new Executable.Observer() {
            @Override
            public void before(List<Op> ops) {
                feed(ops);
            }

            @Override
            public void after(List<Op> ops) {
                for (Op op : ops) {
                    Step step = step(op);
                    step.fusedWith = ops;
                    op.outputs().stream()
                            .filter(y -> ops.size() == 1 || readOutside(y, ops))
                            .forEach(y -> step.actual.put(y, candidate.read(y)));
                }
            }
        });
        for (Op op : program.ops()) {
            if (step(op).fusedWith == null) {
                throw new IllegalStateException("the candidate's trace left out " + Program.describe(op));
            }
        }
    }

    /** Moves the inner values of fused ops by what they may be off, and notes how far their outputs move. */
    private void traceInherited(int sign) {
        reference.trace(range, new Executable.Observer() {
            private int index;

            @Override
            public void before(List<Op> ops) {
                Step step = step(single(ops, index));
                step.inputs.forEach((x, values) -> {
                    if (!inner(x, step.fusedWith)) {
                        reference.write(x, values);
                    }
                });
            }

            @Override
            public void after(List<Op> ops) {
                Op op = single(ops, index++);
                Step step = step(op);
                for (TensorRef y : op.outputs()) {
                    double[] moved = reference.read(y).doubles().clone();
                    double[] inherited = step.inherited.get(y);
                    HostTensor expected = step.expected.get(y);
                    for (int i = 0; i < moved.length; i++) {
                        inherited[i] = Math.max(inherited[i], Math.abs(moved[i] - expected.get(i)));
                        moved[i] += sign
                                * Tolerance.of(op)
                                * precision.unitRoundoff()
                                * step.magnitudes.get(y).get(i);
                    }
                    boolean real = y.type() == DType.REAL;
                    if (real && inner(y, step.fusedWith)) {
                        reference.write(y, HostTensor.of(y.shape(), moved));
                    } else {
                        reference.write(y, expected);
                    }
                }
            }
        });
    }

    /** Whether a tensor is written by one of these ops. */
    private static boolean inner(TensorRef tensor, List<Op> fused) {
        return fused.size() > 1 && fused.stream().anyMatch(op -> op.outputs().contains(tensor));
    }

    private CheckReport report() {
        List<Difference> differences = new ArrayList<>();
        for (Op op : program.ops()) {
            Step step = step(op);
            step.actual.forEach((y, actual) -> differences.add(Difference.of(
                    step.index,
                    op,
                    y,
                    step.expected.get(y),
                    step.magnitudes.get(y),
                    step.inherited.get(y),
                    actual,
                    precision.unitRoundoff())));
        }
        return new CheckReport(program.name(), differences);
    }

    /** Rounds an op's inputs in the reference, and returns them. A data set is as good as constant: once is enough. */
    private Map<TensorRef, HostTensor> inputs(Op op) {
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
    private void feed(List<Op> ops) {
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

    private boolean readOutside(TensorRef y, List<Op> fused) {
        return y.root().role().persistent()
                || program.outputs().contains(y)
                || program.metricValues().contains(y)
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
