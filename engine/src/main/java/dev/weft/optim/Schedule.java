package dev.weft.optim;

import java.util.List;

/**
 * The learning rate's course: a factor on the optimizer's learning rate for every step. One's own is a lambda. What follows a
 * metric is {@link dev.weft.train.Plateau}.
 */
@FunctionalInterface
public interface Schedule {

    /**
     * What the optimizer's learning rate is multiplied with in a step.
     *
     * @param step from 0
     * @param steps how many steps the training has
     * @param stepsPerEpoch how many of them make an epoch
     */
    double factor(long step, long steps, long stepsPerEpoch);

    /** The same learning rate throughout. */
    static Schedule constant() {
        return (step, steps, stepsPerEpoch) -> 1;
    }

    /** Multiplied with {@code factor} after every {@code epochs} epochs. */
    static Schedule step(int epochs, double factor) {
        if (epochs < 1) {
            throw new IllegalArgumentException("a step schedule needs at least 1 epoch, got " + epochs);
        }
        Optimizer.range("factor", factor, 0, Double.POSITIVE_INFINITY);
        return (step, steps, stepsPerEpoch) -> StrictMath.pow(factor, step / stepsPerEpoch / epochs);
    }

    /** Multiplied with {@code factor} after each of these numbers of epochs, as He et al. 2016 (arXiv 1512.03385) do. */
    static Schedule multiStep(List<Integer> epochs, double factor) {
        List<Integer> milestones = List.copyOf(epochs);
        for (int i = 0; i < milestones.size(); i++) {
            if (milestones.get(i) < 1 || i > 0 && milestones.get(i) <= milestones.get(i - 1)) {
                throw new IllegalArgumentException("milestones are epochs from 1 that grow, got " + milestones);
            }
        }
        Optimizer.range("factor", factor, 0, Double.POSITIVE_INFINITY);
        return (step, steps, stepsPerEpoch) -> {
            long done = step / stepsPerEpoch;
            return StrictMath.pow(
                    factor,
                    milestones.stream().filter(milestone -> milestone <= done).count());
        };
    }

    /** {@code factor^(step / stepsPerEpoch)}: multiplied with {@code factor} in each epoch, a little in each step. */
    static Schedule exponential(double factor) {
        Optimizer.range("factor", factor, Double.MIN_VALUE, Double.POSITIVE_INFINITY);
        return (step, steps, stepsPerEpoch) -> StrictMath.pow(factor, (double) step / stepsPerEpoch);
    }

    /** {@code end + (1 - end) (1 - step / steps)^power}: from 1 to {@code end}, in a line where the power is 1. */
    static Schedule polynomial(double power, double end) {
        Optimizer.range("power", power, Double.MIN_VALUE, Double.POSITIVE_INFINITY);
        Optimizer.range("end", end, 0, Double.POSITIVE_INFINITY);
        return (step, steps, stepsPerEpoch) -> end + (1 - end) * StrictMath.pow(1 - share(step, steps), power);
    }

    /** {@code (1 + cos(pi step / steps)) / 2}: from 1 to 0 (Loshchilov and Hutter 2017, arXiv 1608.03983). */
    static Schedule cosine() {
        return (step, steps, stepsPerEpoch) -> half(share(step, steps));
    }

    /**
     * {@link #cosine} over {@code epochs} epochs, then again from 1 over {@code growth} times as many, and so on (Loshchilov and
     * Hutter 2017, "SGDR").
     */
    static Schedule warmRestarts(int epochs, int growth) {
        if (epochs < 1 || growth < 1) {
            throw new IllegalArgumentException(
                    "warm restarts need at least 1 epoch and a growth of 1, got %d and %d".formatted(epochs, growth));
        }
        return (step, steps, stepsPerEpoch) -> {
            long at = step;
            long length = epochs * stepsPerEpoch;
            while (at >= length) {
                at -= length;
                length *= growth;
            }
            return half((double) at / length);
        };
    }

    /**
     * {@code (step + 1) / n} in the first n steps, which are so many epochs, then another course over the steps that are left
     * (Goyal et al. 2017, arXiv 1706.02677).
     */
    static Schedule warmUp(double epochs, Schedule then) {
        Optimizer.range("warm-up", epochs, 0, Double.POSITIVE_INFINITY);
        return (step, steps, stepsPerEpoch) -> {
            long n = Math.round(epochs * stepsPerEpoch);
            return step < n ? (step + 1.0) / n : then.factor(step - n, Math.max(1, steps - n), stepsPerEpoch);
        };
    }

    /** {@link #oneCycle(double, double, double)} with a peak after 0.3 of the steps, from 1/25 and to 1e-4 of that. */
    static Schedule oneCycle() {
        return oneCycle(0.3, 25, 1e4);
    }

    /**
     * From {@code 1 / low} up to 1 at a share {@code peak} of the steps, then down to {@code 1 / (low end)}, both along half a
     * cosine (Smith and Topin 2018, arXiv 1708.07120, in the form of PyTorch).
     */
    static Schedule oneCycle(double peak, double low, double end) {
        Optimizer.range("peak", peak, Double.MIN_VALUE, 1);
        Optimizer.range("low", low, 1, Double.POSITIVE_INFINITY);
        Optimizer.range("end", end, 1, Double.POSITIVE_INFINITY);
        return (step, steps, stepsPerEpoch) -> {
            double share = share(step, steps);
            double from = share < peak ? 1 / low : 1 / (low * end);
            double away = share < peak ? 1 - share / peak : (share - peak) / (1 - peak);
            return from + (1 - from) * half(away);
        };
    }

    private static double share(long step, long steps) {
        return Math.min(1, (double) step / steps);
    }

    /** From 1 to 0 along half a cosine. */
    private static double half(double share) {
        return (1 + StrictMath.cos(Math.PI * share)) / 2;
    }
}
