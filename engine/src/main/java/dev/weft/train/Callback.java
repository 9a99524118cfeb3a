package dev.weft.train;

/** Looks on while a model trains, on the training thread. {@link Trainer#stop} ends the training early. */
public interface Callback {

    /** Some more steps are done. */
    default void progress(Progress progress) {}

    /** An epoch is done, its validation included. */
    default void epochDone(EpochResult epoch) {}

    /**
     * Where the training stands.
     *
     * @param epoch the current epoch, from 1
     * @param step steps done in this epoch
     * @param stepsPerEpoch steps of an epoch
     * @param loss mean loss of the epoch so far
     * @param accuracy accuracy of the epoch so far; NaN where the targets are values
     * @param imagesPerSecond over the steps since the last report
     */
    record Progress(
            int epoch, int epochs, int step, int stepsPerEpoch, double loss, double accuracy, double imagesPerSecond) {}
}
