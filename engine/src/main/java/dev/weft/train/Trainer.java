package dev.weft.train;

import dev.weft.DivergedException;
import dev.weft.Warnings;
import dev.weft.WeftException;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.loss.Loss;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;
import dev.weft.program.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
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

    private final Model model;
    private final Loss loss;
    private final Optimizer optimizer;
    private final List<Callback> callbacks = new ArrayList<>();
    private Schedule schedule = Schedule.constant();
    private Dataset validation;
    private int batch = 32;
    private int epochs = 1;
    private Training.State state = Training.State.FRESH;
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

    /**
     * A data set to evaluate after every epoch. Where the optimizer keeps a moving average of the parameters, the model has it in
     * their place then, and while callbacks hear of the epoch.
     */
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
     * @throws dev.weft.NonFiniteException if loss or gradients become NaN or infinite
     * @throws DivergedException if the loss of the last epoch has run away
     * @throws WeftException in a callback of the model's training, or while another thread uses the model
     */
    public History fit(Dataset train) {
        try (Occupancy.Use use = model.occupancy().useToTrain()) {
            stopped = false;
            Training.State before = state;
            // what an exception leaves
            state = Training.State.FRESH;
            try (Training training =
                    Training.of(model.backend(), Step.supervised(model, loss, optimizer), train, batch)) {
                training.schedule(schedule).restore(before);
                if (validation != null) {
                    // what does not fit shows now, not after an epoch
                    model.prepareEvaluation(validation, loss);
                }
                model.trainsOn(train);
                callbacks.forEach(callback -> callback.started(training.memoryUse()));
                Divergence divergence = new Divergence(train, training.stepsPerEpoch());
                List<EpochResult> results = new ArrayList<>();
                boolean diverged = false;
                while (results.size() < epochs && !ended()) {
                    EpochResult result = epoch(training, train.size(), before, divergence);
                    if (result != null) {
                        results.add(result);
                        diverged = divergence.seen();
                        if (diverged) {
                            Warnings.warn(LOG, divergence.message(result.epoch()));
                        }
                    }
                }
                if (results.size() < epochs && !stopped) {
                    Warnings.warn(
                            LOG,
                            "the training ended after %d of %d epochs, since its thread was interrupted"
                                    .formatted(results.size(), epochs));
                } else if (diverged && !stopped) {
                    int epoch = before.epochs() + epochs;
                    throw new DivergedException(epoch, divergence.loss(), divergence.message(epoch));
                }
                state = training.state();
                return new History(results);
            }
        }
    }

    /** Null where the training was stopped before the epoch was done. */
    private EpochResult epoch(Training training, int rows, Training.State before, Divergence divergence) {
        int epoch = training.epochsDone() + 1;
        Sums sums = new Sums();
        divergence.beginEpoch();
        Training.Observer observer = (from, count, rowsPerStep, metrics, seconds) -> {
            int perStep = metrics.length / StepRange.MAX_COUNT;
            for (int i = 0; i < count; i++) {
                double mean = metrics[i * perStep];
                sums.rows += rowsPerStep;
                sums.loss += mean * rowsPerStep;
                sums.correct += perStep > 1 ? metrics[i * perStep + 1] : Double.NaN;
                divergence.add(from + i, mean, rowsPerStep);
            }
            Callback.Progress progress = new Callback.Progress(
                    epoch,
                    before.epochs() + epochs,
                    from + count,
                    training.stepsPerEpoch(),
                    sums.loss / sums.rows,
                    sums.correct / sums.rows,
                    count * rowsPerStep / seconds);
            callbacks.forEach(callback -> callback.progress(progress));
        };
        double seconds = training.epoch(before.steps(), epochs, observer, this::ended);
        if (Double.isNaN(seconds)) {
            return null;
        }
        Supplier<EpochResult> end = () -> {
            Evaluation test = validation == null ? null : model.evaluate(validation, loss);
            EpochResult result =
                    new EpochResult(epoch, sums.loss / rows, sums.correct / rows, test, seconds, rows / seconds);
            callbacks.forEach(callback -> callback.epochDone(result));
            return result;
        };
        return training.averages() ? training.withAverages(end) : end.get();
    }

    /** Of an epoch so far. */
    private static final class Sums {
        double rows;
        double loss;
        double correct;
    }

    private boolean ended() {
        return stopped || Thread.currentThread().isInterrupted();
    }
}
