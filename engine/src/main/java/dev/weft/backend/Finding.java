package dev.weft.backend;

/**
 * One thing that a backend needs, or can use, and whether it is there.
 *
 * @param what its name: {@code driver}
 * @param ok whether it is as it should be
 * @param required whether the backend is not usable without it
 * @param detail what was found, or what is wrong
 * @param fix what to do about it; empty where nothing needs doing
 */
public record Finding(String what, boolean ok, boolean required, String detail, String fix) {

    /** All is well. */
    public static Finding found(String what, String detail) {
        return new Finding(what, true, true, detail, "");
    }

    /** The backend cannot be used. */
    public static Finding failed(String what, String cause, String fix) {
        return new Finding(what, false, true, cause, fix);
    }

    /** The backend does without it. */
    public static Finding missing(String what, String cause, String fix) {
        return new Finding(what, false, false, cause, fix);
    }
}
