package dev.weft;

/** A backend cannot be opened, or its device failed while it ran. */
public class DeviceException extends WeftException {
    /** An exception that names the backend or device. */
    public DeviceException(String message) {
        super(message);
    }

    /** The same with what led to it. */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
