package dev.weft.loss;

import dev.weft.layer.Lowering;
import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;

/**
 * {@code (s + (t - m)^2 e^-s) / 2}, averaged over the elements: the negative logarithm of the likelihood of t under a normal
 * distribution of mean m and variance {@code e^s}, without the constant {@code log(2 pi) / 2} (Nix and Weigend 1994). The output
 * {@code [2D,...]} has the means {@code [D,...]} first, then s.
 */
record GaussianLikelihood() implements OfElements {
    private static final Function FUNCTION = Function.of(
            "gaussian likelihood",
            3,
            x -> x.get(2)
                    .minus(x.get(0))
                    .square()
                    .times(x.get(1).negative().exp())
                    .plus(x.get(1))
                    .times(0.5));

    @Override
    public DType targetType() {
        return DType.REAL;
    }

    @Override
    public TensorRef elements(Lowering l, TensorRef output, TensorRef target) {
        Shape sample = target.shape().sample();
        int half = target.shape().get(1);
        TensorRef means = l.inner("means", sample);
        TensorRef logVariances = l.inner("log variances", sample);
        l.emit(new Op.Slice(l.layer(), output, 1, 0, means));
        l.emit(new Op.Slice(l.layer(), output, 1, half, logVariances));
        return l.map("elements", FUNCTION, means, logVariances, target);
    }
}
