package dev.weft.cpu;

import java.util.Arrays;

/** How long the sequences in the tiles of a task are. Samples past the last one of the batch have the length 0. */
final class SequenceTiles {
    private final Operand lengths;
    private final Tiling tiling;
    private final int steps;
    private final int[] ofLanes;
    private final int[] shortest;
    private final int[] longest;

    /**
     * @param lengths null where all sequences have all steps
     * @param mostTiles of a task
     */
    SequenceTiles(Operand lengths, int steps, int mostTiles, Tiling tiling) {
        this.lengths = lengths;
        this.steps = steps;
        this.tiling = tiling;
        ofLanes = new int[mostTiles * tiling.lanes()];
        shortest = new int[mostTiles];
        longest = new int[mostTiles];
    }

    void begin(Task task, int frame) {
        int lanes = tiling.lanes();
        for (int tile = 0; tile < task.count(); tile++) {
            shortest[tile] = steps;
            longest[tile] = 0;
            for (int lane = 0; lane < lanes; lane++) {
                int i = tile * lanes + lane;
                int length = lengths == null ? steps : lengths.ints[lengths.at(task, frame) + i];
                boolean present = task.first() * lanes + i < tiling.rows();
                ofLanes[i] = present ? Math.max(0, Math.min(steps, length)) : 0;
                shortest[tile] = Math.min(shortest[tile], ofLanes[i]);
                longest[tile] = Math.max(longest[tile], ofLanes[i]);
            }
        }
    }

    /** Whether any sequence of a tile has a step. */
    boolean anyHas(int tile, int step) {
        return step < longest[tile];
    }

    private boolean allHave(int tile, int step) {
        return step < shortest[tile];
    }

    /** Puts zeros, one for each unit and each sequence without this step. */
    void clearOthers(int tile, int step, float[] x, int at, int n) {
        int lanes = tiling.lanes();
        for (int lane = 0; lane < lanes && !allHave(tile, step); lane++) {
            if (step >= ofLanes[tile * lanes + lane]) {
                for (int i = at + lane; i < at + n; i += lanes) {
                    x[i] = 0;
                }
            }
        }
    }

    /** Copies the numbers of those sequences that lack this step. */
    void keepOthers(int tile, int step, float[] from, int fromAt, float[] to, int toAt, int n) {
        int lanes = tiling.lanes();
        for (int lane = 0; lane < lanes && !allHave(tile, step); lane++) {
            if (step >= ofLanes[tile * lanes + lane]) {
                for (int i = lane; i < n; i += lanes) {
                    to[toAt + i] = from[fromAt + i];
                }
            }
        }
    }

    /** Zeros for all sequences. */
    static void clear(float[] x, int at, int n) {
        Arrays.fill(x, at, at + n, 0);
    }
}
