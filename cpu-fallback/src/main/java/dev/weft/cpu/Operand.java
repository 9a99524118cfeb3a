package dev.weft.cpu;

/**
 * Where a tensor lies, for kernels that take the batch in tiles: in memory for the whole batch, or in a frame, which is
 * used for one task after the other and so stays in the cache. One of the arrays is there, as the type says.
 */
final class Operand {
    /** Elements of a tile. */
    final int tile;

    float[] reals;
    int[] ints;
    byte[] bytes;
    private int at;
    private int frameStep;
    private int tileStep;

    Operand(long tile) {
        // what no array holds is refused when the arena is allocated, before anything runs
        this.tile = (int) Math.min(tile, Integer.MAX_VALUE);
    }

    /** Puts the operand into a frame: {@code frameStep} is the length of a frame. */
    void placeInFrame(Object array, int first, int lengthOfFrame) {
        place(array, first);
        frameStep = lengthOfFrame;
        tileStep = 0;
    }

    void placeWhole(Object array, int first) {
        place(array, first);
        frameStep = 0;
        tileStep = tile;
    }

    private void place(Object array, int first) {
        at = first;
        reals = array instanceof float[] floats ? floats : null;
        ints = array instanceof int[] integers ? integers : null;
        bytes = array instanceof byte[] octets ? octets : null;
    }

    /** The first element of a task's tiles. */
    int at(Task task, int frame) {
        return at + frame * frameStep + task.first() * tileStep;
    }
}
