package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;

/** What training minimises: one value for each row of the batch, averaged over the rows. */
public interface Loss {

    /** I32 where the target of a row is its class, REAL where it is a tensor like the output. */
    DType targetType();

    /**
     * Emits the ops that compute the loss of each row.
     *
     * @param output the graph's output {@code [N,...]}
     * @param target classes {@code [N]}, or values of the output's shape
     * @return the loss of each row, {@code [N]}
     */
    TensorRef lower(Lowering lowering, TensorRef output, TensorRef target);

    /**
     * {@code -log softmax(x)[label]} for logits {@code x[N,C]} and classes {@code label[N]}. The graph ends in logits,
     * without a softmax of its own.
     */
    static Loss softmaxCrossEntropy() {
        return new SoftmaxCrossEntropy();
    }

    /** {@code mean over j of (x[j] - target[j])^2} for outputs and targets of one shape. */
    static Loss meanSquaredError() {
        return new MeanSquaredError();
    }
}
