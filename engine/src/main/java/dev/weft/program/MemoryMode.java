package dev.weft.program;

/** How transient tensors share memory. All but the first are for finding faults. */
public enum MemoryMode {
    /** Tensors whose lifetimes do not overlap share their memory. */
    ARENA,
    /** The same, and memory is filled with NaN whenever a lifetime ends, so that a late reader is seen. */
    POISONED_ARENA,
    /** Every tensor alone, filled with NaN before the run, between guard bands that are checked after every op. */
    SEPARATE
}
