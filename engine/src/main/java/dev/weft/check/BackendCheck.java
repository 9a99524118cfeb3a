package dev.weft.check;

import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Backends;
import dev.weft.backend.Executable;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.backend.StepRange;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.graph.Graph;
import dev.weft.loss.Loss;
import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.GraphLowering;
import dev.weft.program.MemoryMode;
import dev.weft.program.Network;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.TensorRef;
import dev.weft.train.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares a backend with the reference, op by op, and names the first op that differs:
 *
 * <pre>{@code
 * try (Backend backend = Backends.best()) {
 *   System.out.println(BackendCheck.compare(lenet, Loss.softmaxCrossEntropy(), train.slice(0, 64), backend));
 * }
 * }</pre>
 *
 * <p>Each op is judged alone: before it runs, the candidate is given the reference's inputs, rounded to the candidate's
 * precision, and the reference computes from the same rounded numbers. So an error is not carried on, and
 * {@link Tolerance} can be strict. {@link #freeRun} lets both go their own ways and compares the first metric, the loss, alone.
 *
 * <p>The static methods check one step. An open check holds a training program on both backends and checks step after
 * step; each starts from what the reference had after the step before.
 */
public final class BackendCheck implements AutoCloseable {
    private final CompiledStep step;
    private final Map<TensorRef, HostTensor> values = new LinkedHashMap<>();
    private final int rows;
    private final Side reference;
    private final Side candidate;

    /** One of the two backends, with the step bound to memory of its own. */
    private record Side(Backend backend, BoundStep bound) implements AutoCloseable {
        Executable executable() {
            return bound.executable();
        }

        @Override
        public void close() {
            bound.close();
        }
    }

    /**
     * A check of training steps.
     *
     * @param parameters the values to start from, by name, as {@link Model#parameters} gives them, and {@link Model#states}
     *     where not the initial ones
     * @param data its rows are taken in their order
     * @param batch rows of a step
     * @param seed key of the random numbers that layers use
     * @param reference the backend {@code reference}
     * @param mode how the candidate's tensors share memory
     */
    public BackendCheck(
            Graph graph,
            Map<String, HostTensor> parameters,
            Loss loss,
            Optimizer optimizer,
            Dataset data,
            int batch,
            long seed,
            Backend reference,
            Backend candidate,
            MemoryMode mode) {
        this(
                Step.supervised(GraphLowering.of(ParameterLayout.DEFAULT_NAME, graph, seed), loss, optimizer),
                parameters,
                data.columns(),
                batch,
                reference,
                candidate,
                mode);
    }

    /**
     * A check of the steps of one's own. It applies networks without values, {@link GraphLowering#of}.
     *
     * @param parameters the values to start from, by the names that they have in the program: those of a network that has a
     *     name of its own bear it, {@code critic.linear1.weight}
     * @param data its rows are taken in their order
     */
    public BackendCheck(
            Step step,
            Map<String, HostTensor> parameters,
            Columns data,
            int batch,
            Backend reference,
            Backend candidate,
            MemoryMode mode) {
        this.step = step.compile(DataTensors.of("check", data), batch);
        Map<String, TensorRef> places = new LinkedHashMap<>();
        for (Network network : this.step.networks()) {
            GraphLowering lowering = network.lowering();
            lowering.layout().states().values().forEach(state -> places.put(state.name(), state));
            lowering.layout().views().values().forEach(view -> places.put(view.name(), view));
        }
        parameters.forEach((name, value) -> {
            if (!places.containsKey(name)) {
                throw new WeftException("the step has no parameter %s; there are %s".formatted(name, places.keySet()));
            }
            values.put(places.get(name), value);
        });
        this.rows = data.size();
        this.reference = bind(reference, data, MemoryMode.SEPARATE);
        this.candidate = bind(candidate, data, mode);
        if (!(this.reference.executable() instanceof ReferenceExecutable)) {
            throw new WeftException("the backend " + reference.name() + " gives no magnitudes, so it is no reference");
        }
        reset();
    }

    private Side bind(Backend backend, Columns data, MemoryMode mode) {
        BoundStep bound = BoundStep.of(step, backend, mode);
        bound.write(data);
        return new Side(backend, bound);
    }

    /** The program that is compared. */
    public Program program() {
        return step.program();
    }

    /** Puts both sides back to the parameters that the check began with, and the optimizer's state to zero. */
    public void reset() {
        for (Side side : List.of(reference, candidate)) {
            side.bound.resetStates();
            values.forEach(side.bound::write);
            for (TensorRef slot : step.buffers(Role.OPTIMIZER)) {
                side.bound.write(slot, HostTensor.of(slot.shape(), new float[slot.elements()]));
            }
        }
    }

    /**
     * Compares one step op by op. It starts from the parameters and the optimizer's state that the reference has, rounded
     * to the candidate's precision, and leaves the reference's in the state after the step.
     *
     * @param number of the step, from 0; the rows of the data set are taken in turn, as many as a batch has
     */
    public CheckReport step(long number) {
        return OpByOp.compare(
                (ReferenceExecutable) reference.executable(),
                candidate.executable(),
                candidate.backend.unitRoundoff(),
                range(number));
    }

    /**
     * Runs steps from the beginning on both sides, each on its own, and gives the loss of each step.
     *
     * @throws WeftException if the candidate met a non-finite value and the reference did not, or the reverse
     */
    public FreeRun freeRun(int steps) {
        reset();
        double[] expected = new double[steps];
        double[] actual = new double[steps];
        for (int i = 0; i < steps; i++) {
            expected[i] = loss(reference, i);
            actual[i] = loss(candidate, i);
            long bad = reference.executable().nonFiniteStep();
            if (candidate.executable().nonFiniteStep() != bad) {
                throw new WeftException("first non-finite step: reference %d, %s %d"
                        .formatted(
                                bad,
                                candidate.backend.name(),
                                candidate.executable().nonFiniteStep()));
            }
        }
        return new FreeRun(expected, actual);
    }

    private double loss(Side side, int number) {
        double[] metrics = new double[program().metrics().size()];
        side.executable().run(range(number));
        side.executable().metrics(metrics);
        return metrics[0];
    }

    private StepRange range(long number) {
        int batch = program().batch();
        long steps = Math.max(1, rows / batch);
        double[] rates = new double[program().optimizers() * StepRange.RATES];
        StepRange range = new StepRange(
                number,
                1,
                (int) (number % steps) * batch,
                Math.min(batch, rows),
                program().optimizers(),
                rates);
        step.fillRates(range, Schedule.constant(), 0, steps, steps);
        return range;
    }

    @Override
    public void close() {
        reference.close();
        candidate.close();
    }

    /**
     * The losses of steps that reference and candidate ran on their own.
     *
     * @param reference the reference's loss of each step
     * @param candidate the candidate's
     */
    public record FreeRun(double[] reference, double[] candidate) {

        /** The largest {@code |candidate - reference| / |reference|}. */
        public double maxRelative() {
            double max = 0;
            for (int i = 0; i < reference.length; i++) {
                double error = Math.abs(candidate[i] - reference[i]) / Math.abs(reference[i]);
                max = error > max || Double.isNaN(error) ? error : max;
            }
            return max;
        }
    }

    /**
     * Compares one step of two executables of one program, op by op.
     *
     * @param reference holds the values to compute from: inputs, parameters, data
     * @param candidate is given them
     * @param unitRoundoff the candidate's
     * @param step one step
     */
    public static CheckReport compare(
            ReferenceExecutable reference, Executable candidate, double unitRoundoff, StepRange step) {
        return OpByOp.compare(reference, candidate, unitRoundoff, step);
    }

    /**
     * Compares one training step, with fresh parameters and Adam.
     *
     * @param batch the rows of the step
     * @param candidate the backend to compare with the reference, which must be on the class path
     */
    public static CheckReport compare(Graph graph, Loss loss, Dataset batch, Backend candidate) {
        try (Backend reference = Backends.open("reference");
                Model model = Model.create(graph, reference, 1)) {
            return compare(model, loss, batch, reference, candidate);
        }
    }

    /**
     * Compares one training step of two models of one graph, both with the parameters of the first. The models stay as
     * they are.
     *
     * @param reference a model on the backend {@code reference}
     * @param batch the rows of the step
     */
    public static CheckReport compare(Model reference, Model candidate, Loss loss, Dataset batch) {
        return compare(reference, loss, batch, reference.backend(), candidate.backend());
    }

    private static CheckReport compare(Model model, Loss loss, Dataset batch, Backend reference, Backend candidate) {
        Map<String, HostTensor> values = model.parameters();
        values.putAll(model.states());
        try (BackendCheck check = new BackendCheck(
                model.graph(),
                values,
                loss,
                Adam.of(1e-3),
                batch,
                batch.size(),
                model.seed(),
                reference,
                candidate,
                MemoryMode.ARENA)) {
            return check.step(0);
        }
    }
}
