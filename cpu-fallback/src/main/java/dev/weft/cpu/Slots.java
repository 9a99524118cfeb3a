package dev.weft.cpu;

/**
 * Partial sums over the batch: each slot adds up a fixed run of tiles in order, then the slots are added up in a fixed
 * tree. So the bits do not depend on which thread takes which tiles.
 */
final class Slots {
    private final Primitives primitives;
    private final int count;
    private final int length;
    private final Reals place;

    /**
     * @param length elements of a sum
     */
    Slots(int length, Binding binding) {
        this.primitives = binding.primitives();
        this.count = binding.tiling().slots();
        this.length = length;
        this.place = binding.scratch((long) count * length);
    }

    float[] array() {
        return place.a;
    }

    /** Sets a slot to zero; returns where it begins. */
    int clear(int slot) {
        int at = place.at + slot * length;
        java.util.Arrays.fill(place.a, at, at + length, 0);
        return at;
    }

    /** The sum of all slots, written to {@code sum}. */
    Phase combine(Reals sum) {
        return Phase.single(() -> {
            for (int distance = 1; distance < count; distance *= 2) {
                for (int slot = 0; slot + distance < count; slot += 2 * distance) {
                    int at = place.at + slot * length;
                    primitives.add(place.a, at, place.a, at + distance * length, place.a, at, length);
                }
            }
            System.arraycopy(place.a, place.at, sum.a, sum.at, length);
        });
    }
}
