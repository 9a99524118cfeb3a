package dev.weft;

/** A file or data set is missing, truncated, corrupt or inconsistent. */
public class DataException extends WeftException {
    public DataException(String message) {
        super(message);
    }

    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
