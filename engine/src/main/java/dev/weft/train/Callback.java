package dev.weft.train;

/**
 * Looks on while a model trains, on the training thread, where the model may be read, evaluated and saved; to close it or to
 * train it is refused. {@link Trainer#stop} ends the training early.
 */
public interface Callback {

    /** Everything is allocated; the first step comes next. */
    default void started(MemoryUse memory) {}

    /** Some more steps are done. */
    default void progress(Progress progress) {}

    /** An epoch is done, its validation included. */
    default void epochDone(EpochResult epoch) {}

    /**
     * What a training takes of the backend's memory, in bytes.
     *
     * @param model the parameters
     * @param training their gradients, the optimizer's state and the data set
     * @param activations what the layers compute and the gradients of that, planned for the batch
     */
    record MemoryUse(long model, long training, long activations) {}

    /**
     * Where the training stands.
     *
     * @param epoch the current epoch, from 1, counted on by a trainer's further calls
     * @param epochs the last one of this call
     * @param step steps done in this epoch
     * @param stepsPerEpoch steps of an epoch
     * @param loss mean loss of the epoch so far
     * @param accuracy accuracy of the epoch so far; NaN where the targets are values
     * @param imagesPerSecond over the steps since the last report
     */
    record Progress(
            int epoch, int epochs, int step, int stepsPerEpoch, double loss, double accuracy, double imagesPerSecond) {}
}
