package dev.weft.cuda;

import dev.weft.DeviceException;

/** cuBLAS or cuDNN is missing, or cannot be loaded. */
final class LibraryLoadException extends DeviceException {
    private static final long serialVersionUID = 1;

    private final String problem;
    private final String fix;

    /** @param cause or null */
    LibraryLoadException(Library library, String problem, String fix, Throwable cause) {
        super("%s cannot be used: %s; %s".formatted(library.title(), problem, fix), cause);
        this.problem = problem;
        this.fix = fix;
    }

    /** What is wrong. */
    String problem() {
        return problem;
    }

    /** What to do. */
    String fix() {
        return fix;
    }
}
