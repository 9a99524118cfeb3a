package dev.weft.conformance;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A list of forward ops whose gradients are to be proved: for the number {@code L = sum of dy[i] y[i]} with random
 * {@code dy}, the gradients that the backward ops give are compared with central differences
 * {@code (L(x + h) - L(x - h)) / 2h}, element by element.
 *
 * @param y the output that L is made of
 * @param inputs the values of all inputs
 * @param wanted the inputs whose gradients are compared
 */
record GradientProblem(
        String name,
        List<Op> forward,
        TensorRef y,
        Map<TensorRef, HostTensor> inputs,
        List<TensorRef> wanted,
        int batch,
        StepRange range) {

    /**
     * h and the tolerance. Central differences leave out h^2 / 6 of the third derivative, 4e-11, and lose 2^-53 / h of the
     * magnitude, 1e-11, for each output that an element reaches. With third derivatives and magnitudes of a few units and
     * up to some ten outputs that is below 1e-8; a wrong rule is off by the gradient itself.
     */
    static final double STEP = 0x1p-16;

    static final double TOLERANCE = 1e-8;

    /** Elements of each input that are moved; all of a small one, else so many spread over it. */
    private static final int ELEMENTS = 24;

    /** The problem of a single op, for all inputs that its rule gives a gradient for. */
    static GradientProblem of(OpCase opCase) {
        Op.Differentiable op = (Op.Differentiable) opCase.op();
        // the probabilities take no gradient of their own
        TensorRef y = op instanceof Op.SoftmaxCrossEntropy loss
                ? loss.loss()
                : op.outputs().get(0);
        Set<String> rules = RecordingAutodiff.rules(op);
        List<TensorRef> wanted = op.inputs().stream()
                .distinct()
                .filter(x -> rules.contains(RecordingAutodiff.rule(op, x)))
                .toList();
        return new GradientProblem(
                opCase.toString(), List.of(op), y, opCase.inputs(), wanted, opCase.batch(), opCase.range());
    }

    /** Differentiates; the ops that write the gradients come in the second list of the result. */
    private RecordingAutodiff differentiate() {
        return new RecordingAutodiff(forward, y, dy(), destinations());
    }

    private TensorRef dy() {
        return y.like("dy");
    }

    private Map<TensorRef, TensorRef> destinations() {
        Map<TensorRef, TensorRef> destinations = new LinkedHashMap<>();
        wanted.forEach(x -> destinations.put(x, x.like("gradient of " + x.name())));
        return destinations;
    }

    /** The gradient rules that this problem applies. */
    Set<String> rules() {
        return differentiate().emitted().keySet();
    }

    /**
     * Compares all gradients.
     *
     * @return what differs first; empty if all agree
     */
    Optional<String> firstError(Backend reference) {
        return firstError(reference, null);
    }

    /**
     * The same with one rule wrong: whatever it emits has its sign flipped.
     *
     * @param mutated the rule's name, or null
     */
    Optional<String> firstError(Backend reference, String mutated) {
        RecordingAutodiff autodiff = differentiate();
        List<Op> flipped = mutated == null ? List.of() : autodiff.emitted().get(mutated);
        Map<TensorRef, double[]> gradients = gradients(reference, autodiff.backward(), flipped);
        try (Run run = new Run(reference, forward, List.of(y))) {
            for (TensorRef x : wanted) {
                double[] gradient = gradients.get(x);
                int stride = Math.max(1, gradient.length / ELEMENTS);
                for (int i = 0; i < gradient.length; i += stride) {
                    double difference = centralDifference(run, x, i);
                    if (!(Math.abs(difference - gradient[i]) <= TOLERANCE * (1 + Math.abs(gradient[i])))) {
                        return Optional.of("%s: the gradient of %s at %d is %s, finite differences give %s"
                                .formatted(name, x, i, gradient[i], difference));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private Map<TensorRef, double[]> gradients(Backend reference, List<Op> backward, List<Op> flipped) {
        List<Op> ops = new ArrayList<>(forward);
        ops.addAll(backward);
        Map<TensorRef, double[]> gradients = new LinkedHashMap<>();
        try (Run run = new Run(reference, ops, List.copyOf(destinations().values()))) {
            run.executable.trace(range, new Executable.Observer() {
                @Override
                public void after(List<Op> traced) {
                    for (Op op : traced) {
                        if (flipped.contains(op)) {
                            negate(run.executable, op.outputs().get(0));
                        }
                    }
                }
            });
            destinations()
                    .forEach((x, dx) -> gradients.put(x, run.executable.read(dx).doubles()));
        }
        return gradients;
    }

    private static void negate(Executable executable, TensorRef tensor) {
        double[] values = executable.read(tensor).doubles().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = -values[i];
        }
        executable.write(tensor, HostTensor.of(tensor.shape(), values));
    }

    /** The derivative of L; outputs are subtracted one by one, so that those that do not change add no error. */
    private double centralDifference(Run run, TensorRef x, int element) {
        double[] values = inputs.get(x).doubles().clone();
        double center = values[element];
        values[element] = center + STEP;
        double[] above = run.output(x, values);
        values[element] = center - STEP;
        double[] below = run.output(x, values);
        values[element] = center;
        run.write(x, HostTensor.of(x.shape(), values));
        double[] dy = seed().doubles();
        double sum = 0;
        for (int i = 0; i < dy.length; i++) {
            sum += dy[i] * (above[i] - below[i]);
        }
        return sum / (2 * STEP);
    }

    private HostTensor seed() {
        Philox.Sequence random = Philox.sequence(2, name, 0);
        double[] values = new double[y.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * random.nextUniform() - 1;
        }
        return HostTensor.of(y.shape(), values);
    }

    /** Ops bound to memory that holds the inputs. */
    private final class Run implements AutoCloseable {
        private final Memory memory;
        private final Executable executable;

        Run(Backend reference, List<Op> ops, List<TensorRef> results) {
            Set<TensorRef> transients = new LinkedHashSet<>(OpCase.transients(List.copyOf(inputs.keySet())));
            transients.add(dy());
            Program program =
                    new Program("gradient", batch, ops, List.copyOf(transients), OpCase.transients(results), List.of());
            memory = reference.allocate(Stream.concat(inputs.keySet().stream(), Stream.of(y))
                    .map(TensorRef::root)
                    .filter(x -> x.role().persistent())
                    .distinct()
                    .toList());
            executable = reference
                    .bind(List.of(program), List.of(memory), MemoryMode.SEPARATE)
                    .get(0);
            inputs.forEach(this::write);
            write(dy(), seed());
        }

        void write(TensorRef x, HostTensor values) {
            if (x.root().role().persistent()) {
                memory.write(x, values);
            } else {
                executable.write(x, values);
            }
        }

        double[] output(TensorRef x, double[] values) {
            write(x, HostTensor.of(x.shape(), values));
            executable.run(range);
            return executable.read(y).doubles();
        }

        @Override
        public void close() {
            executable.close();
            memory.close();
        }
    }
}
