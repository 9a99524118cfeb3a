package dev.weft.cpu;

/**
 * Computes a {@link BlockOperation} for a block of elements. There are so many of these loops that HotSpot calls them where they
 * are used, in place of inlining them: each is compiled by itself, small, and keeps its vectors in registers.
 */
@FunctionalInterface
interface BlockLoop {
    /**
     * @param n elements, a multiple of {@link BlockLoops#multiple}
     */
    void run(BlockOperands operands, int n);
}
