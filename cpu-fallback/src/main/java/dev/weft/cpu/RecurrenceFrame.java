package dev.weft.cpu;

import dev.weft.cpu.CellPlaces.Place;

/** What a thread works with in a recurrent layer: the step and the tile that it is at, and memory for its task. */
final class RecurrenceFrame {
    private final int size;
    private final int own;
    private final Reals scratch;
    private final int first;
    private final SequenceTiles sequences;

    private Task task;
    private int frame;
    private int tile;
    private int step;

    /**
     * @param size numbers of all units of a tile
     * @param own how many values have memory of their own
     * @param scratch that memory, for all threads
     * @param tiles of a task, at most
     */
    RecurrenceFrame(int size, int own, Reals scratch, int thread, int tiles, SequenceTiles sequences) {
        this.size = size;
        this.own = own;
        this.scratch = scratch;
        this.first = thread * tiles * own * size;
        this.sequences = sequences;
    }

    void begin(Task ofTiles, int numberOfFrame) {
        task = ofTiles;
        frame = numberOfFrame;
        sequences.begin(task, frame);
    }

    void move(int toTile, int toStep) {
        tile = toTile;
        step = toStep;
    }

    /** Numbers of all units of a tile. */
    int size() {
        return size;
    }

    /** Whether any sequence of the tile has the step. */
    boolean anyHas() {
        return sequences.anyHas(tile, step);
    }

    float[] array(Place place) {
        if (place.weights() != null) {
            return place.weights().a;
        }
        return place.operand() == null ? scratch.a : place.operand().reals;
    }

    int at(Place place) {
        if (place.weights() != null) {
            return place.weights().at + place.number() * size;
        }
        if (place.operand() == null) {
            return scratch.at + first + (tile * own + place.number()) * size;
        }
        return at(place.operand()) + (step * place.parts() + place.number()) * size;
    }

    /** Where the tile begins in an operand. */
    int at(Operand x) {
        return x.at(task, frame) + tile * x.tile;
    }

    /** Distance of a value's places in two tiles. */
    int tileStep(Place place) {
        return place.operand() == null ? own * size : place.operand().tile;
    }

    void copy(Place from, Place to) {
        System.arraycopy(array(from), at(from), array(to), at(to), size);
    }

    /** Copies operands {@code [N,H]} to values, for all tiles of the task; none are zeros. */
    void load(Operand[] x, Place[] to) {
        for (tile = 0; tile < task.count(); tile++) {
            for (int k = 0; k < to.length; k++) {
                if (x.length == 0) {
                    clear(to[k]);
                } else {
                    System.arraycopy(x[k].reals, at(x[k]), array(to[k]), at(to[k]), size);
                }
            }
        }
    }

    /** Copies the first values to operands {@code [N,H]}, for all tiles of the task. */
    void store(Place[] from, Operand[] x) {
        for (tile = 0; tile < task.count(); tile++) {
            for (int k = 0; k < x.length; k++) {
                System.arraycopy(array(from[k]), at(from[k]), x[k].reals, at(x[k]), size);
            }
        }
    }

    /** Copies a value to this step of an operand {@code [N,T,H]}, and puts 0 there for sequences that lack the step. */
    void storeStep(Place from, Operand x) {
        int to = at(x) + step * size;
        if (anyHas()) {
            System.arraycopy(array(from), at(from), x.reals, to, size);
            sequences.clearOthers(tile, step, x.reals, to, size);
        } else {
            SequenceTiles.clear(x.reals, to, size);
        }
    }

    void clear(Place place) {
        SequenceTiles.clear(array(place), at(place), size);
    }

    /** Puts 0 in place of a value, where a sequence lacks this step. */
    void clearOthers(Place place) {
        sequences.clearOthers(tile, step, array(place), at(place), size);
    }

    /** Where a sequence lacks this step, a value takes another one. */
    void keepOthers(Place from, Place to) {
        sequences.keepOthers(tile, step, array(from), at(from), array(to), at(to), size);
    }
}
