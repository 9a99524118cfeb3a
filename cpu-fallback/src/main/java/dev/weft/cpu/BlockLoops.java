package dev.weft.cpu;

/** The loops that expressions are made of: with vectors and without, with the same bits. */
interface BlockLoops {
    BlockLoop of(BlockOperation operation);

    /** The number of elements must be a multiple of this. */
    int multiple();

    /** Whether each operand may begin anywhere; else all begin at the same index of arrays of their own. */
    boolean anywhere();
}
