package dev.weft.train;

import dev.weft.ShapeException;
import dev.weft.WeftException;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.data.Dataset;
import dev.weft.loss.Loss;
import dev.weft.optim.Lbfgs;
import dev.weft.program.BoundStep;
import dev.weft.program.CompiledStep;
import dev.weft.program.DataTensors;
import dev.weft.program.MemoryMode;
import dev.weft.program.Step;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains a small model by {@link Lbfgs}: loss and gradients of the whole data set are computed at once on the model's backend,
 * the steps in double on the host. An iteration counts as an epoch, though the line search may go through the data several
 * times. Dropout does nothing, and layers' states stay as they are.
 *
 * <pre>{@code
 * LbfgsTrainer.of(model, Loss.softmaxCrossEntropy(), Lbfgs.of()).weightDecay(1e-4).fit(train);
 * }</pre>
 */
public final class LbfgsTrainer {
    private final Model model;
    private final Loss loss;
    private final Lbfgs method;
    private final List<Callback> callbacks = new ArrayList<>();
    private Dataset validation;
    private double weightDecay;
    private volatile boolean stopped;

    private LbfgsTrainer(Model model, Loss loss, Lbfgs method) {
        this.model = model;
        this.loss = loss;
        this.method = method;
    }

    /** Training of a model with a loss. */
    public static LbfgsTrainer of(Model model, Loss loss, Lbfgs method) {
        return new LbfgsTrainer(model, loss, method);
    }

    /** {@code decay / 2} times the sum of the squares of all parameters is added to the loss; 0 by default. */
    public LbfgsTrainer weightDecay(double decay) {
        if (!(decay >= 0 && decay < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the weight decay must be at least 0, got " + decay);
        }
        weightDecay = decay;
        return this;
    }

    /** A data set to evaluate after every iteration. */
    public LbfgsTrainer validation(Dataset data) {
        validation = data;
        return this;
    }

    /** Adds a callback; callbacks are called in the order in which they were added. */
    public LbfgsTrainer callback(Callback callback) {
        callbacks.add(callback);
        return this;
    }

    /** Ends the training after the iteration that is running; may be called from any thread. */
    public void stop() {
        stopped = true;
    }

    /** The iterations, and how the search has ended. */
    public record Training(History history, Lbfgs.Result result) {}

    /**
     * Trains. An interrupt of the thread ends the training as {@link #stop} does; the thread stays interrupted.
     *
     * @throws ShapeException if data set, validation, graph and loss do not fit together
     * @throws dev.weft.OutOfDeviceMemoryException if the activations of the whole data set do not fit
     * @throws WeftException if loss or gradients of the model as it is are not finite, the graph has no parameters, or in a
     *     callback of the model's training, or while another thread uses the model
     */
    public Training fit(Dataset train) {
        try (Occupancy.Use use = model.occupancy().useToTrain()) {
            stopped = false;
            CompiledStep step = Step.gradients(model, loss).compile(DataTensors.of("lbfgs", train), train.size());
            try (BoundStep bound = BoundStep.of(List.of(step), model.backend(), model.held(), MemoryMode.ARENA)) {
                bound.write(train.columns());
                if (validation != null) {
                    model.prepareEvaluation(validation, loss);
                }
                model.trainsOn(train);
                Callback.MemoryUse memory = new Callback.MemoryUse(
                        model.memory().bytes(),
                        bound.bytes(),
                        bound.executable().arenaBytes());
                callbacks.forEach(callback -> callback.started(memory));
                return new Run(bound, train.size()).fit();
            }
        }
    }

    /** One call of {@link #fit}. */
    private final class Run {
        private final BoundStep bound;
        private final int rows;
        private final TensorRef parameters = model.layout().parameters();
        private final double[] metrics;
        private final List<EpochResult> epochs = new ArrayList<>();
        private long start = System.nanoTime();
        private int passes;
        private double lowest = Double.POSITIVE_INFINITY;
        private double dataLoss;
        private double accuracy;

        Run(BoundStep bound, int rows) {
            this.bound = bound;
            this.rows = rows;
            metrics = new double[bound.step().program().metrics().size()];
        }

        Training fit() {
            Memory memory = model.memory();
            double[] x = memory.read(parameters).doubles().clone();
            Lbfgs.Result result = method.minimise(this::evaluate, x, this::iterationDone);
            write(result.x());
            return new Training(new History(epochs), result);
        }

        private void write(double[] x) {
            model.memory().write(parameters, HostTensor.of(parameters.shape(), x));
        }

        private double evaluate(double[] x, double[] gradient) {
            write(x);
            bound.executable().run(StepRange.single(0, rows));
            bound.executable().metrics(metrics);
            passes++;
            double[] computed = bound.read(model.layout().gradients()).doubles();
            double squares = 0;
            for (int i = 0; i < x.length; i++) {
                gradient[i] = computed[i] + weightDecay * x[i];
                squares += x[i] * x[i];
            }
            double value = metrics[0] + weightDecay / 2 * squares;
            if (value < lowest) {
                // the point that a line search takes is the lowest so far
                lowest = value;
                dataLoss = metrics[0];
                accuracy = metrics.length > 1 ? metrics[1] / rows : Double.NaN;
            }
            return value;
        }

        private boolean iterationDone(int number, double[] x, double value) {
            double seconds = (System.nanoTime() - start) * 1e-9;
            double perSecond = (double) passes * rows / seconds;
            write(x);
            Callback.Progress progress =
                    new Callback.Progress(number, method.iterations(), 1, 1, dataLoss, accuracy, perSecond);
            callbacks.forEach(callback -> callback.progress(progress));
            Evaluation test = validation == null ? null : model.evaluate(validation, loss);
            EpochResult epoch = new EpochResult(number, dataLoss, accuracy, test, seconds, perSecond);
            epochs.add(epoch);
            callbacks.forEach(callback -> callback.epochDone(epoch));
            passes = 0;
            start = System.nanoTime();
            return !stopped && !Thread.currentThread().isInterrupted();
        }
    }
}
