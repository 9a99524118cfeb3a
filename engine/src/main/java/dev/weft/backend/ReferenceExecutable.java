package dev.weft.backend;

import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;

/**
 * An executable of the backend {@code reference}. Beside each value it keeps the magnitude of the computation that led
 * to it: the sum of the absolute values of what was added up. A computation in another precision may differ from the
 * value by a small multiple of unit roundoff times magnitude.
 */
public interface ReferenceExecutable extends Executable {

    /** The magnitudes of a tensor's values as the last op that wrote the tensor left them. */
    HostTensor magnitudes(TensorRef tensor);
}
