package dev.weft.conformance;

import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.layer.State;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** {@code y = x - mean}, with a running mean of the inputs of the steps before. */
public record Centered() implements Layer {
    /** What is kept of the mean in each step. */
    public static final double MOMENTUM = 0.75;

    /** The mean before the first step. */
    public static final double INITIAL = 0.5;

    @Override
    public String kind() {
        return "centered";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Layer.single(inputs);
    }

    @Override
    public List<State> states(List<Shape> inputs) {
        return List.of(new State("mean", Shape.of(1, inputs.get(0).get(0)), INITIAL));
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        int width = x.shape().get(1);
        TensorRef mean = l.state("mean");
        TensorRef row = TensorRef.unbatched(l.layer() + ".shift", DType.REAL, Shape.of(width));
        l.emit(new Op.Reshape(l.layer(), scaled(l, "negative", -1, mean), row));
        TensorRef y = l.output(Shape.of(width));
        l.emit(new Op.AddBias(l.layer(), x, row, y));
        if (l.training()) {
            TensorRef weights = l.inner("weights", Shape.of(1));
            TensorRef part = mean.like(l.layer() + ".part");
            TensorRef next = mean.like(l.layer() + ".next");
            l.emit(new Op.Fill(l.layer(), (1 - MOMENTUM) / l.batch(), weights));
            l.emit(new Op.MatMul(l.layer(), weights, x, true, false, part));
            l.emit(new Op.Add(l.layer(), scaled(l, "kept", MOMENTUM, mean), part, next));
            l.writeState("mean", next);
        }
        return y;
    }

    private static TensorRef scaled(Lowering l, String name, double factor, TensorRef x) {
        TensorRef constant = TensorRef.unbatched(l.layer() + "." + name + ".factor", DType.REAL, Shape.of(1, 1));
        TensorRef y = x.like(l.layer() + "." + name);
        l.emit(new Op.Fill(l.layer(), factor, constant));
        l.emit(new Op.MatMul(l.layer(), constant, x, false, false, y));
        return y;
    }
}
