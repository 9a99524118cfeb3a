package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * A recurrent layer twice, with parameters of their own: from the first step to the last, and from the last to the first
 * (Schuster and Paliwal 1997, doi 10.1109/78.650093). Inputs are those of the layer. The outputs of both, of each step or the
 * last ones, are put one after the other or added up. The parameters are those of the layer, as {@code forward.weight} and
 * {@code backward.weight}.
 *
 * @param layer forward, with neither given nor carried states
 */
public record Bidirectional(Recurrent layer, Merge merge) implements Layer {

    /** What becomes of the outputs of both directions. */
    public enum Merge {
        /** {@code [T,2 H]} or {@code [2 H]}, those of the forward direction first. */
        CONCATENATE,
        /** {@code [T,H]} or {@code [H]}. */
        SUM
    }

    public Bidirectional {
        if (layer.start() || layer.carried() > 0 || layer.reverse()) {
            throw new IllegalArgumentException(
                    "a bidirectional layer runs a forward one in both directions, from states 0; got " + layer);
        }
    }

    /** The same with the sum of both directions. */
    public Bidirectional sum() {
        return new Bidirectional(layer, Merge.SUM);
    }

    @Override
    public String kind() {
        return "bidirectional";
    }

    @Override
    public DType inputType(int index) {
        return layer.inputType(index);
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        int[] shape = layer.infer(inputs).toArray();
        shape[shape.length - 1] *= merge == Merge.CONCATENATE ? 2 : 1;
        return Shape.of(shape);
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        List<Parameter> parameters = new ArrayList<>();
        layer.parameters(inputs).forEach(parameter -> parameters.add(parameter.in("forward")));
        layer.parameters(inputs).forEach(parameter -> parameters.add(parameter.in("backward")));
        return parameters;
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        Shape each = layer.infer(inputs.stream().map(x -> x.shape().sample()).toList());
        TensorRef forward = layer.lower(l, "forward.", inputs, l.inner("forward", each));
        TensorRef backward = layer.backwards().lower(l, "backward.", inputs, l.inner("backward", each));
        TensorRef y =
                l.output(infer(inputs.stream().map(x -> x.shape().sample()).toList()));
        l.emit(
                merge == Merge.SUM
                        ? new Op.Add(l.layer(), forward, backward, y)
                        : new Op.Concat(
                                l.layer(), List.of(forward, backward), y.shape().rank() - 1, y));
        return y;
    }
}
