package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.Shape;

/** The layers by their names, for {@code import static}. */
public final class Layers {
    private Layers() {}

    /** Convolution with {@code filters} square filters, stride 1, no padding, with bias. */
    public static Conv2d conv2d(int filters, int size) {
        return new Conv2d(filters, Window2d.square(size, 1, 0), true, Initializer.glorotUniform());
    }

    /** Fully connected, with bias. */
    public static Linear linear(int outputs) {
        return new Linear(outputs, true, Initializer.glorotUniform());
    }

    /** Max pooling over square windows that do not overlap. */
    public static MaxPool2d maxPool2d(int size) {
        return new MaxPool2d(Window2d.square(size, size, 0));
    }

    /** Average pooling over square windows that do not overlap. */
    public static AvgPool2d avgPool2d(int size) {
        return new AvgPool2d(Window2d.square(size, size, 0));
    }

    public static Activation relu() {
        return new Activation(Op.Function.RELU);
    }

    public static Activation sigmoid() {
        return new Activation(Op.Function.SIGMOID);
    }

    public static Activation tanh() {
        return new Activation(Op.Function.TANH);
    }

    public static Softmax softmax() {
        return new Softmax();
    }

    /** Dropout of each element with probability {@code p} while training. */
    public static Dropout dropout(double p) {
        return new Dropout(p);
    }

    public static Flatten flatten() {
        return new Flatten();
    }

    public static Reshape reshape(int... shape) {
        return new Reshape(Shape.of(shape));
    }

    public static Add add() {
        return new Add();
    }

    /** Concatenation along the channels. */
    public static Concat concat() {
        return new Concat(0);
    }
}
