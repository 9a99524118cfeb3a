package dev.weft.optim;

/** The learning rate's course: a factor on the optimizer's learning rate for every step. */
@FunctionalInterface
public interface Schedule {

    /**
     * @param step from 0
     * @param steps how many steps the training has
     * @param stepsPerEpoch how many of them make an epoch
     */
    double factor(long step, long steps, long stepsPerEpoch);

    /** The same learning rate throughout. */
    static Schedule constant() {
        return (step, steps, stepsPerEpoch) -> 1;
    }

    /** {@code (1 + cos(pi step / steps)) / 2}: from 1 to 0 (Loshchilov and Hutter 2017, arXiv 1608.03983). */
    static Schedule cosine() {
        return (step, steps, stepsPerEpoch) -> (1 + StrictMath.cos(Math.PI * step / steps)) / 2;
    }

    /** Multiplied with {@code factor} after every {@code epochs} epochs. */
    static Schedule step(int epochs, double factor) {
        if (epochs < 1) {
            throw new IllegalArgumentException("a step schedule needs at least 1 epoch, got " + epochs);
        }
        return (step, steps, stepsPerEpoch) -> StrictMath.pow(factor, step / stepsPerEpoch / epochs);
    }
}
