package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Window2d;
import dev.weft.op.expr.Cell;
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

    /** Elman's recurrent layer with tanh, giving the outputs of all steps. */
    public static Recurrent simpleRnn(int units) {
        return Recurrent.of(Cells.rnn(), units);
    }

    /** Long short-term memory, giving the outputs of all steps. */
    public static Recurrent lstm(int units) {
        return Recurrent.of(Cells.lstm(), units);
    }

    /** Gated recurrent units, in the form of {@link Cells#gru}, giving the outputs of all steps. */
    public static Recurrent gru(int units) {
        return Recurrent.of(Cells.gru(), units);
    }

    /** A recurrent layer of any cell, giving the outputs of all steps. */
    public static Recurrent recurrent(Cell cell, int units) {
        return Recurrent.of(cell, units);
    }

    /** A recurrent layer in both directions, whose outputs are put one after the other. */
    public static Bidirectional bidirectional(Recurrent layer) {
        return new Bidirectional(layer, Bidirectional.Merge.CONCATENATE);
    }

    /** A fully connected layer for each step of a sequence. */
    public static TimeDistributed timeDistributed(Linear layer) {
        return new TimeDistributed(layer);
    }

    /** A learned vector for each index, normal with variance 1 / width at the beginning. */
    public static Embedding embedding(int size, int width) {
        return new Embedding(size, width, -1, Initializer.lecunNormal());
    }

    /** Dropout with the same mask in all steps of a sequence. */
    public static SequenceDropout sequenceDropout(double p) {
        return new SequenceDropout(p);
    }

    /** The mean over the steps of a sequence. */
    public static TimePooling meanOverTime() {
        return new TimePooling(TimePooling.Kind.MEAN, false);
    }

    /** The largest value over the steps of a sequence. */
    public static TimePooling maxOverTime() {
        return new TimePooling(TimePooling.Kind.MAX, false);
    }

    /** The elements {@code from} to before {@code to} along an axis of the sample. */
    public static Slice slice(int axis, int from, int to) {
        return new Slice(axis, from, to);
    }
}
