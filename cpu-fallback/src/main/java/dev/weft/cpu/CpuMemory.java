package dev.weft.cpu;

import dev.weft.ShapeException;
import dev.weft.backend.Memory;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Persistent tensors, each in an array of its own. */
final class CpuMemory implements Memory {
    private final Map<TensorRef, Object> arrays = new LinkedHashMap<>();

    CpuMemory(Collection<TensorRef> tensors) {
        for (TensorRef tensor : tensors) {
            arrays.put(
                    tensor,
                    JavaArrays.allocate(
                            tensor.name(), tensor.type(), tensor.shape().elements()));
        }
    }

    /** The array of a tensor that stands alone, or null if it is not here. */
    Object array(TensorRef root) {
        return arrays.get(root);
    }

    private Object arrayOf(TensorRef tensor) {
        Object array = arrays.get(tensor.root());
        if (array == null) {
            throw new IllegalArgumentException(tensor + " is not in this memory");
        }
        return array;
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        write(tensor, values, arrayOf(tensor), (int) tensor.offset());
    }

    static void write(TensorRef tensor, HostTensor values, Object array, int at) {
        checkFits(tensor, values);
        if (values.array() instanceof double[] doubles) {
            float[] floats = (float[]) array;
            for (int i = 0; i < doubles.length; i++) {
                floats[at + i] = (float) doubles[i];
            }
        } else {
            System.arraycopy(values.array(), 0, array, at, tensor.elements());
        }
    }

    static void checkFits(TensorRef tensor, HostTensor values) {
        if (values.type() != tensor.type() || values.elements() != tensor.elements()) {
            throw new ShapeException(
                    tensor.name(), "needs %s%s, got %s".formatted(tensor.type(), tensor.shape(), values));
        }
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        return read(tensor, arrayOf(tensor), (int) tensor.offset());
    }

    static HostTensor read(TensorRef tensor, Object array, int at) {
        int end = at + tensor.elements();
        if (array instanceof float[] floats) {
            return HostTensor.of(tensor.shape(), Arrays.copyOfRange(floats, at, end));
        } else if (array instanceof int[] ints) {
            return HostTensor.of(tensor.shape(), Arrays.copyOfRange(ints, at, end));
        }
        return HostTensor.of(tensor.shape(), Arrays.copyOfRange((byte[]) array, at, end));
    }

    @Override
    public long bytes() {
        return arrays.keySet().stream()
                .mapToLong(t -> t.shape().elements() * JavaArrays.width(t.type()))
                .sum();
    }

    @Override
    public void close() {
        arrays.clear();
    }
}
