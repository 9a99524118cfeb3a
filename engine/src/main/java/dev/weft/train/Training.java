package dev.weft.train;

import dev.weft.NonFiniteException;
import dev.weft.WeftException;
import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Columns;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.op.Op;
import dev.weft.optim.Schedule;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.Network;
import dev.weft.program.Program;
import dev.weft.program.Step;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A {@link Step} in execution: its program for full batches and that for the last, shorter one, the data set, the optimizers'
 * state, and how far it has come. It takes the rows of the data set in an order that each epoch shuffles anew by the step's
 * seed, or batches that are handed over one by one. {@link Trainer} is the short form for one network, one loss and one
 * optimizer.
 *
 * <p>The models of the step stay open as long as the training. For one thread at a time.
 */
public final class Training implements AutoCloseable {
    /** Steps are handed to the backend in runs of about this length, between which progress is reported. */
    private static final double RUN_SECONDS = 0.1;

    private final Step step;
    private final int batch;
    private final List<Model> models = new ArrayList<>();
    private final BoundStep bound;
    private final Executable full;
    private final Executable last;
    private final TensorRef order;
    private final int rows;
    private final int fullSteps;
    private final int lastRows;
    private final int stepsPerEpoch;
    private final int optimizers;
    private final double[] rates;
    private final double[] metrics;
    private Schedule schedule = Schedule.constant();
    /** Whether a learning rate may change from step to step. */
    private boolean scheduled;

    private long scheduledSteps;
    private int stepsPerRun = 1;
    private boolean inOrder;
    private long stepsDone;
    private int epochsDone;
    private boolean stepped;
    private boolean closed;

    /**
     * What one epoch gave.
     *
     * @param number from 1
     * @param metrics each metric's mean over the epoch's rows, by its name
     */
    public record Epoch(int number, Map<String, Double> metrics, double seconds) {}

    private Training(Backend backend, Step step, Columns data, int batch) {
        if (batch < 1) {
            throw new WeftException("a batch needs at least 1 sample, got " + batch);
        }
        this.step = step;
        this.batch = batch;
        DataTensors tensors = data == null ? null : DataTensors.of(step.name(), data);
        rows = data == null ? batch : data.size();
        fullSteps = rows / batch;
        lastRows = rows % batch;
        stepsPerEpoch = fullSteps + (lastRows > 0 ? 1 : 0);
        List<CompiledStep> steps = new ArrayList<>();
        if (fullSteps > 0) {
            steps.add(step.compile(tensors, batch));
        }
        if (lastRows > 0) {
            steps.add(step.compile(tensors, lastRows));
        }
        CompiledStep first = steps.get(0);
        scheduled = first.updates().stream().anyMatch(update -> update.schedule() != null);
        order = data == null ? null : tensors.order();
        optimizers = first.program().optimizers();
        rates = new double[StepRange.MAX_COUNT * optimizers * StepRange.RATES];
        metrics = new double[StepRange.MAX_COUNT * first.program().metrics().size()];
        bound = BoundStep.of(steps, backend, parameters(backend, first), MemoryMode.ARENA);
        full = fullSteps > 0 ? bound.executable(0) : null;
        last = lastRows > 0 ? bound.executable(steps.size() - 1) : null;
        try {
            if (data != null && !first.buffers(Role.DATA).isEmpty()) {
                bound.write(data);
            }
        } catch (RuntimeException e) {
            bound.close();
            throw e;
        }
        models.forEach(model -> model.occupancy().bind(step.name()));
    }

    /** The parameters that the step's models hold, all on this backend. */
    private Map<TensorRef, Memory> parameters(Backend backend, CompiledStep compiled) {
        Map<TensorRef, Memory> held = new LinkedHashMap<>();
        for (Network network : compiled.networks()) {
            if (!(network instanceof Model model)) {
                throw new WeftException("step %s: %s is a graph without values; create a Model of it"
                        .formatted(step.name(), network.lowering().layout().name()));
            }
            if (model.backend() != backend) {
                throw new WeftException("step %s: the model %s is on the backend %s, the training on %s%s"
                        .formatted(
                                step.name(),
                                model.name(),
                                model.backend().name(),
                                backend.name(),
                                model.backend().name().equals(backend.name()) ? ", opened a second time" : ""));
            }
            model.occupancy().use().close();
            models.add(model);
            held.putAll(model.held());
        }
        return held;
    }

    /**
     * A training on a data set.
     *
     * @param step reads columns of the data set
     * @param batch rows of a batch; where they do not divide the data set, the last batch of an epoch is short
     * @throws WeftException if step, models and data do not fit together, or a model is on another backend; the message names
     *     the step
     * @throws dev.weft.OutOfDeviceMemoryException if data or activations do not fit
     */
    public static Training of(Backend backend, Step step, Columns data, int batch) {
        return new Training(backend, step, data, batch);
    }

    /** A training on a data set whose columns are {@code features} and {@code targets}. */
    public static Training of(Backend backend, Step step, Dataset data, int batch) {
        return new Training(backend, step, data.columns(), batch);
    }

    /** A training on batches of so many rows that are handed to {@link #step(Map)}. */
    public static Training of(Backend backend, Step step, int batch) {
        return new Training(backend, step, null, batch);
    }

    /**
     * Takes the rows of every epoch in the order of the data set, not shuffled: for batches that go on where the one before
     * has ended.
     */
    public Training inOrder() {
        inOrder = true;
        return this;
    }

    /** The learning rates' course over the epochs of a call of {@link #run}; constant by default. */
    public Training schedule(Schedule course) {
        schedule = course;
        scheduled = true;
        return this;
    }

    /**
     * The learning rates' course over so many steps, for {@link #step}, each of which counts as an epoch.
     *
     * @param course for the updates that have none of their own
     */
    public Training schedule(Schedule course, long steps) {
        if (steps < 1) {
            throw new WeftException("a schedule needs at least 1 step, got " + steps);
        }
        schedule = course;
        scheduledSteps = steps;
        scheduled = true;
        return this;
    }

    /**
     * Goes through the data set so many times; a further call goes on where the last one ended. An interrupt of the thread ends
     * it after the steps that are running; the thread stays interrupted.
     *
     * @return the epochs that are done
     * @throws NonFiniteException if loss or gradients become NaN or infinite
     */
    public List<Epoch> run(int epochs) {
        if (epochs < 1) {
            throw new WeftException("training needs at least 1 epoch, got " + epochs);
        }
        if (order == null) {
            throw new WeftException(
                    "step %s: there is no data set to go through; hand batches to step()".formatted(step.name()));
        }
        if (!bound.step().program().inputs().isEmpty()) {
            throw new WeftException("step %s reads the host input %s, which only step() writes"
                    .formatted(step.name(), bound.step().program().inputs().get(0)));
        }
        return held(() -> {
            List<Epoch> results = new ArrayList<>();
            long before = stepsDone;
            for (int i = 0; i < epochs && !Thread.currentThread().isInterrupted(); i++) {
                Means means = new Means(bound.step().program());
                double seconds = epoch(
                        before, epochs, means, () -> Thread.currentThread().isInterrupted());
                if (!Double.isNaN(seconds)) {
                    results.add(new Epoch(epochsDone, means.values(), seconds));
                }
            }
            return results;
        });
    }

    /** Metrics of an epoch as they come in. */
    private record Means(Program program, double[] sums, long[] rows) implements Observer {
        Means(Program program) {
            this(program, new double[program.metrics().size()], new long[1]);
        }

        @Override
        public void done(int from, int count, int rowsPerStep, double[] values, double seconds) {
            for (int i = 0; i < count * sums.length; i++) {
                sums[i % sums.length] += values[i] * rowsPerStep;
            }
            rows[0] += (long) count * rowsPerStep;
        }

        Map<String, Double> values() {
            Map<String, Double> means = new LinkedHashMap<>();
            for (int i = 0; i < sums.length; i++) {
                means.put(program.metrics().get(i).name(), sums[i] / rows[0]);
            }
            return means;
        }
    }

    /**
     * One step on a batch of the caller's.
     *
     * @param inputs the values of all host inputs of the step, by name, each {@code [batch,...]}
     * @throws WeftException if one is missing or there is no such input
     * @throws NonFiniteException if loss or gradients become NaN or infinite
     */
    public void step(Map<String, HostTensor> inputs) {
        Program program = bound.step().program();
        if (order != null) {
            throw new WeftException("step %s goes through a data set: call run()".formatted(step.name()));
        }
        if (scheduled && scheduledSteps == 0) {
            throw new WeftException(
                    "step %s: a schedule needs the number of steps: schedule(course, steps)".formatted(step.name()));
        }
        for (String name : inputs.keySet()) {
            if (program.inputs().stream().noneMatch(input -> input.name().equals(name))) {
                throw new WeftException(
                        "step %s has no host input '%s'; there are %s".formatted(step.name(), name, program.inputs()));
            }
        }
        held(() -> {
            for (TensorRef input : program.inputs()) {
                HostTensor values = inputs.get(input.name());
                if (values == null) {
                    throw new WeftException(
                            "step %s reads the host input %s, which was not written".formatted(step.name(), input));
                }
                full.write(input, values);
            }
            steps(full, epochsDone + 1, 0, 1, batch, 0, scheduledSteps);
            stepped = true;
            return null;
        });
    }

    /**
     * A metric of the last {@link #step(Map)}.
     *
     * @throws WeftException if there is none of that name, or no step has been made
     */
    public double metric(String name) {
        if (!stepped) {
            throw new WeftException("step %s: no step has been made".formatted(step.name()));
        }
        return metrics[bound.step().program().metric(name)];
    }

    /** The values of a tensor that the step has kept with {@link dev.weft.program.StepBuilder#output}, after a {@link #step(Map)}. */
    public HostTensor read(String output) {
        Program program = bound.step().program();
        for (TensorRef y : program.outputs()) {
            if (y.name().equals(output)) {
                return full.read(y);
            }
        }
        throw new WeftException(
                "step %s has no output '%s'; there are %s".formatted(step.name(), output, program.outputs()));
    }

    /** The number of steps that are done. */
    public long stepsDone() {
        return stepsDone;
    }

    /** The number of epochs that are done. */
    public int epochsDone() {
        return epochsDone;
    }

    /**
     * The moving averages that the optimizers keep of a model's parameters, see {@link dev.weft.optim.RuleOptimizer#averaged}; the
     * parameters themselves before the first step. Parameters of which none is kept are left out.
     */
    public Map<String, HostTensor> averages(Model model) {
        Map<String, HostTensor> averages = new LinkedHashMap<>();
        for (CompiledStep.Update update : bound.step().updates()) {
            if (update.network() == model.lowering()) {
                update.averages()
                        .forEach((name, average) ->
                                averages.put(name, stepsDone == 0 ? model.parameter(name) : bound.read(average)));
            }
        }
        return averages;
    }

    /**
     * Does something with models whose parameters are the moving averages: evaluates or saves them. Afterwards they have their
     * own values again.
     *
     * <pre>{@code
     * double accuracy = training.withAverages(() -> model.evaluate(test).accuracy());
     * }</pre>
     */
    public <T> T withAverages(Supplier<T> work) {
        if (!averages()) {
            throw new WeftException(
                    "step %s: no optimizer keeps averages; RuleOptimizer.averaged(decay) does".formatted(step.name()));
        }
        Map<Model, Map<String, HostTensor>> own = new LinkedHashMap<>();
        for (Model model : models) {
            own.put(model, model.parameters());
        }
        try {
            models.forEach(model -> averages(model).forEach(model::setParameter));
            return work.get();
        } finally {
            own.forEach((model, parameters) -> parameters.forEach(model::setParameter));
        }
    }

    /** Whether an optimizer keeps averages of parameters. */
    boolean averages() {
        return bound.step().updates().stream()
                .anyMatch(update -> update.optimizer().averageSlot() >= 0);
    }

    private <T> T held(Supplier<T> work) {
        if (closed) {
            throw new WeftException("the training of step %s is closed".formatted(step.name()));
        }
        List<Occupancy.Use> uses = new ArrayList<>();
        try {
            models.forEach(model -> uses.add(model.occupancy().useToTrain()));
            return work.get();
        } finally {
            uses.forEach(Occupancy.Use::close);
        }
    }

    // ---------------------------------------------------------------- what Trainer uses as well

    /** Looks on, after each run of steps. */
    interface Observer {
        /**
         * Some more steps are done.
         *
         * @param from number of the first of them in its epoch
         * @param values their metrics, in the order of {@link Program#metrics}, step by step
         */
        void done(int from, int count, int rowsPerStep, double[] values, double seconds);
    }

    /**
     * Goes through the data set once.
     *
     * @param scheduleFrom the step at which the schedule begins
     * @param epochs that the schedule is laid out for
     * @return seconds; NaN where it was ended before the epoch was done
     */
    double epoch(long scheduleFrom, int epochs, Observer observer, BooleanSupplier ended) {
        int epoch = epochsDone + 1;
        long steps = (long) epochs * stepsPerEpoch;
        int[] numbers = inOrder ? IntStream.range(0, rows).toArray() : Shuffle.order(rows, step.seed(), epoch);
        bound.write(order, HostTensor.of(Shape.of(rows), numbers));
        long start = System.nanoTime();
        int at = 0;
        while (at < stepsPerEpoch) {
            if (ended.getAsBoolean()) {
                return Double.NaN;
            }
            boolean whole = at < fullSteps;
            int count = whole ? Math.min(stepsPerRun, fullSteps - at) : 1;
            int rowsPerStep = whole ? batch : lastRows;
            double seconds = steps(whole ? full : last, epoch, at, count, rowsPerStep, scheduleFrom, steps);
            observer.done(at, count, rowsPerStep, metrics, seconds);
            at += count;
            if (whole) {
                double wanted = RUN_SECONDS * count / seconds;
                stepsPerRun = (int) Math.max(1, Math.min(StepRange.MAX_COUNT, wanted));
            }
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        checkParameters(epoch);
        epochsDone = epoch;
        return seconds;
    }

    int stepsPerEpoch() {
        return stepsPerEpoch;
    }

    Callback.MemoryUse memoryUse() {
        long parameters =
                models.stream().mapToLong(model -> model.memory().bytes()).sum();
        return new Callback.MemoryUse(
                parameters, bound.bytes(), bound.executable().arenaBytes());
    }

    /**
     * How far a training has come.
     *
     * @param optimizer the values of all optimizers' slots; empty for zeros
     */
    record State(int epochs, long steps, Map<TensorRef, HostTensor> optimizer) {
        static final State FRESH = new State(0, 0, Map.of());
    }

    State state() {
        Map<TensorRef, HostTensor> optimizer = new LinkedHashMap<>();
        bound.step().buffers(Role.OPTIMIZER).forEach(slot -> optimizer.put(slot, bound.read(slot)));
        return new State(epochsDone, stepsDone, optimizer);
    }

    void restore(State state) {
        epochsDone = state.epochs;
        stepsDone = state.steps;
        state.optimizer.forEach(bound::write);
    }

    /** Runs steps of one epoch; returns how long it took. */
    private double steps(
            Executable executable, int epoch, int at, int count, int rowsPerStep, long scheduleFrom, long steps) {
        long start = System.nanoTime();
        long first = stepsDone;
        StepRange range = new StepRange(first, count, at * batch, rowsPerStep, optimizers, rates);
        bound.step().fillRates(range, schedule, scheduleFrom, steps, stepsPerEpoch);
        executable.run(range);
        long bad = executable.nonFiniteStep();
        if (bad >= 0) {
            throw new NonFiniteException(
                    epoch, bad, firstNonFinite(executable, range.at((int) (bad - first), batch)), kept());
        }
        executable.metrics(metrics);
        stepsDone += count;
        return (System.nanoTime() - start) * 1e-9;
    }

    private String kept() {
        return bound.step().updates().size() == 1
                ? "The model keeps its weights from before that step"
                : "What the step had updated before that is kept, and nothing after it";
    }

    /** A step sees what the update of the step before has done; nothing else sees the last one. */
    private void checkParameters(int epoch) {
        for (Model model : models) {
            if (!finite(model.memory().read(model.layout().parameters()))) {
                throw new NonFiniteException(
                        epoch,
                        stepsDone - 1,
                        "the optimizer's update of the parameters" + (models.size() == 1 ? "" : " of " + model.name()),
                        "The model's weights are lost");
            }
        }
    }

    /** Runs the bad step once more, op by op, and describes the first op that wrote a NaN or an infinity. */
    private static String firstNonFinite(Executable executable, StepRange step) {
        StringBuilder found = new StringBuilder();
        executable.trace(step, new Executable.Observer() {
            @Override
            public void after(List<Op> ops) {
                if (found.isEmpty()) {
                    Op op = ops.get(ops.size() - 1);
                    for (TensorRef y : op.outputs()) {
                        if (y.type() == DType.REAL && !finite(executable.read(y))) {
                            found.append(Program.describe(op));
                            return;
                        }
                    }
                }
            }
        });
        return found.isEmpty() ? "no op when the step was repeated" : found.toString();
    }

    private static boolean finite(HostTensor tensor) {
        for (int i = 0; i < tensor.elements(); i++) {
            if (!Double.isFinite(tensor.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Frees data and optimizer state; the models stay open. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        models.forEach(model -> model.occupancy().unbind(step.name()));
        bound.close();
    }
}
