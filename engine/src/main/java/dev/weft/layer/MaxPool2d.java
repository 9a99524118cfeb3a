package dev.weft.layer;

import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;

/**
 * Max pooling: {@code y[c,i,j] =} the largest {@code x} in a window. Input {@code [C,H,W]}, output {@code [C,H',W']} with
 * {@code H' = (H + 2 pad - R) / stride + 1}, W' likewise. Padding never wins; of equal values the first in row order takes
 * the gradient.
 */
public record MaxPool2d(Window2d window) implements Layer {

    /** The same with this step in both directions; the default is the window's size. */
    public MaxPool2d stride(int step) {
        Window2d w = window;
        return new MaxPool2d(new Window2d(w.height(), w.width(), step, step, w.padHeight(), w.padWidth()));
    }

    /** The same with this padding on each side, smaller than the window; the default is 0. */
    public MaxPool2d padding(int size) {
        Window2d w = window;
        return new MaxPool2d(new Window2d(w.height(), w.width(), w.strideHeight(), w.strideWidth(), size, size));
    }

    @Override
    public String kind() {
        return "pool";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        return Pooling.infer(window, inputs);
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        Shape shape = infer(List.of(inputs.get(0).shape().sample()));
        TensorRef y = l.output(shape);
        l.emit(new Op.MaxPool2d(l.layer(), inputs.get(0), window, y, l.inner("argmax", DType.I32, shape)));
        return y;
    }
}
