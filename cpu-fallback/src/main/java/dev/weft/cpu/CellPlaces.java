package dev.weft.cpu;

import dev.weft.op.expr.Cell.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where the values of a recurrent layer's step are: in the op's operands, or in memory of its own for the tiles of a task. */
final class CellPlaces {
    /**
     * Where a value is, of each unit of a tile: part {@code number} of those that lie one after the other.
     *
     * @param operand that has {@code parts} of them for each step; null elsewhere
     * @param weights of units, the same in all tiles and steps; null elsewhere
     */
    record Place(Operand operand, int parts, Reals weights, int number) {}

    private final Map<Value, Place> places = new HashMap<>();
    private int own;

    /** Says that values are in an operand, in this order. */
    void put(Operand x, List<Value> values) {
        for (int i = 0; i < values.size(); i++) {
            places.put(values.get(i), new Place(x, values.size(), null, i));
        }
    }

    /** Says that values are in memory that all tiles share. */
    void put(Reals weights, List<Value> values) {
        for (int i = 0; i < values.size(); i++) {
            places.put(values.get(i), new Place(null, 0, weights, i));
        }
    }

    /** Gives values memory of their own, one after the other. */
    void own(List<Value> values) {
        values.forEach(value -> places.put(value, new Place(null, 0, null, own++)));
    }

    /** How many values have memory of their own. */
    int own() {
        return own;
    }

    Place of(Value value) {
        return places.get(value);
    }

    Place[] of(List<Value> values) {
        return values.stream().map(this::of).toArray(Place[]::new);
    }
}
