package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * Dropout between the layers of a recurrent network: while training, sets each of the D values of a step to zero with probability
 * {@code p}, the same ones in all steps of a sequence, and divides the others by {@code 1 - p}; does nothing otherwise (Gal and
 * Ghahramani 2016, arXiv 1512.05287). Input and output {@code [T,D]}.
 */
public record SequenceDropout(double p) implements Layer {

    public SequenceDropout {
        Dropout.requireProbability(p);
    }

    @Override
    public String kind() {
        return "dropout";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return TimeDistributed.sequence(inputs);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        if (!l.training()) {
            return x;
        }
        TensorRef mask = Dropout.mask(l, "mask", p, Shape.of(x.shape().last()));
        TensorRef y = l.output(x.shape().sample());
        l.emit(new Op.Map(
                l.layer(), Functions.MULTIPLY, List.of(x, mask), List.of(Lowering.axes(0, 3), List.of(0, 2)), y));
        return y;
    }
}
