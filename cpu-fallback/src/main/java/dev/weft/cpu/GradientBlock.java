package dev.weft.cpu;

/**
 * What one call of {@link Products#gradient} sums up.
 *
 * @param filters filters of the block
 * @param taps taps of the block
 * @param columns neighbouring positions that one pass takes
 */
record GradientBlock(int filters, int taps, int columns) {

    /** Vectors that hold the sums of so many taps. */
    int sums(int count) {
        return (count + taps - 1) / taps * taps * filters;
    }
}
