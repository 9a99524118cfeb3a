package dev.weft.backend;

import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;

/** Persistent tensors in a backend's memory, all zero at first. Views of them can be read and written too. */
public interface Memory extends AutoCloseable {

    /**
     * Copies values to the backend.
     *
     * @throws dev.weft.ShapeException if type or number of elements differ
     */
    void write(TensorRef tensor, HostTensor values);

    /** Copies values from the backend; REAL comes in the backend's own precision. */
    HostTensor read(TensorRef tensor);

    /** What the tensors take of the backend's memory. */
    long bytes();

    @Override
    void close();
}
