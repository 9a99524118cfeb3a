package dev.weft.tensor;

/** Logical element type. What REAL is belongs to the backend: double in {@code reference}, float elsewhere. */
public enum DType {
    /** A floating-point number in the backend's precision. */
    REAL,
    /** A 32-bit signed integer: a class, an index. */
    I32,
    /** An 8-bit unsigned integer: an image's byte, a mask. */
    U8
}
