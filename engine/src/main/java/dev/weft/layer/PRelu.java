package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * {@code y = x} above 0, else {@code slope[c] x}, with a slope for each channel that is learned, 1/4 at the beginning (He et
 * al. 2015, arXiv 1502.01852). Input {@code [C,...]}, parameter {@code slope[C]}.
 */
public record PRelu() implements Layer {
    private static final Function FUNCTION =
            Function.of("prelu", (x, slope) -> Expr.constant(0).lessThan(x, x, x.times(slope)));

    @Override
    public String kind() {
        return "prelu";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = Layer.single(inputs);
        if (x.rank() < 1) {
            throw new IllegalArgumentException("needs channels [C,...], got " + x);
        }
        return x;
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        int channels = Layer.single(inputs).get(0);
        return List.of(new Parameter("slope", Shape.of(channels), Initializer.constant(0.25f), channels, channels));
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(x.shape().sample());
        TensorRef slope = l.parameter("slope");
        l.emit(new Op.Map(
                l.layer(),
                FUNCTION,
                List.of(x, slope),
                List.of(Lowering.axes(0, x.shape().rank()), List.of(1)),
                y));
        return y;
    }
}
