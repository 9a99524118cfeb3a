package dev.weft.cuda;

import dev.weft.DeviceException;

/** A call of cuBLAS or cuDNN failed. */
final class LibraryException extends DeviceException {
    private static final long serialVersionUID = 1;

    /**
     * An error.
     *
     * @param what op with layer and shapes, and the function
     * @param name the library's own name for the status
     */
    LibraryException(String what, String name, int code) {
        super("%s: %s (%d)".formatted(what, name, code));
    }
}
