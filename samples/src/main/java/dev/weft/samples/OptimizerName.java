package dev.weft.samples;

import dev.weft.optim.Adam;
import dev.weft.optim.Optimizer;
import dev.weft.optim.Sgd;
import java.util.Locale;
import java.util.function.DoubleFunction;

/** The optimizers by the names that the command line knows, each with a usual learning rate. */
public enum OptimizerName {
    SGD(0.1, Sgd::of),
    MOMENTUM(0.02, rate -> Sgd.of(rate).momentum(0.9)),
    NESTEROV(0.02, rate -> Sgd.of(rate).momentum(0.9).withNesterov()),
    ADAM(1e-3, Adam::of),
    ADAMW(1e-3, rate -> Adam.adamW(rate, 0.01));

    private final double usualLearningRate;
    private final DoubleFunction<Optimizer> create;

    OptimizerName(double usualLearningRate, DoubleFunction<Optimizer> create) {
        this.usualLearningRate = usualLearningRate;
        this.create = create;
    }

    double usualLearningRate() {
        return usualLearningRate;
    }

    /** The optimizer with this learning rate. */
    public Optimizer create(double learningRate) {
        return create.apply(learningRate);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
