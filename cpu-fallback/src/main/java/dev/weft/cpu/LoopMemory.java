package dev.weft.cpu;

import dev.weft.tensor.DType;
import java.util.Arrays;

/**
 * Memory for loops that HotSpot's compiler shall turn into vector code. It does so where a loop has one result and few operands,
 * and where all arrays are read and written at the loop's index or a constant distance from it. So operands are first copied
 * to slots, a constant distance apart.
 *
 * <p>Vectors are fast where they begin with a cache line. A large array of Java begins at a known distance from one (see
 * {@link Arena#at}), so all threads have a slice of the same large arrays, at the same index of each. A loop begins one
 * element before its first vector: HotSpot makes the first pass of a loop by itself, and then single ones up to the next
 * cache line.
 */
final class LoopMemory {
    /** Elements of a vector: the samples of a tile. */
    static final int LANES = 64;

    /** The most vectors that lie side by side as a loop's operand. */
    static final int VECTORS = 8;

    /** Distance of two slots: a row of pixels that so many positions and a row of five taps meet, and a cache line. */
    static final int SLOT = (VECTORS + 4) * LANES + 16;

    private static final int SLOTS = 8;
    private static final int SLICE = SLOTS * SLOT;

    private final int filters;
    private final ThreadLocal<Slice> slices = ThreadLocal.withInitial(this::next);
    private Slice next;

    /**
     * A thread's slots, from {@code at} on in each array.
     *
     * @param filters an array for each filter of a block
     */
    record Slice(float[] x, float[][] filters, int at) {}

    LoopMemory(int filters) {
        this.filters = filters;
    }

    Slice ofThread() {
        return slices.get();
    }

    private synchronized Slice next() {
        if (next == null || next.at + SLICE > next.x.length) {
            float[][] sums = new float[filters][];
            Arrays.setAll(sums, k -> large());
            next = new Slice(large(), sums, Arena.FIRST_REAL);
        }
        Slice slice = next;
        next = new Slice(slice.x, slice.filters, slice.at + SLICE);
        return slice;
    }

    private static float[] large() {
        long length = Arena.large(Arena.FIRST_REAL + SLICE);
        return (float[]) JavaArrays.allocate("the memory of scalar loops", DType.REAL, length);
    }

    /** Adds up {@link #VECTORS} vectors; the sum takes the place of the first. */
    static void addUp(float[] x, int at) {
        addHalves(x, at, at + VECTORS / 2 * LANES);
        addQuarters(x, at, at + LANES);
    }

    private static void addHalves(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i] += x[i + VECTORS / 2 * LANES];
        }
    }

    private static void addQuarters(float[] x, int at, int end) {
        for (int i = at - 1; i < end; i++) {
            x[i] = (x[i] + x[i + LANES]) + (x[i + 2 * LANES] + x[i + 3 * LANES]);
        }
    }
}
