package dev.weft.train;

import dev.weft.WeftException;
import java.util.concurrent.locks.ReentrantLock;

/** Who uses a model: one thread at a time, and while it trains that thread's callbacks, for all but training and closing. */
final class Occupancy {
    private final ReentrantLock user = new ReentrantLock();
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
     * @throws WeftException if another thread uses the model, or in a callback
     */
    Use useToClose() {
        Use use = holdOutsideCallbacks("close");
        closed = true;
        return use;
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
