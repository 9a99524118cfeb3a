package dev.weft.train;

import dev.weft.optim.Optimizer;
import dev.weft.optim.Schedule;

/**
 * A schedule that lowers the learning rate when the loss no longer falls: multiplies it with a factor after {@code patience}
 * epochs in none of which the loss was below {@code 1 - threshold} times the lowest one before.
 *
 * <pre>{@code
 * Plateau plateau = Plateau.of(5, 0.1);
 * trainer.schedule(plateau).callback(plateau).validation(test).fit(train);
 * }</pre>
 *
 * <p>The loss is that of the validation, where there is one. In place of a {@link Trainer} who calls {@link Training#run} calls
 * {@link #observe} after each epoch, with any metric that is to fall.
 */
public final class Plateau implements Schedule, Callback {
    private final int patience;
    private final double factor;
    private final double threshold;
    private final double lowest;
    private double now = 1;
    private double best = Double.POSITIVE_INFINITY;
    private int epochsWithout;

    private Plateau(int patience, double factor, double threshold, double lowest) {
        if (patience < 1) {
            throw new IllegalArgumentException("the patience must be at least 1 epoch, got " + patience);
        }
        Optimizer.range("factor", factor, 0, 1);
        Optimizer.range("threshold", threshold, 0, 1);
        Optimizer.range("lowest", lowest, 0, 1);
        this.patience = patience;
        this.factor = factor;
        this.threshold = threshold;
        this.lowest = lowest;
    }

    /** With a threshold of 1e-4, and no lower bound. */
    public static Plateau of(int patience, double factor) {
        return new Plateau(patience, factor, 1e-4, 0);
    }

    /** The same with another threshold. */
    public Plateau threshold(double share) {
        return new Plateau(patience, factor, share, lowest);
    }

    /** The same with a share of the learning rate below which it never goes. */
    public Plateau lowest(double share) {
        return new Plateau(patience, factor, threshold, share);
    }

    /** Takes the metric of an epoch. */
    public void observe(double metric) {
        if (metric < best * (1 - threshold)) {
            best = metric;
            epochsWithout = 0;
        } else if (++epochsWithout >= patience) {
            now = Math.max(lowest, now * factor);
            epochsWithout = 0;
        }
    }

    @Override
    public void epochDone(EpochResult epoch) {
        observe(epoch.test() == null ? epoch.trainLoss() : epoch.test().loss());
    }

    /** What the learning rate is multiplied with now. */
    @Override
    public double factor(long step, long steps, long stepsPerEpoch) {
        return now;
    }
}
