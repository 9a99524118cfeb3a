package dev.weft.op;

import dev.weft.tensor.TensorRef;
import java.util.function.Function;

/** What a gradient rule works with: the gradients of the op's outputs are known, those of its inputs are to be given. */
public interface Gradients {
    /** The gradient of the loss with respect to {@code y}, an output of the op. */
    TensorRef of(TensorRef y);

    /** Whether {@code y}, an output of the op, leads to the loss; else its gradient is 0. */
    boolean has(TensorRef y);

    /**
     * Gives the gradient of input {@code x} as an op that writes it. The op is made and emitted only where the gradient
     * is needed, with the tensor that it has to write.
     */
    void add(TensorRef x, Function<TensorRef, Op> op);

    /** Emits an op that writes what the next op of the rule reads. */
    void emit(Op op);

    /** Says that the gradient of input {@code x} is {@code dx}, a tensor that exists already. */
    void pass(TensorRef x, TensorRef dx);
}
