package dev.weft.cpu;

import dev.weft.op.Op;
import dev.weft.tensor.TensorRef;
import java.util.stream.Stream;

/**
 * How a batch is cut into tiles. A tile has as many samples as a vector has lanes, and holds them innermost: element i of
 * sample n is element {@code i lanes + n % lanes} of tile {@code n / lanes}. So a vector is full whatever the number of
 * channels. Lanes past the last sample hold something finite that nobody reads; in gradients they hold zeros, so that they
 * may be added up with the others.
 *
 * <p>Sums over the batch go into slots. Which tiles a slot has depends on the batch alone, so the bits do not depend on the
 * number of threads; which slots a task has may depend on it.
 *
 * @param rows samples of the batch
 * @param lanes samples of a tile
 */
record Tiling(int rows, int lanes) {
    private static final int MAX_SLOTS = 16;

    /** Tiles of a task: few enough that what lies between two layers stays in the cache, two to share loaded weights. */
    private static final int MAX_TASK_TILES = 2;

    int tiles() {
        return (rows + lanes - 1) / lanes;
    }

    int slots() {
        return Math.min(MAX_SLOTS, tiles());
    }

    /** The first tile of a slot; of the slot after the last one, the number of tiles. */
    int firstTile(int slot) {
        return (int) ((long) slot * tiles() / slots());
    }

    /** Cuts the tiles into tasks, each a run of whole slots. */
    Task[] tasks(int threads) {
        int tilesOfTask = Math.max(1, Math.min(MAX_TASK_TILES, tiles() / threads));
        int slotsOfTask = Math.max(1, tilesOfTask * slots() / tiles());
        Task[] tasks = new Task[(slots() + slotsOfTask - 1) / slotsOfTask];
        for (int i = 0; i < tasks.length; i++) {
            int slot = i * slotsOfTask;
            int end = Math.min(slots(), slot + slotsOfTask);
            tasks[i] = new Task(firstTile(slot), firstTile(end) - firstTile(slot), slot, end);
        }
        return tasks;
    }

    /** Whether a tiled op has this operand in tiles: all but what the rows share, and sums over them. */
    static boolean inTiles(Op op, TensorRef x) {
        if (op instanceof Op.Mapped mapped) {
            return !mapped.shared().contains(x);
        }
        return op instanceof Op.Reduced && op.inputs().contains(x);
    }

    /** Rows of the batch that a tiled op works on. */
    static int rows(Op op) {
        return Stream.concat(op.inputs().stream(), op.outputs().stream())
                .filter(x -> inTiles(op, x))
                .findFirst()
                .orElseThrow()
                .shape()
                .get(0);
    }

    /** Whether an op is tiled and adds up over the batch: its result is there when all tiles are done. */
    static boolean reduces(Op op) {
        return op instanceof Op.Reduced;
    }
}
