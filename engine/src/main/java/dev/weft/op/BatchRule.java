package dev.weft.op;

/** How an op treats the batch; it tells a backend whether it may take the batch in tiles. */
public enum BatchRule {
    /** Row n of the outputs depends on row n of the batched inputs alone. */
    MAPPED,
    /** The output is a sum over the rows: partial sums of tiles can be combined. */
    REDUCED,
    /** Needs all of the batch at once, or has no batch. */
    WHOLE
}
