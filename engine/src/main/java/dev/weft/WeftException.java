package dev.weft;

/** Root of Weft's exceptions. The message says what was wrong, where, and what to do. */
public class WeftException extends RuntimeException {
    /** An exception with a message for people. */
    public WeftException(String message) {
        super(message);
    }

    /** The same with what led to it. */
    public WeftException(String message, Throwable cause) {
        super(message, cause);
    }
}
