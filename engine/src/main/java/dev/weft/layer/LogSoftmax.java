package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** {@code y[j] = x[j] - log(sum over i of exp(x[i]))} along the last axis, computed from {@code x - max(x)}. Any shape but {@code []}. */
public record LogSoftmax() implements Layer {
    private static final Function MINUS_LOG = Function.of("minus log", (x, sum) -> x.minus(sum.log()));

    @Override
    public String kind() {
        return "logsoftmax";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = Layer.single(inputs);
        if (x.rank() < 1) {
            throw new IllegalArgumentException("needs [...,C], got " + x);
        }
        return x;
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        TensorRef y = l.output(x.shape().sample());
        emit(l, "", x, y);
        return y;
    }

    /**
     * Emits the ops for a tensor with a batch.
     *
     * @param prefix of the names of inner tensors
     */
    public static void emit(Lowering l, String prefix, TensorRef x, TensorRef y) {
        int last = x.shape().rank() - 1;
        List<Integer> all = Lowering.axes(0, last + 1);
        List<List<Integer>> along = List.of(all, Lowering.axes(0, last));
        TensorRef largest = l.reduce(prefix + "largest", Op.Reduction.MAX, x, last, last + 1);
        TensorRef shifted = x.like(l.layer() + "." + prefix + "shifted");
        l.emit(new Op.Map(l.layer(), Functions.SUBTRACT, List.of(x, largest), along, shifted));
        TensorRef exponentials = l.map(prefix + "exponentials", Functions.EXP, shifted);
        TensorRef sum = l.reduce(prefix + "sum", Op.Reduction.SUM, exponentials, last, last + 1);
        l.emit(new Op.Map(l.layer(), MINUS_LOG, List.of(shifted, sum), along, y));
    }
}
