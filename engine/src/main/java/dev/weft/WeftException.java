package dev.weft;

/** Root of Weft's exceptions. The message says what was wrong, where, and what to do. */
public class WeftException extends RuntimeException {
    public WeftException(String message) {
        super(message);
    }

    public WeftException(String message, Throwable cause) {
        super(message, cause);
    }
}
