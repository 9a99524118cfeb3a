package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Functions;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * Mean or largest value over the steps of a sequence. Inputs {@code [T,D]} and, where they are asked for, the lengths of the
 * sequences, whose steps alone count (I32, one number, 1 to T); output {@code [D]}.
 */
public record TimePooling(Kind pooling, boolean lengths) implements Layer {

    /** What becomes of the steps. */
    public enum Kind {
        /** Their mean. */
        MEAN,
        /** The largest of each of the D values. */
        MAX
    }

    private static final Function PRESENT = Function.of(
            "present", (x, mask) -> Expr.constant(0).lessThan(mask, x, Expr.constant(Double.NEGATIVE_INFINITY)));
    /** 0 for a row of padding, which has no steps. */
    private static final Function OF_SOME =
            Function.of("of some", (x, length) -> Expr.constant(0).lessThan(length, x, Expr.constant(0)));

    private static final Function SHARE = Function.of("share", (x, length) -> x.over(length.max(1)));

    /** The same with the lengths as its second input. */
    public TimePooling withLengths() {
        return new TimePooling(pooling, true);
    }

    @Override
    public String kind() {
        return pooling == Kind.MEAN ? "mean" : "max";
    }

    @Override
    public DType inputType(int index) {
        return index == 1 ? DType.I32 : DType.REAL;
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        if (inputs.size() != (lengths ? 2 : 1)
                || inputs.get(0).rank() != 2
                || lengths && inputs.get(1).rank() != 0) {
            throw new IllegalArgumentException(
                    "needs sequences [T,D]%s, got %s".formatted(lengths ? " and their lengths" : "", inputs));
        }
        return inputs.get(0).sample();
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        boolean mean = pooling == Kind.MEAN;
        Shape shape = Shape.of(x.shape().last());
        TensorRef y = l.output(shape);
        if (!lengths) {
            Op.Reduction reduction = mean ? Op.Reduction.MEAN : Op.Reduction.MAX;
            l.emit(new Op.Reduce(l.layer(), reduction, x, 1, 2, y));
            return y;
        }
        TensorRef mask = l.inner("mask", Shape.of(x.shape().get(1)));
        l.emit(new Op.SequenceMask(l.layer(), inputs.get(1), mask));
        TensorRef present = l.inner("present", x.shape().sample());
        l.emit(new Op.Map(
                l.layer(),
                mean ? Functions.MULTIPLY : PRESENT,
                List.of(x, mask),
                List.of(Lowering.axes(0, 3), List.of(0, 1)),
                present));
        TensorRef reduced = l.inner("reduced", shape);
        l.emit(new Op.Reduce(l.layer(), mean ? Op.Reduction.SUM : Op.Reduction.MAX, present, 1, 2, reduced));
        l.emit(new Op.Map(
                l.layer(),
                mean ? SHARE : OF_SOME,
                List.of(reduced, inputs.get(1)),
                List.of(List.of(0, 1), List.of(0)),
                y));
        return y;
    }
}
