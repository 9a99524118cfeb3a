package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Window2d;
import dev.weft.op.expr.Function;
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
        return new Linear(outputs, true, Initializer.glorotUniform(), false);
    }

    /** Max pooling over square windows that do not overlap. */
    public static MaxPool2d maxPool2d(int size) {
        return new MaxPool2d(Window2d.square(size, size, 0));
    }

    /** Average pooling over square windows that do not overlap. */
    public static AvgPool2d avgPool2d(int size) {
        return new AvgPool2d(Window2d.square(size, size, 0));
    }

    /** {@code y = max(0, x)}. */
    public static Activation relu() {
        return activation(Activations.relu());
    }

    /** {@code y = 1 / (1 + exp(-x))}. */
    public static Activation sigmoid() {
        return activation(Activations.sigmoid());
    }

    /** {@code y = tanh(x)}. */
    public static Activation tanh() {
        return activation(Activations.tanh());
    }

    /** {@code y = function(x)}: one of {@link Activations}, or a formula of one's own. */
    public static Activation activation(Function function) {
        return new Activation(function);
    }

    /** {@code y = x} above 0, else {@code slope[c] x} with a learned slope for each channel. */
    public static PRelu prelu() {
        return new PRelu();
    }

    /** The logarithm of softmax along the last axis. */
    public static LogSoftmax logSoftmax() {
        return new LogSoftmax();
    }

    /** Softmax along the last axis; not needed in front of {@code Loss.softmaxCrossEntropy()}. */
    public static Softmax softmax() {
        return new Softmax();
    }

    /** Dropout of each element with probability {@code p} while training. */
    public static Dropout dropout(double p) {
        return new Dropout(p);
    }

    /** Makes a vector of a sample of any shape. */
    public static Flatten flatten() {
        return new Flatten();
    }

    /** The same elements under another shape of one sample. */
    public static Reshape reshape(int... shape) {
        return new Reshape(Shape.of(shape));
    }

    /** The sum of two or more inputs of one shape: a residual connection. */
    public static Add add() {
        return new Add();
    }

    /** Concatenation along the channels. */
    public static Concat concat() {
        return new Concat(0);
    }
}
