package dev.weft.loss;

import dev.weft.ShapeException;
import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.DType;
import dev.weft.tensor.TensorRef;

/**
 * {@code sum of w e / sum of w} over the elements e of a row; 0 where no element has a weight.
 *
 * @param weights one for each element of the loss, {@code [N,...]}, at least 0
 */
public record WeightedElements(Loss loss, TensorRef weights) implements Loss {
    private static final Function MEAN = Function.of(
            "weighted mean", (sum, weight) -> Expr.constant(0).lessThan(weight, sum.over(weight), Expr.constant(0)));

    @Override
    public DType targetType() {
        return loss.targetType();
    }

    @Override
    public TensorRef lower(Lowering l, TensorRef output, TensorRef target) {
        TensorRef elements = loss.elements(l, output, target);
        if (!elements.shape().equals(weights.shape())) {
            throw new ShapeException(
                    l.layer(), "this loss has elements %s, the weights are %s".formatted(elements.shape(), weights));
        }
        int rank = elements.shape().rank();
        TensorRef weighted = l.map("weighted elements", Functions.MULTIPLY, elements, weights);
        TensorRef sum = l.reduce("sum of elements", Op.Reduction.SUM, weighted, 1, rank);
        return l.map("rows", MEAN, sum, l.reduce("sum of weights", Op.Reduction.SUM, weights, 1, rank));
    }
}
