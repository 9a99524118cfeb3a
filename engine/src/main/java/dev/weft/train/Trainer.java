package dev.weft.train;

import dev.weft.DivergedException;
import dev.weft.NonFiniteException;
import dev.weft.Warnings;
import dev.weft.WeftException;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.data.Shuffle;
import dev.weft.loss.Loss;
import dev.weft.op.Op;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.ParameterLayout;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a model: shuffles the data set in every epoch, takes batch after batch, the last one short where the size does
 * not divide, and updates the parameters after each.
 *
 * <p>A training diverges where its loss, though finite, runs away: the mean over the second half of an epoch's steps is more
 * than ten times that of the first step, and more than ten times that of outputs which are all zero (the logarithm of the
 * number of classes, or the mean square of the targets). A warning in the log says so after each such epoch, and
 * {@link #fit} throws a {@link DivergedException} where the last one is such.
 */
public final class Trainer {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);
    /** Steps are handed to the backend in runs of about this length, between which progress is reported. */
    private static final double RUN_SECONDS = 0.1;

    private final Model model;
    private final Loss loss;
    private final Optimizer optimizer;
    private final List<Callback> callbacks = new ArrayList<>();
    private Schedule schedule = Schedule.constant();
    private Dataset validation;
    private int batch = 32;
    private int epochs = 1;
    private State state = State.FRESH;
    private volatile boolean stopped;

    private Trainer(Model model, Loss loss, Optimizer optimizer) {
        this.model = model;
        this.loss = loss;
        this.optimizer = optimizer;
    }

    /** Training of a model with a loss and an optimizer; what is not set keeps its default. */
    public static Trainer of(Model model, Loss loss, Optimizer optimizer) {
        return new Trainer(model, loss, optimizer);
    }

    /** Rows of a batch; the default is 32. */
    public Trainer batch(int rows) {
        if (rows < 1) {
            throw new WeftException("a batch needs at least 1 sample, got " + rows);
        }
        batch = rows;
        return this;
    }

    /** How often a call of {@link #fit} goes through the data set; the default is 1. */
    public Trainer epochs(int count) {
        if (count < 1) {
            throw new WeftException("training needs at least 1 epoch, got " + count);
        }
        epochs = count;
        return this;
    }

    /** The learning rate's course over the epochs of a call of {@link #fit}; constant by default. */
    public Trainer schedule(Schedule course) {
        schedule = course;
        return this;
    }

    /** A data set to evaluate after every epoch. */
    public Trainer validation(Dataset data) {
        validation = data;
        return this;
    }

    /** Adds a callback; callbacks are called in the order in which they were added. */
    public Trainer callback(Callback callback) {
        callbacks.add(callback);
        return this;
    }

    /** Ends the training after the steps that are running; may be called from any thread. */
    public void stop() {
        stopped = true;
    }

    /**
     * Trains. A further call goes on where the last one ended: epochs and steps, and with them shuffling, dropout and the
     * optimizer's corrections, are counted on, and the optimizer keeps its state. With a constant learning rate ten calls of
     * one epoch are one call of ten. The schedule begins anew with every call, and after an exception everything does; so
     * does a new trainer.
     *
     * <p>An interrupt of the thread ends the training as {@link #stop} does; the thread stays interrupted.
     *
     * @return the epochs that this call has finished
     * @throws dev.weft.ShapeException if data set, validation, graph and loss do not fit together
     * @throws dev.weft.OutOfDeviceMemoryException if data sets or activations do not fit
     * @throws NonFiniteException if loss or gradients become NaN or infinite
     * @throws DivergedException if the loss of the last epoch has run away
     * @throws WeftException in a callback of the model's training, or while another thread uses the model
     */
    public History fit(Dataset train) {
        try (Occupancy.Use use = model.occupancy().useToTrain()) {
            stopped = false;
            State before = state;
            // what an exception leaves
            state = State.FRESH;
            try (Run run = new Run(train, before)) {
                callbacks.forEach(callback -> callback.started(run.memoryUse()));
                List<EpochResult> results = new ArrayList<>();
                boolean diverged = false;
                while (results.size() < epochs && !ended()) {
                    EpochResult result = run.epoch(before.epochs + results.size() + 1);
                    if (result != null) {
                        results.add(result);
                        callbacks.forEach(callback -> callback.epochDone(result));
                        diverged = run.divergence.seen();
                        if (diverged) {
                            Warnings.warn(LOG, run.divergence.message(result.epoch()));
                        }
                    }
                }
                if (results.size() < epochs && !stopped) {
                    Warnings.warn(
                            LOG,
                            "the training ended after %d of %d epochs, since its thread was interrupted"
                                    .formatted(results.size(), epochs));
                } else if (diverged && !stopped) {
                    int epoch = before.epochs + epochs;
                    throw new DivergedException(epoch, run.divergence.loss(), run.divergence.message(epoch));
                }
                state = new State(before.epochs + results.size(), run.stepsDone, run.optimizerState());
                return new History(results);
            }
        }
    }

    private boolean ended() {
        return stopped || Thread.currentThread().isInterrupted();
    }

    /**
     * How far a trainer has come.
     *
     * @param optimizer the values of {@link ParameterLayout#optimizerState}; empty for zeros
     */
    private record State(int epochs, long steps, List<HostTensor> optimizer) {
        static final State FRESH = new State(0, 0, List.of());
    }

    /** One training: the programs for full and short batches, bound to one memory. */
    private final class Run implements AutoCloseable {
        private final Dataset data;
        private final DataTensors tensors;
        private final List<TensorRef> optimizerTensors;
        private final State before;
        private final Divergence divergence;
        private final Memory memory;
        private final Executable full;
        private final Executable last;
        private final int fullSteps;
        private final int stepsPerEpoch;
        private final int lastRows;
        private final double[] rates = new double[StepRange.MAX_COUNT * StepRange.RATES];
        private final double[] metrics;
        private int stepsPerRun = 1;
        private long stepsDone;
        private double lossSum;
        private double correctSum;

        Run(Dataset data, State before) {
            this.data = data;
            this.before = before;
            stepsDone = before.steps;
            if (validation != null) {
                // what does not fit shows now, not after an epoch
                model.prepareEvaluation(validation, loss);
            }
            tensors = DataTensors.of("train", data);
            fullSteps = data.size() / batch;
            lastRows = data.size() % batch;
            stepsPerEpoch = fullSteps + (lastRows > 0 ? 1 : 0);
            divergence = new Divergence(data, stepsPerEpoch);

            List<Program> programs = new ArrayList<>();
            if (fullSteps > 0) {
                programs.add(model.compiler().training(loss, optimizer, tensors, batch));
            }
            if (lastRows > 0) {
                programs.add(model.compiler().training(loss, optimizer, tensors, lastRows));
            }
            optimizerTensors = model.layout().optimizerState(optimizer);
            List<TensorRef> others = new ArrayList<>(optimizerTensors);
            others.add(model.layout().gradients());
            memory = model.upload(data, tensors, others);
            try {
                for (int i = 0; i < before.optimizer.size(); i++) {
                    memory.write(optimizerTensors.get(i), before.optimizer.get(i));
                }
                List<Executable> bound =
                        model.backend().bind(programs, List.of(model.memory(), memory), MemoryMode.ARENA);
                full = fullSteps > 0 ? bound.get(0) : null;
                last = lastRows > 0 ? bound.get(bound.size() - 1) : null;
            } catch (RuntimeException e) {
                memory.close();
                throw e;
            }
            metrics = new double[StepRange.MAX_COUNT * programs.get(0).metrics().size()];
        }

        Callback.MemoryUse memoryUse() {
            long activations = (full != null ? full : last).arenaBytes();
            return new Callback.MemoryUse(model.memory().bytes(), memory.bytes(), activations);
        }

        /** Null where the training was stopped before the epoch was done. */
        EpochResult epoch(int epoch) {
            int[] order = Shuffle.order(data.size(), model.seed(), epoch);
            memory.write(tensors.order(), HostTensor.of(Shape.of(data.size()), order));
            lossSum = 0;
            correctSum = 0;
            divergence.beginEpoch();
            long start = System.nanoTime();
            int step = 0;
            while (step < fullSteps) {
                if (ended()) {
                    return null;
                }
                int count = Math.min(stepsPerRun, fullSteps - step);
                double seconds = steps(full, epoch, step, count, batch);
                step += count;
                report(epoch, step, (double) step * batch, count * batch / seconds);
                double wanted = RUN_SECONDS * count / seconds;
                stepsPerRun = (int) Math.max(1, Math.min(StepRange.MAX_COUNT, wanted));
            }
            if (last != null) {
                if (ended()) {
                    return null;
                }
                double seconds = steps(last, epoch, step, 1, lastRows);
                report(epoch, step + 1, data.size(), lastRows / seconds);
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            checkParameters(epoch);
            Evaluation test = validation == null ? null : model.evaluate(validation, loss);
            return new EpochResult(
                    epoch, lossSum / data.size(), correctSum / data.size(), test, seconds, data.size() / seconds);
        }

        List<HostTensor> optimizerState() {
            return optimizerTensors.stream().map(memory::read).toList();
        }

        /** A step sees what the update of the step before has done; nothing else sees the last one. */
        private void checkParameters(int epoch) {
            if (!finite(model.memory().read(model.layout().parameters()))) {
                throw new NonFiniteException(
                        epoch,
                        stepsDone - 1,
                        "the optimizer's update of the parameters",
                        "The model's weights are lost");
            }
        }

        /** Runs steps of one epoch and adds up their metrics; returns how long it took. */
        private double steps(Executable executable, int epoch, int step, int count, int rows) {
            long start = System.nanoTime();
            long first = stepsDone;
            Schedule ofThisCall = (n, steps, perEpoch) -> schedule.factor(n - before.steps, steps, perEpoch);
            StepRange.fillRates(
                    rates, optimizer, ofThisCall, first, count, (long) epochs * stepsPerEpoch, stepsPerEpoch);
            StepRange range = new StepRange(first, count, step * batch, rows, rates);
            executable.run(range);
            long bad = executable.nonFiniteStep();
            if (bad >= 0) {
                throw new NonFiniteException(
                        epoch,
                        bad,
                        firstNonFinite(executable, range.at((int) (bad - first), batch)),
                        "The model keeps its weights from before that step");
            }
            executable.metrics(metrics);
            stepsDone += count;
            int perStep = executable.program().metrics().size();
            for (int i = 0; i < count; i++) {
                lossSum += metrics[i * perStep] * rows;
                correctSum += perStep > 1 ? metrics[i * perStep + 1] : Double.NaN;
                divergence.add(step + i, metrics[i * perStep], rows);
            }
            return (System.nanoTime() - start) * 1e-9;
        }

        private void report(int epoch, int step, double images, double imagesPerSecond) {
            if (!callbacks.isEmpty()) {
                Callback.Progress progress = new Callback.Progress(
                        epoch,
                        before.epochs + epochs,
                        step,
                        stepsPerEpoch,
                        lossSum / images,
                        correctSum / images,
                        imagesPerSecond);
                callbacks.forEach(callback -> callback.progress(progress));
            }
        }

        @Override
        public void close() {
            if (full != null) {
                full.close();
            }
            if (last != null) {
                last.close();
            }
            memory.close();
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
}
