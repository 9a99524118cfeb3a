package dev.weft.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What an object has made of the device's, to be given back together, the youngest first. */
final class Owned implements Releasable {
    private final Deque<Releasable> parts = new ArrayDeque<>();

    <T extends Releasable> T add(T part) {
        parts.push(part);
        return part;
    }

    /** Gives back what was made before something failed; {@code failure} is the error to be thrown. */
    void closeAfter(RuntimeException failure) {
        try {
            close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Closes all parts, also when one of them fails, and throws the first error. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (RuntimeException e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
