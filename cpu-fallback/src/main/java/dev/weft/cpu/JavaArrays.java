package dev.weft.cpu;

import dev.weft.OutOfDeviceMemoryException;
import dev.weft.tensor.DType;

/** The Java arrays that hold tensors: {@code float[]} for REAL, {@code int[]} for I32, {@code byte[]} for U8. */
final class JavaArrays {
    private JavaArrays() {}

    /** Bytes of an element. */
    static int width(DType type) {
        return type == DType.U8 ? 1 : 4;
    }

    /**
     * @throws OutOfDeviceMemoryException if the heap is too small, or an array cannot be so long
     */
    static Object allocate(String what, DType type, long elements) {
        long bytes = elements * width(type);
        if (elements > Integer.MAX_VALUE - 8) {
            throw new OutOfDeviceMemoryException(
                    what, bytes, (Integer.MAX_VALUE - 8L) * width(type), "use a smaller batch or data set");
        }
        try {
            return switch (type) {
                case REAL -> new float[(int) elements];
                case I32 -> new int[(int) elements];
                case U8 -> new byte[(int) elements];
            };
        } catch (OutOfMemoryError e) {
            Runtime runtime = Runtime.getRuntime();
            long free = runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
            throw new OutOfDeviceMemoryException(
                    what, bytes, free, "use a smaller batch, or give Java a larger heap with -Xmx");
        }
    }
}
