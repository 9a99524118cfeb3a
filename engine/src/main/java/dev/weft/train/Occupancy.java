package dev.weft.train;

import dev.weft.WeftException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/** Who uses a model: one thread at a time, and while it trains that thread's callbacks, for all but training and closing. */
final class Occupancy {
    private final ReentrantLock user = new ReentrantLock();
    /** The steps of the trainings that the model belongs to. */
    private final List<String> bound = new CopyOnWriteArrayList<>();

    private boolean closed;

    /** A hold on a model, for the calling thread until it is closed. */
    interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /** @throws WeftException if another thread uses the model, or it is closed */
    Use use() {
        return open(hold());
    }

    /** @throws WeftException as {@link #use}, and in a callback */
    Use useToTrain() {
        return open(holdOutsideCallbacks("fit"));
    }

    /**
     * The last use; there may be several.
     *
     * @throws WeftException if another thread uses the model, in a callback, or while a training is open that it belongs to
     */
    Use useToClose() {
        Use use = holdOutsideCallbacks("close");
        if (!bound.isEmpty()) {
            use.close();
            throw new WeftException(
                    "the model is bound by the training of step %s: close that first".formatted(bound.get(0)));
        }
        closed = true;
        return use;
    }

    void bind(String step) {
        bound.add(step);
    }

    void unbind(String step) {
        bound.remove(step);
    }

    private Use open(Use use) {
        if (closed) {
            use.close();
            throw new WeftException("the model is closed");
        }
        return use;
    }

    private Use hold() {
        if (!user.tryLock()) {
            throw new WeftException(
                    "the model is in use by another thread, and serves one at a time. To predict while fit runs,"
                            + " do it in a Callback, or save the model there and load the file into a second one");
        }
        return user::unlock;
    }

    /** What comes next would take memory or parameters from the training that runs. */
    private Use holdOutsideCallbacks(String what) {
        Use use = hold();
        if (user.getHoldCount() > 1) {
            use.close();
            throw new WeftException(
                    "%s was called in a callback of the model's training; call Trainer.stop there, and %s when fit has returned"
                            .formatted(what, what));
        }
        return use;
    }
}
