package dev.weft.graph;

import dev.weft.layer.Layer;
import dev.weft.layer.Lowering;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/** Reads values and classes. */
record Picking() implements Layer {
    @Override
    public String kind() {
        return "picking";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return inputs.get(0);
    }

    @Override
    public DType inputType(int index) {
        return index == 1 ? DType.I32 : DType.REAL;
    }

    @Override
    public TensorRef lower(Lowering lowering, List<TensorRef> inputs) {
        return inputs.get(0);
    }
}
