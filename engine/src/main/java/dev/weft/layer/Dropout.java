package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * While training, sets each element to zero with probability {@code p} and divides the others by {@code 1 - p}; does
 * nothing otherwise (Srivastava et al. 2014). Any shape. The mask depends on the model's seed, the step, the layer's
 * name and the element alone, so it is the same on every backend.
 */
public record Dropout(double p) implements Layer {

    public Dropout {
        requireProbability(p);
    }

    static void requireProbability(double p) {
        if (!(p >= 0 && p < 1)) {
            throw new IllegalArgumentException("dropout needs 0 <= p < 1, got " + p);
        }
    }

    @Override
    public String kind() {
        return "dropout";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Layer.single(inputs);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        if (!l.training()) {
            return x;
        }
        Shape shape = x.shape().sample();
        TensorRef y = l.output(shape);
        l.emit(new Op.Dropout(l.layer(), x, threshold(p), l.seed(), l.stream(), y, l.inner("mask", DType.U8, shape)));
        return y;
    }

    private static int threshold(double p) {
        return (int) Math.min(Math.round(p * 0x1p32), 0xFFFFFFFFL);
    }

    /** Numbers to multiply with, one mask for each row: 0 with probability {@code p}, else {@code 1 / (1 - p)}. */
    static TensorRef mask(Lowering l, String name, double p, Shape shape) {
        TensorRef ones = l.inner(name + ".ones", shape);
        TensorRef mask = l.inner(name, shape);
        TensorRef bits = l.inner(name + ".bits", DType.U8, shape);
        l.emit(new Op.Fill(l.layer(), 1, ones));
        int stream = Philox.stream(l.layer() + "." + name);
        l.emit(new Op.Dropout(l.layer(), ones, threshold(p), l.seed(), stream, mask, bits));
        return mask;
    }
}
