package dev.weft.cpu;

import dev.weft.program.MemoryPlan;
import dev.weft.tensor.DType;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The memory for transient tensors, one array for each type, shared by programs that were bound together. */
final class Arena {
    /** What poisoned memory holds: a NaN that no computation produces, and integers that no index can be. */
    private static final float POISON_REAL = Float.intBitsToFloat(0x7fc0dead);

    private static final int POISON_INT = 0x80000001;
    private static final byte POISON_BYTE = 0x7b;

    private static final int CACHE_LINE = 64;
    private static final int ARRAY_HEADER = 16;

    /** The first element of a large {@code float[]} that begins with a cache line, see {@link #at}. */
    static final int FIRST_REAL = (CACHE_LINE - ARRAY_HEADER) / Float.BYTES;

    private final Map<DType, Object> arrays = new EnumMap<>(DType.class);

    Arena(List<Binding> bindings) {
        for (DType type : DType.values()) {
            long size = bindings.stream()
                    .mapToLong(binding -> binding.plan(type).size())
                    .max()
                    .orElse(0);
            long length = size + base(type);
            arrays.put(
                    type,
                    JavaArrays.allocate(
                            "the memory for activations", type, type == DType.REAL ? large(length) : length));
        }
    }

    /**
     * Where a block begins in the array. A large array of Java begins 16 bytes after a cache line (where the garbage
     * collector gives it a region of its own, as G1 does), so a block at this index begins with a cache line: vectors that
     * cross two lines take twice as long.
     */
    int at(DType type, MemoryPlan.Block block) {
        return at(type, block.offset());
    }

    /** Elements of a {@code float[]} that is large, and has so many at least. */
    static long large(long length) {
        return Math.max(length, HotSpot.REGION / 2 / Float.BYTES + 1);
    }

    int at(DType type, long offset) {
        return (int) (base(type) + offset);
    }

    private static int base(DType type) {
        return (CACHE_LINE - ARRAY_HEADER) / JavaArrays.width(type);
    }

    Object array(DType type) {
        return arrays.get(type);
    }

    long bytes() {
        return arrays.entrySet().stream()
                .mapToLong(entry ->
                        (long) java.lang.reflect.Array.getLength(entry.getValue()) * JavaArrays.width(entry.getKey()))
                .sum();
    }

    /** Poisons elements of a plan. */
    void poison(DType type, long first, long end) {
        Object array = arrays.get(type);
        long from = at(type, first);
        long to = at(type, end);
        if (array instanceof float[] floats) {
            Arrays.fill(floats, (int) from, (int) to, POISON_REAL);
        } else if (array instanceof int[] ints) {
            Arrays.fill(ints, (int) from, (int) to, POISON_INT);
        } else {
            Arrays.fill((byte[]) array, (int) from, (int) to, POISON_BYTE);
        }
    }

    /**
     * The first element of the guard bands around the blocks that is no longer poisoned, or -1.
     *
     * @param from where the plan's memory begins
     */
    long firstBrokenGuard(DType type, MemoryPlan plan, long from) {
        for (MemoryPlan.Block block : plan.blocks()) {
            long first = from + block.offset();
            long end = first + block.size();
            for (long i = first - plan.guard(); i < first; i++) {
                if (!poisoned(type, (int) i)) {
                    return i;
                }
            }
            for (long i = end; i < end + plan.guard(); i++) {
                if (!poisoned(type, (int) i)) {
                    return i;
                }
            }
        }
        return -1;
    }

    private boolean poisoned(DType type, int offset) {
        Object array = arrays.get(type);
        int i = at(type, offset);
        if (array instanceof float[] floats) {
            return Float.floatToRawIntBits(floats[i]) == Float.floatToRawIntBits(POISON_REAL);
        } else if (array instanceof int[] ints) {
            return ints[i] == POISON_INT;
        }
        return ((byte[]) array)[i] == POISON_BYTE;
    }
}
