package dev.weft;

/** A file or data set is missing, truncated, corrupt or inconsistent. */
public class DataException extends WeftException {
    /** An exception that names the file or data set. */
    public DataException(String message) {
        super(message);
    }

    /** The same with what led to it. */
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
