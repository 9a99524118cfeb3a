package dev.weft.tensor;

/** Logical element type. What REAL is belongs to the backend: double in {@code reference}, float elsewhere. */
public enum DType {
    REAL,
    I32,
    U8
}
