package dev.weft.cpu;

/**
 * A run of neighbouring tiles of the batch, which one thread takes through all ops of a stage.
 *
 * @param first number of the first tile
 * @param count how many tiles
 * @param firstSlot the tiles' sums over the batch go into whole slots, beginning with this one
 * @param endSlot one past the last of them
 */
record Task(int first, int count, int firstSlot, int endSlot) {
    /** For operands that are not in tiles. */
    static final Task WHOLE = new Task(0, 1, 0, 1);
}
