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

    private final Map<DType, Object> arrays = new EnumMap<>(DType.class);

    Arena(List<Binding> bindings) {
        for (DType type : DType.values()) {
            long size = bindings.stream()
                    .mapToLong(binding -> binding.plan(type).size())
                    .max()
                    .orElse(0);
            arrays.put(type, JavaArrays.allocate("the memory for activations", type, size));
        }
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

    void poison(DType type, long from, long to) {
        Object array = arrays.get(type);
        if (array instanceof float[] floats) {
            Arrays.fill(floats, (int) from, (int) to, POISON_REAL);
        } else if (array instanceof int[] ints) {
            Arrays.fill(ints, (int) from, (int) to, POISON_INT);
        } else {
            Arrays.fill((byte[]) array, (int) from, (int) to, POISON_BYTE);
        }
    }

    /** The first element of the guard bands around the blocks that is no longer poisoned, or -1. */
    long firstBrokenGuard(DType type, MemoryPlan plan) {
        for (MemoryPlan.Block block : plan.blocks()) {
            long end = block.offset() + block.size();
            for (long i = block.offset() - plan.guard(); i < block.offset(); i++) {
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

    private boolean poisoned(DType type, int i) {
        Object array = arrays.get(type);
        if (array instanceof float[] floats) {
            return Float.floatToRawIntBits(floats[i]) == Float.floatToRawIntBits(POISON_REAL);
        } else if (array instanceof int[] ints) {
            return ints[i] == POISON_INT;
        }
        return ((byte[]) array)[i] == POISON_BYTE;
    }
}
