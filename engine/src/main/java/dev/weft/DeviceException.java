package dev.weft;

/** A backend cannot be opened, or its device failed while it ran. */
public class DeviceException extends WeftException {
    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
