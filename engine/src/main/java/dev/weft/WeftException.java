package dev.weft;

/**
 * Root of Weft's exceptions. The message says what was wrong, where, and what to do, in at most {@value #MAX_MESSAGE}
 * characters: what is quoted from a file may be of any length, so the middle of a longer message is left out.
 */
public class WeftException extends RuntimeException {
    /** The most characters of a message. */
    public static final int MAX_MESSAGE = 500;

    private static final String GAP = " ... ";
    private static final int HEAD = 300;

    /** An exception with a message for people. */
    public WeftException(String message) {
        super(shortened(message));
    }

    /** The same with what led to it. */
    public WeftException(String message, Throwable cause) {
        super(shortened(message), cause);
    }

    private static String shortened(String message) {
        return message == null || message.length() <= MAX_MESSAGE
                ? message
                : message.substring(0, HEAD)
                        + GAP
                        + message.substring(message.length() - (MAX_MESSAGE - HEAD - GAP.length()));
    }
}
