package dev.weft.cpu.reference;

import dev.weft.ShapeException;
import dev.weft.backend.Memory;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Persistent tensors, each in arrays of its own. */
final class ReferenceMemory implements Memory {
    private final Map<TensorRef, Cells> roots = new LinkedHashMap<>();

    ReferenceMemory(Collection<TensorRef> tensors) {
        tensors.forEach(tensor -> roots.put(tensor, Cells.of(tensor)));
    }

    Map<TensorRef, Cells> roots() {
        return roots;
    }

    @Override
    public void write(TensorRef tensor, HostTensor values) {
        checkSame(tensor, values);
        cells(tensor).write(values);
    }

    static void checkSame(TensorRef tensor, HostTensor values) {
        if (values.type() != tensor.type() || values.elements() != tensor.elements()) {
            throw new ShapeException(
                    tensor.name(), "needs %s%s, got %s".formatted(tensor.type(), tensor.shape(), values));
        }
    }

    @Override
    public HostTensor read(TensorRef tensor) {
        return cells(tensor).read();
    }

    private Cells cells(TensorRef tensor) {
        Cells root = roots.get(tensor.root());
        if (root == null) {
            throw new IllegalArgumentException(tensor + " is not in this memory");
        }
        return tensor.base() == null ? root : root.view(tensor);
    }

    @Override
    public long bytes() {
        return roots.keySet().stream()
                .mapToLong(t -> t.shape().elements() * 2 * Double.BYTES)
                .sum();
    }

    @Override
    public void close() {
        roots.clear();
    }
}
