package dev.weft.layer;

import dev.weft.op.Window2d;
import dev.weft.tensor.Shape;
import java.util.List;

/** The shape rule that all pooling layers share. */
final class Pooling {
    private Pooling() {}

    static Shape infer(Window2d window, List<Shape> inputs) {
        Shape x = Layer.image(inputs);
        if (window.padHeight() >= window.height() || window.padWidth() >= window.width()) {
            throw new IllegalArgumentException("padding must be smaller than the window: " + window);
        }
        int height = window.outHeight(x.get(1));
        int width = window.outWidth(x.get(2));
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("window " + window + " does not fit into image " + x);
        }
        return Shape.of(x.get(0), height, width);
    }
}
