package dev.weft.layer;

import dev.weft.init.Initializer;
import dev.weft.op.Op;
import dev.weft.op.Window2d;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Convolution of an image with {@code K} filters:
 * {@code y[k,i,j] = b[k] + sum over c,r,s of x[c, i stride + r - pad, j stride + s - pad] w[k,c,r,s]}.
 * Input {@code [C,H,W]}, output {@code [K,H',W']} with {@code H' = (H + 2 pad - R) / stride + 1}, W' likewise.
 * Parameters {@code weight[K,C,R,S]} and {@code bias[K]} (LeCun et al. 1998).
 *
 * @param filters K
 * @param bias whether there is a bias; one is not needed in front of a normalisation
 */
public record Conv2d(int filters, Window2d window, boolean bias, Initializer weights) implements Layer {

    public Conv2d {
        if (filters < 1) {
            throw new IllegalArgumentException("a convolution needs at least 1 filter, got " + filters);
        }
    }

    /** The same with {@code rows} and {@code columns} of zeros on each side. */
    public Conv2d padding(int rows, int columns) {
        Window2d w = window;
        return new Conv2d(
                filters,
                new Window2d(w.height(), w.width(), w.strideHeight(), w.strideWidth(), rows, columns),
                bias,
                weights);
    }

    /** The same with {@code size} rows and columns of zeros on each side; the default is 0. */
    public Conv2d padding(int size) {
        return padding(size, size);
    }

    /** The same with these steps down and across. */
    public Conv2d stride(int rows, int columns) {
        Window2d w = window;
        return new Conv2d(
                filters,
                new Window2d(w.height(), w.width(), rows, columns, w.padHeight(), w.padWidth()),
                bias,
                weights);
    }

    /** The same with this step in both directions; the default is 1. */
    public Conv2d stride(int step) {
        return stride(step, step);
    }

    /** The same without a bias, for a convolution in front of a normalisation. */
    public Conv2d withoutBias() {
        return new Conv2d(filters, window, false, weights);
    }

    /** The same with other initial weights. */
    public Conv2d init(Initializer initializer) {
        return new Conv2d(filters, window, bias, initializer);
    }

    @Override
    public String kind() {
        return "conv";
    }

    @Override
    public Shape infer(List<Shape> inputs) {
        Shape x = Layer.image(inputs);
        int height = window.outHeight(x.get(1));
        int width = window.outWidth(x.get(2));
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("window " + window + " needs an image of at least [C,"
                    + Math.max(1, window.height() - 2L * window.padHeight()) + ","
                    + Math.max(1, window.width() - 2L * window.padWidth()) + "], got " + x);
        }
        return Shape.of(filters, height, width);
    }

    @Override
    public List<Parameter> parameters(List<Shape> inputs) {
        int channels = Layer.image(inputs).get(0);
        int area = window.height() * window.width();
        int fanIn = channels * area;
        int fanOut = filters * area;
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(new Parameter(
                "weight", Shape.of(filters, channels, window.height(), window.width()), weights, fanIn, fanOut));
        if (bias) {
            parameters.add(new Parameter("bias", Shape.of(filters), Initializer.constant(0), fanIn, fanOut));
        }
        return parameters;
    }

    @Override
    public TensorRef lower(Lowering l, List<TensorRef> inputs) {
        TensorRef x = inputs.get(0);
        Shape shape = infer(List.of(x.shape().sample()));
        TensorRef y = bias ? l.inner("product", shape) : l.output(shape);
        l.emit(new Op.Conv2d(l.layer(), x, l.parameter("weight"), window, y));
        if (!bias) {
            return y;
        }
        TensorRef biased = l.output(shape);
        l.emit(new Op.AddBias(l.layer(), y, l.parameter("bias"), biased));
        return biased;
    }
}
