package dev.weft.op;

import static dev.weft.op.Operands.flat;
import static dev.weft.op.Operands.optimizerNumber;
import static dev.weft.op.Operands.require;
import static dev.weft.op.Operands.rows;
import static dev.weft.op.Operands.same;
import static dev.weft.op.Operands.shape;
import static dev.weft.op.Operands.type;

import dev.weft.op.expr.Cell;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Rule;
import dev.weft.tensor.DType;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The instruction set: what a program is made of. Every op names the tensors that it reads and writes, and overwrites
 * what it writes (the marks on its components tell which is which); the updates at the end of this page are the ones that change a tensor in place. A
 * {@link Differentiable} op carries its gradient rule: the ops that produce the gradients of its inputs.
 *
 * <p>Notation: {@code x w b} inputs, {@code y} output, {@code dx} the gradient of the loss with respect to {@code x};
 * N rows of a batch, C channels (or features), H rows and W columns of an image; K filters of C channels, R rows and S
 * columns. Layouts are row-major: images {@code [N,C,H,W]}, filters {@code [K,C,R,S]}. All constructors throw
 * {@link dev.weft.ShapeException} where the operands do not fit together.
 */
public sealed interface Op {
    /** The layer that this op belongs to, for messages and listings. */
    String layer();

    /** The tensors that are read. */
    default List<TensorRef> inputs() {
        return Components.tensors(this, Components.of(this).inputs());
    }

    /** The tensors that are written, each wholly. */
    default List<TensorRef> outputs() {
        return Components.tensors(this, Components.of(this).outputs());
    }

    /** The op's name in listings, kernels and tables: {@code conv2d_filter_gradient}. */
    default String name() {
        return Operands.snakeCase(getClass().getSimpleName());
    }

    /** What else a listing should show: geometry and constants. */
    default String attributes() {
        return "";
    }

    /** How the op treats the batch. */
    default BatchRule batchRule() {
        return BatchRule.WHOLE;
    }

    /** An op that layers may emit: it knows the gradients of its inputs. */
    sealed interface Differentiable extends Op {
        /** The gradient rule. */
        void backward(Gradients g);
    }

    /**
     * An op of which row n of the outputs depends on row n of the inputs alone, and on operands that all rows share. So it is
     * {@link BatchRule#MAPPED} where all others are batched.
     */
    sealed interface Mapped extends Op {
        /** The operands that are the same for all rows. */
        default List<TensorRef> shared() {
            return Components.tensors(this, Components.of(this).shared());
        }

        @Override
        default BatchRule batchRule() {
            return Operands.mapped(inputs(), outputs(), shared()) ? BatchRule.MAPPED : BatchRule.WHOLE;
        }
    }

    /** An op whose outputs are sums over the rows of its inputs. So it is {@link BatchRule#REDUCED} where those are batched. */
    sealed interface Reduced extends Op {
        @Override
        default BatchRule batchRule() {
            boolean reduced = inputs().stream().allMatch(TensorRef::batched)
                    && outputs().stream().noneMatch(TensorRef::batched);
            return reduced ? BatchRule.REDUCED : BatchRule.WHOLE;
        }
    }

    /**
     * An op that changes, in place, what is remembered from step to step: parameters, an optimizer's memory, the state of a
     * layer. It does nothing once the latch of {@link CheckFinite} is set, so that a bad step leaves no trace. No other op
     * may write such tensors.
     */
    sealed interface Update extends Op {
        /** The number in the program, from 0, of the optimizer whose rates this reads; 0 where it reads none. */
        int optimizer();
    }

    /** An op that draws random numbers: those of {@link dev.weft.random.Philox} for this key, this stream and the step's number. */
    sealed interface Random extends Op {
        /** The key. */
        long seed();

        /** The stable number of the random stream. */
        int stream();
    }

    // ---------------------------------------------------------------- linear algebra

    /**
     * Matrix product {@code c = op(a) op(b)}, where op transposes on request: {@code c[M,P] = a[M,K] b[K,P]}, with
     * {@code a} held as {@code [K,M]} if {@code transposeA} and {@code b} as {@code [P,K]} if {@code transposeB}. Rows may have
     * several dimensions, as those of sequences have: {@code c[N,T,P] = a[N,T,K] b[K,P]} is the product of {@code N T} rows, and
     * {@code c[M,P]}, with {@code transposeA}, the sum over as many of {@code a[N,T,M]} and {@code b[N,T,P]}.
     */
    record MatMul(
            String layer,
            @In TensorRef a,
            @In(shared = true) TensorRef b,
            boolean transposeA,
            boolean transposeB,
            @Out TensorRef c)
            implements Differentiable, Mapped {
        public MatMul {
            Operands.matMul(layer, a, b, transposeA, transposeB, c);
        }

        /** M, rows of the result. */
        public int rows() {
            return c.elements() / columns();
        }

        /** P, columns of the result. */
        public int columns() {
            return c.shape().last();
        }

        /** K, the dimension that is summed over. */
        public int inner() {
            return transposeA ? a.elements() / rows() : a.shape().last();
        }

        @Override
        public String attributes() {
            return (transposeA ? "a' " : "a ") + (transposeB ? "b'" : "b");
        }

        @Override
        public BatchRule batchRule() {
            if (transposeA) {
                boolean reduced = a.batched() && b.batched() && !transposeB && !c.batched();
                return reduced ? BatchRule.REDUCED : BatchRule.WHOLE;
            }
            return Mapped.super.batchRule();
        }

        /** {@code d op(a) = dc op(b)'} and {@code d op(b) = op(a)' dc}; where op transposes, both sides transposed. */
        @Override
        public void backward(Gradients g) {
            TensorRef dc = g.of(c);
            g.add(
                    a,
                    da -> transposeA
                            ? new MatMul(layer, b, dc, transposeB, true, da)
                            : new MatMul(layer, dc, b, false, !transposeB, da));
            g.add(
                    b,
                    db -> transposeB
                            ? new MatMul(layer, dc, a, true, transposeA, db)
                            : new MatMul(layer, a, dc, !transposeA, false, db));
        }
    }

    /** {@code y = x + b}, with {@code b[C]} added along axis 1 of {@code x[N,C,...]}. */
    record AddBias(
            String layer,
            @In TensorRef x,
            @In(shared = true) TensorRef b,
            @Out TensorRef y) implements Differentiable, Mapped {
        public AddBias {
            require(x.shape().rank() >= 2, layer, "add_bias needs [N,C,...], got", x);
            shape(layer, b, Shape.of(x.shape().get(1)));
            same(layer, x, y);
        }

        /** {@code dx = dy}, {@code db[c] = sum of dy[n,c,...] over all n and positions}. */
        @Override
        public void backward(Gradients g) {
            g.pass(x, g.of(y));
            g.add(b, db -> new BiasGradient(layer, g.of(y), db));
        }
    }

    /** {@code db[c] = sum of dy[n,c,...]} over all axes but 1. */
    record BiasGradient(String layer, @In TensorRef dy, @Out TensorRef db) implements Reduced {
        public BiasGradient {
            require(dy.shape().rank() >= 2, layer, "bias_gradient needs [N,C,...], got", dy);
            shape(layer, db, Shape.of(dy.shape().get(1)));
        }
    }

    // ---------------------------------------------------------------- convolution

    /**
     * Cross-correlation, as the field calls convolution, with zeros outside the image:
     * {@code y[n,k,i,j] = sum over c,r,s of x[n, c, i stride + r - pad, j stride + s - pad] w[k,c,r,s]}.
     * {@code x[N,C,H,W]}, {@code w[K,C,R,S]}, {@code y[N,K,H',W']} with H', W' of {@link Window2d}.
     */
    record Conv2d(
            String layer,
            @In TensorRef x,
            @In(shared = true) TensorRef w,
            Window2d window,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Conv2d {
            Operands.conv2d(layer, x, w, window, y);
        }

        @Override
        public String attributes() {
            return window.toString();
        }

        /** Each gradient is again a correlation; see the two ops below. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new Conv2dInputGradient(layer, g.of(y), w, window, dx));
            g.add(w, dw -> new Conv2dFilterGradient(layer, x, g.of(y), window, dw));
        }
    }

    /**
     * {@code dx[n,c,h,w] = sum over k,r,s of dy[n,k,i,j] w[k,c,r,s]} with {@code i stride + r - pad = h} and
     * {@code j stride + s - pad = w}.
     */
    record Conv2dInputGradient(
            String layer,
            @In TensorRef dy,
            @In(shared = true) TensorRef w,
            Window2d window,
            @Out TensorRef dx) implements Mapped {
        public Conv2dInputGradient {
            Operands.conv2d(layer, dx, w, window, dy);
        }

        @Override
        public String attributes() {
            return window.toString();
        }
    }

    /** {@code dw[k,c,r,s] = sum over n,i,j of dy[n,k,i,j] x[n, c, i stride + r - pad, j stride + s - pad]}. */
    record Conv2dFilterGradient(
            String layer,
            @In TensorRef x,
            @In TensorRef dy,
            Window2d window,
            @Out TensorRef dw) implements Reduced {
        public Conv2dFilterGradient {
            Operands.conv2d(layer, x, dw, window, dy);
        }

        @Override
        public String attributes() {
            return window.toString();
        }
    }

    // ---------------------------------------------------------------- pooling

    /**
     * {@code y[n,c,i,j] =} the largest {@code x} in the window; {@code argmax[n,c,i,j] =} its index {@code h W + w} in
     * the image plane. Padding never wins. Of equal values the first in row order wins, and a NaN wins over everything.
     */
    record MaxPool2d(
            String layer,
            @In TensorRef x,
            Window2d window,
            @Out TensorRef y,
            @Out TensorRef argmax) implements Differentiable, Mapped {
        public MaxPool2d {
            Operands.pool2d(layer, x, window, y);
            type(layer, argmax, DType.I32);
            same(layer, y, argmax);
        }

        @Override
        public String attributes() {
            return window.toString();
        }

        /** The gradient goes to the element that won. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new MaxPool2dBackward(layer, g.of(y), argmax, window, dx));
        }
    }

    /** {@code dx[n,c,h,w] = sum of dy[n,c,i,j]} over the windows whose {@code argmax[n,c,i,j]} is {@code h W + w}. */
    record MaxPool2dBackward(
            String layer,
            @In TensorRef dy,
            @In TensorRef argmax,
            Window2d window,
            @Out TensorRef dx) implements Mapped {
        public MaxPool2dBackward {
            Operands.pool2d(layer, dx, window, dy);
            type(layer, argmax, DType.I32);
            same(layer, dy, argmax);
        }

        @Override
        public String attributes() {
            return window.toString();
        }
    }

    /** {@code y[n,c,i,j] =} the sum of {@code x} over the window, divided by {@code R S}; padding counts as zeros. */
    record AvgPool2d(
            String layer,
            @In TensorRef x,
            Window2d window,
            @Out TensorRef y) implements Differentiable, Mapped {
        public AvgPool2d {
            Operands.pool2d(layer, x, window, y);
        }

        @Override
        public String attributes() {
            return window.toString();
        }

        /** The gradient is spread evenly over the window. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new AvgPool2dBackward(layer, g.of(y), window, dx));
        }
    }

    /** {@code dx[n,c,h,w] = sum of dy[n,c,i,j] / (R S)} over the windows that hold {@code (h, w)}. */
    record AvgPool2dBackward(
            String layer,
            @In TensorRef dy,
            Window2d window,
            @Out TensorRef dx) implements Mapped {
        public AvgPool2dBackward {
            Operands.pool2d(layer, dx, window, dy);
        }

        @Override
        public String attributes() {
            return window.toString();
        }
    }

    // ---------------------------------------------------------------- element-wise

    /** The functions of {@link Activation}, each with its derivative in terms of its value {@code y}. */
    enum Nonlinearity {
        /** {@code max(0, x)}, NaN for NaN; derivative 1 where {@code y > 0}, else 0. */
        RELU,
        /** {@code 1 / (1 + exp(-x))}; derivative {@code y (1 - y)}. */
        SIGMOID,
        /** {@code tanh(x)}; derivative {@code 1 - y y}. */
        TANH
    }

    /** {@code y = function(x)}, element by element. */
    record Activation(
            String layer,
            Nonlinearity function,
            @In TensorRef x,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Activation {
            same(layer, x, y);
        }

        @Override
        public String attributes() {
            return function.name().toLowerCase(Locale.ROOT);
        }

        /** {@code dx = dy function'(x)}, computed from y. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new ActivationBackward(layer, function, y, g.of(y), dx));
        }
    }

    /** {@code dx = dy function'(x)}, with the derivative written in terms of {@code y = function(x)}. */
    record ActivationBackward(
            String layer,
            Nonlinearity function,
            @In TensorRef y,
            @In TensorRef dy,
            @Out TensorRef dx) implements Mapped {
        public ActivationBackward {
            same(layer, y, dy);
            same(layer, y, dx);
        }

        @Override
        public String attributes() {
            return function.name().toLowerCase(Locale.ROOT);
        }
    }

    /** {@code y = a + b}, element by element. */
    record Add(
            String layer,
            @In TensorRef a,
            @In TensorRef b,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Add {
            same(layer, a, b);
            same(layer, a, y);
        }

        /** {@code da = dy}, {@code db = dy}. */
        @Override
        public void backward(Gradients g) {
            g.pass(a, g.of(y));
            g.pass(b, g.of(y));
        }
    }

    /**
     * Inverted dropout: {@code y = x mask / (1 - p)}. {@code mask} is 0 where the element's 32 random bits, taken as an
     * unsigned number, are below {@code threshold} = p 2^32, else 1. The bits are those of {@link dev.weft.random.Philox}
     * with key {@code seed} and counter (element index, {@code stream}, step number).
     *
     * @param stream the stable number of the layer's random stream
     * @param threshold p 2^32, an unsigned integer
     */
    record Dropout(
            String layer,
            @In TensorRef x,
            int threshold,
            long seed,
            int stream,
            @Out TensorRef y,
            @Out TensorRef mask) implements Differentiable, Mapped, Random {
        public Dropout {
            same(layer, x, y);
            same(layer, x, mask);
            type(layer, mask, DType.U8);
        }

        /** {@code 1 / (1 - p)}, what a kept element is multiplied with. */
        public double scale() {
            return scale(threshold);
        }

        static double scale(int threshold) {
            return 1 / (1 - Integer.toUnsignedLong(threshold) / 0x1p32);
        }

        @Override
        public String attributes() {
            return String.format(Locale.ROOT, "p %.3g", Integer.toUnsignedLong(threshold) / 0x1p32);
        }

        /** {@code dx = dy mask / (1 - p)}. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new DropoutBackward(layer, g.of(y), mask, threshold, dx));
        }
    }

    /** {@code dx = dy mask / (1 - p)} with {@code threshold} = p 2^32. */
    record DropoutBackward(
            String layer,
            @In TensorRef dy,
            @In TensorRef mask,
            int threshold,
            @Out TensorRef dx) implements Mapped {
        public DropoutBackward {
            same(layer, dy, dx);
            same(layer, dy, mask);
            type(layer, mask, DType.U8);
        }

        /** {@code 1 / (1 - p)}. */
        public double scale() {
            return Dropout.scale(threshold);
        }
    }

    /** {@code y = value} everywhere. */
    record Fill(String layer, double value, @Out TensorRef y) implements Mapped {
        @Override
        public String attributes() {
            return String.valueOf(value);
        }
    }

    // ---------------------------------------------------------------- random numbers

    /**
     * {@code y = low + (high - low) u} with independent {@code u}, uniform in {@code [0, 1)}: the upper 24 of the element's
     * 32 random bits, divided by 2^24. These are floats, and no rounding makes one of them 1; with low 0 and high 1 all
     * backends give the same bits. With other bounds y is rounded, which may give {@code high} itself. The random bits are
     * those of {@link Dropout}, so they depend on {@code seed}, {@code stream}, the step's number and the element's
     * row-major index alone.
     *
     * @param stream the stable number of the tensor's random stream, {@link dev.weft.random.Philox#stream}
     */
    record RandomUniform(
            String layer,
            double low,
            double high,
            long seed,
            int stream,
            @Out TensorRef y) implements Random {
        public RandomUniform {
            type(layer, y, DType.REAL);
            require(
                    low <= high && Operands.isFinite(low, high, high - low),
                    layer,
                    "random_uniform needs low <= high, two floats a finite float apart, got %s and %s for"
                            .formatted(low, high),
                    y);
        }

        @Override
        public String attributes() {
            return "from " + low + " to " + high;
        }
    }

    /**
     * Normal random numbers by the transform of Box and Muller (1958, doi 10.1214/aoms/1177706645): {@code y[i] = mean +
     * deviation sqrt(-2 log(u)) cos(2 pi v)} for the element of row-major index i, with {@code u = (w[2i] + 1/2) / 2^32} and
     * {@code v = (w[2i+1] + 1/2) / 2^32}, where {@code w[j]} are the 32 random bits, taken as an unsigned number, that
     * {@link Dropout} has for element j. So {@code u} is never 0, and a standard normal number stays below 6.77. The numbers
     * are those of {@link dev.weft.random.Philox.Sequence#nextNormal}, in order, but for the rounding.
     *
     * @param stream the stable number of the tensor's random stream, {@link dev.weft.random.Philox#stream}
     */
    record RandomNormal(
            String layer,
            double mean,
            double deviation,
            long seed,
            int stream,
            @Out TensorRef y) implements Random {
        /** Above the largest standard normal number. */
        private static final double LARGEST = 6.77;

        public RandomNormal {
            type(layer, y, DType.REAL);
            require(
                    deviation >= 0 && Operands.isFinite(mean, deviation, Math.abs(mean) + LARGEST * deviation),
                    layer,
                    "random_normal needs a mean and a deviation >= 0 whose numbers are finite floats, got %s and %s for"
                            .formatted(mean, deviation),
                    y);
        }

        @Override
        public String attributes() {
            return "mean " + mean + " deviation " + deviation;
        }
    }

    /**
     * {@code y = 1} with probability {@code p}, else 0, each element by itself: 1 where the element's 32 random bits, taken as
     * an unsigned number, are below p 2^32, which no backend rounds. A {@code p} of 0 or less never gives 1, one of 1 or more
     * always does, and NaN gives NaN. The random bits are those of {@link Dropout}.
     *
     * @param stream the stable number of the tensor's random stream, {@link dev.weft.random.Philox#stream}
     */
    record Bernoulli(
            String layer,
            @In TensorRef p,
            long seed,
            int stream,
            @Out TensorRef y) implements Random {
        public Bernoulli {
            type(layer, p, DType.REAL);
            type(layer, y, DType.REAL);
            same(layer, p, y);
        }
    }

    // ---------------------------------------------------------------- shape

    /** {@code y = x} with another shape of as many elements. A backend may let both share their memory. */
    record Reshape(String layer, @In TensorRef x, @Out TensorRef y) implements Differentiable, Mapped {
        public Reshape {
            require(x.elements() == y.elements(), layer, "reshape must keep the number of elements:", x, y);
        }

        /** {@code dx = dy} in the shape of x. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new Reshape(layer, g.of(y), dx));
        }
    }

    /** {@code y} = the tensors {@code xs} one after the other along {@code axis}; all other dimensions agree. */
    record Concat(
            String layer,
            @In List<TensorRef> xs,
            int axis,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Concat {
            xs = List.copyOf(xs);
            int total = 0;
            for (TensorRef x : xs) {
                Operands.equalExcept(layer, x, y, axis);
                total += x.shape().get(axis);
            }
            require(total == y.shape().get(axis), layer, "concat's parts do not fill", y);
        }

        @Override
        public String attributes() {
            return "axis " + axis;
        }

        /** The gradient of a part is its slice of dy. */
        @Override
        public void backward(Gradients g) {
            int start = 0;
            for (TensorRef x : xs) {
                int from = start;
                g.add(x, dx -> new Slice(layer, g.of(y), axis, from, dx));
                start += x.shape().get(axis);
            }
        }
    }

    /** {@code y} = the part of {@code x} that starts at index {@code from} of {@code axis}, as long as y's axis. */
    record Slice(
            String layer,
            @In TensorRef x,
            int axis,
            int from,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Slice {
            Operands.equalExcept(layer, x, y, axis);
            require(
                    from >= 0 && from + y.shape().get(axis) <= x.shape().get(axis),
                    layer,
                    "slice reaches outside its input:",
                    x,
                    y);
        }

        @Override
        public String attributes() {
            return "axis " + axis + " from " + from;
        }

        /** {@code dx} is dy, with zeros before and after it. */
        @Override
        public void backward(Gradients g) {
            int end = from + y.shape().get(axis);
            g.add(x, dx -> {
                List<TensorRef> parts = new ArrayList<>();
                addZeros(parts, dx, "before", from, g);
                parts.add(g.of(y));
                addZeros(parts, dx, "after", x.shape().get(axis) - end, g);
                return new Concat(layer, parts, axis, dx);
            });
        }

        private void addZeros(List<TensorRef> parts, TensorRef dx, String place, int length, Gradients g) {
            if (length > 0) {
                int[] dimensions = dx.shape().toArray();
                dimensions[axis] = length;
                TensorRef zeros = new TensorRef(
                        dx.name() + "." + place,
                        DType.REAL,
                        Shape.of(dimensions),
                        Role.TRANSIENT,
                        x.batched(),
                        null,
                        0);
                g.emit(new Fill(layer, 0, zeros));
                parts.add(zeros);
            }
        }
    }

    // ---------------------------------------------------------------- expressions

    /**
     * {@code y[i] = function(x0[i], x1[i], ...)}, element by element. An operand may lack axes of y: it is the same along
     * them.
     *
     * @param x REAL or I32, which counts as REAL
     * @param axes for each operand the axes of y that are its own, in ascending order; none where it is one number, {@code [1]}
     */
    record Map(
            String layer,
            Function function,
            @In List<TensorRef> x,
            List<List<Integer>> axes,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Map {
            x = List.copyOf(x);
            axes = axes.stream().map(List::copyOf).toList();
            require(
                    x.size() == function.operands() && axes.size() == x.size(),
                    layer,
                    "function " + function + " takes " + function.operands() + " operands, got",
                    x.toArray(TensorRef[]::new));
            for (int k = 0; k < x.size(); k++) {
                Operands.broadcast(layer, x.get(k), axes.get(k), y);
            }
            type(layer, y, DType.REAL);
        }

        /** A function of tensors of one shape. */
        public static Map of(String layer, Function function, TensorRef y, TensorRef... x) {
            return new Map(layer, function, List.of(x), Collections.nCopies(x.length, Operands.allAxes(y)), y);
        }

        @Override
        public List<TensorRef> shared() {
            return x.stream().filter(each -> !each.batched()).toList();
        }

        /** What is batched has the batch as its first axis; else rows would mix. */
        @Override
        public BatchRule batchRule() {
            for (int k = 0; k < x.size(); k++) {
                if (x.get(k).batched() != axes.get(k).contains(0)) {
                    return BatchRule.WHOLE;
                }
            }
            return Mapped.super.batchRule();
        }

        @Override
        public String attributes() {
            return function.name() + ": " + function.formula();
        }

        /**
         * {@code dx_k[i] = dy[i]} times the derivative with respect to operand k; where that lacks axes of y, summed over them.
         */
        @Override
        public void backward(Gradients g) {
            for (int k = 0; k < x.size(); k++) {
                if (x.get(k).type() == DType.REAL) {
                    addGradient(k, g);
                }
            }
        }

        private void addGradient(int k, Gradients g) {
            TensorRef dy = g.of(y);
            List<TensorRef> operands = new ArrayList<>(x);
            operands.add(dy);
            List<List<Integer>> all = new ArrayList<>(axes);
            all.add(Operands.allAxes(y));
            Function gradient = function.gradient(k);
            List<Integer> own = axes.get(k);
            g.add(x.get(k), dx -> {
                if (own.size() == y.shape().rank()) {
                    return new Map(layer, gradient, operands, all, dx);
                }
                TensorRef whole = y.like(dx.name() + ".whole");
                g.emit(new Map(layer, gradient, operands, all, whole));
                return Reductions.toAxes(layer, whole, own, dx, g);
            });
        }
    }

    /** What {@link Reduce} makes of many elements. */
    enum Reduction {
        /** Their sum. */
        SUM,
        /** Their sum divided by their number. */
        MEAN,
        /** The largest one; NaN where one is NaN. */
        MAX
    }

    /**
     * Sum, mean or largest element over neighbouring axes: {@code y[a,b] = sum over r of x[a,r,b]}, where a stands for the axes
     * before {@code from}, r for those from {@code from} to before {@code to}, and b for those from {@code to} on. {@code y} is
     * {@code [1]} where no axis is left. Where axis 0 is the batch and is reduced, rows after the step's valid ones do not
     * count.
     */
    record Reduce(
            String layer,
            Reduction reduction,
            @In TensorRef x,
            int from,
            int to,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Reduce {
            require(
                    from >= 0 && from < to && to <= x.shape().rank(),
                    layer,
                    "cannot reduce the axes from " + from + " to before " + to + " of",
                    x);
            shape(layer, y, Operands.without(x.shape(), from, to));
            type(layer, x, DType.REAL);
            require(from > 0 || !y.batched(), layer, "a reduced batch leaves no batch:", x, y);
        }

        /** A tensor for {@code x} reduced over the axes from {@code from} to before {@code to}. */
        public static TensorRef result(String name, TensorRef x, int from, int to) {
            return Operands.reduced(x, name, from, to);
        }

        /** Whether rows of a batch are added up, of which the valid ones count. */
        public boolean reducesBatch() {
            return from == 0 && x.batched();
        }

        @Override
        public BatchRule batchRule() {
            return from > 0 ? Mapped.super.batchRule() : BatchRule.WHOLE;
        }

        @Override
        public String attributes() {
            return reduction.name().toLowerCase(Locale.ROOT) + " over axes " + from + " to " + (to - 1);
        }

        /**
         * A sum passes {@code dy} to all its terms, a mean {@code dy} divided by their number, a largest element {@code dy} to
         * those that are equal to it, in equal parts. Rows that do not count receive 0.
         */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> Reductions.gradient(this, g.of(y), dx, g));
        }
    }

    /** {@code y[...,j] = 1} where {@code j = labels[...]}, else 0; y has one axis more than the labels, the last. */
    record OneHot(String layer, @In TensorRef labels, @Out TensorRef y) implements Mapped {
        public OneHot {
            type(layer, labels, DType.I32);
            require(
                    y.shape().rank() == labels.shape().rank() + 1
                            && Operands.without(
                                            y.shape(),
                                            labels.shape().rank(),
                                            y.shape().rank())
                                    .equals(labels.shape()),
                    layer,
                    "one_hot needs labels [...] and writes [...,C], got",
                    labels,
                    y);
        }
    }

    // ---------------------------------------------------------------- sequences

    /**
     * A recurrent layer over whole sequences: the {@link Cell}, step after step, with the states before the first one in
     * {@code start}, or 0. A sequence ends after {@code lengths[n]} steps; {@code reverse}, it begins with its last step. What
     * lies after its end is 0 in all outputs, and changes nothing.
     *
     * @param x what comes from the inputs, {@code [N,T,I H]}: input i of unit h at {@code i H + h}
     * @param w for each of the cell's groups the weights of its products, {@code [P H,H]}
     * @param v the units' own weights, {@code [Q H]}; null where the cell has none
     * @param start for each state {@code [N,H]}; none: all are 0
     * @param lengths I32 {@code [N]}, 1 to T; null where all have T steps
     * @param y the first state after each step, {@code [N,T,H]}
     * @param last for each state that after the sequence's last step, {@code [N,H]}
     * @param previous for each state that before each step, {@code [N,T,H]}; none where no gradient is wanted
     * @param kept the cell's kept values of each step, {@code [N,T,H]}; none where no gradient is wanted
     */
    record Recurrence(
            String layer,
            Cell cell,
            boolean reverse,
            @In TensorRef x,
            @In(shared = true) List<TensorRef> w,
            @In(shared = true) TensorRef v,
            @In List<TensorRef> start,
            @In TensorRef lengths,
            @Out TensorRef y,
            @Out List<TensorRef> last,
            @Out List<TensorRef> previous,
            @Out List<TensorRef> kept)
            implements Differentiable, Mapped {
        public Recurrence {
            w = List.copyOf(w);
            start = List.copyOf(start);
            last = List.copyOf(last);
            previous = List.copyOf(previous);
            kept = List.copyOf(kept);
            Sequences.check(layer, cell, y, x, w, v, lengths);
            Sequences.ofStates(layer, cell, y, start);
            Sequences.ofStates(layer, cell, y, last);
            require(
                    last.size() == cell.states(),
                    layer,
                    "recurrence writes the last states, got",
                    last.toArray(TensorRef[]::new));
            Sequences.ofSteps(layer, y, previous, cell.states());
            Sequences.ofSteps(layer, y, kept, cell.kept());
            require(
                    kept.size() == (previous.isEmpty() ? 0 : cell.kept()),
                    layer,
                    "keeps all that the gradients need, or nothing; for",
                    y);
        }

        /** T, steps of a sequence. */
        public int steps() {
            return y.shape().get(1);
        }

        /** H, units. */
        public int units() {
            return y.shape().get(2);
        }

        @Override
        public String attributes() {
            return cell.name() + (reverse ? " reverse" : "");
        }

        /**
         * Back-propagation through time; the gradient of a matrix of recurrent weights is the product of the gradients of its
         * products with the vectors that they multiplied, over all rows and steps.
         */
        @Override
        public void backward(Gradients g) {
            Sequences.backward(this, g);
        }
    }

    /**
     * Back-propagation through time: the gradients of a {@link Recurrence}, which are 0 after the end of a sequence.
     *
     * @param x null unless the cell's gradients read it
     * @param dy null where the outputs of the steps lead nowhere
     * @param dlast for each state; none where the last states lead nowhere
     * @param dx {@code [N,T,I H]}
     * @param dproducts for each group {@code [N,T,P H]}; none where the gradient of each product is that of the input with its
     *     number
     * @param dv for each row {@code [N,Q H]}; null where the cell has no weights of units
     * @param dstart for each state {@code [N,H]}; none where they are not wanted
     */
    record RecurrenceBackward(
            String layer,
            Cell cell,
            boolean reverse,
            @In TensorRef x,
            @In(shared = true) List<TensorRef> w,
            @In(shared = true) TensorRef v,
            @In TensorRef lengths,
            @In List<TensorRef> previous,
            @In List<TensorRef> kept,
            @In TensorRef dy,
            @In List<TensorRef> dlast,
            @Out TensorRef dx,
            @Out List<TensorRef> dproducts,
            @Out TensorRef dv,
            @Out List<TensorRef> dstart)
            implements Mapped {
        public RecurrenceBackward {
            w = List.copyOf(w);
            previous = List.copyOf(previous);
            kept = List.copyOf(kept);
            dlast = List.copyOf(dlast);
            dproducts = List.copyOf(dproducts);
            dstart = List.copyOf(dstart);
            TensorRef y = previous.get(0);
            Sequences.check(layer, cell, y, dx, w, v, lengths);
            Sequences.ofSteps(layer, y, previous, cell.states());
            Sequences.ofSteps(layer, y, kept, cell.kept());
            Sequences.ofStates(layer, cell, y, dlast);
            Sequences.ofStates(layer, cell, y, dstart);
            Sequences.gradients(layer, cell, y, x, dx, dproducts, dv);
            if (dy != null) {
                same(layer, y, dy);
            }
        }

        /** T, steps of a sequence. */
        public int steps() {
            return dx.shape().get(1);
        }

        /** H, units. */
        public int units() {
            return previous.get(0).shape().get(2);
        }

        @Override
        public String attributes() {
            return cell.name() + (reverse ? " reverse" : "");
        }
    }

    /**
     * Rows of a table: {@code y[...,d] = table[index[...],d]}, 0 for the padding index, and NaN for what is no index of the
     * table.
     *
     * @param table {@code [V,D]}
     * @param index I32
     * @param padding the index that stands for nothing; -1 where there is none
     */
    record Embedding(
            String layer,
            @In(shared = true) TensorRef table,
            @In TensorRef index,
            int padding,
            @Out TensorRef y) implements Differentiable, Mapped {
        public Embedding {
            Operands.embedding(layer, table, index, y);
        }

        @Override
        public String attributes() {
            return padding < 0 ? "" : "padding " + padding;
        }

        /** Each row of the table receives the gradients of those that were taken from it. */
        @Override
        public void backward(Gradients g) {
            g.add(table, dtable -> new EmbeddingGradient(layer, index, g.of(y), padding, dtable));
        }
    }

    /** {@code dtable[v,d] = sum of dy[...,d]} over those with {@code index[...] = v}; 0 for the padding index. */
    record EmbeddingGradient(
            String layer,
            @In TensorRef index,
            @In TensorRef dy,
            int padding,
            @Out TensorRef dtable) implements Reduced {
        public EmbeddingGradient {
            Operands.embedding(layer, dtable, index, dy);
        }

        @Override
        public String attributes() {
            return padding < 0 ? "" : "padding " + padding;
        }
    }

    /** {@code y[n,t] = 1} for the steps {@code t < lengths[n]} of a sequence, else 0. */
    record SequenceMask(
            String layer, @In TensorRef lengths, @Out TensorRef y) implements Mapped {
        public SequenceMask {
            require(y.shape().rank() == 2, layer, "sequence_mask writes [N,T], got", y);
            rows(layer, y, lengths);
            type(layer, lengths, DType.I32);
        }
    }

    // ---------------------------------------------------------------- loss and metrics

    /** {@code y[n,j] = exp(x[n,j]) / sum over i of exp(x[n,i])}, along the last axis. */
    record Softmax(String layer, @In TensorRef x, @Out TensorRef y) implements Differentiable, Mapped {
        public Softmax {
            same(layer, x, y);
        }

        @Override
        public BatchRule batchRule() {
            return x.shape().rank() > 1 ? Mapped.super.batchRule() : BatchRule.WHOLE;
        }

        /** {@code dx[n,j] = y[n,j] (dy[n,j] - sum over i of dy[n,i] y[n,i])}. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new SoftmaxBackward(layer, y, g.of(y), dx));
        }
    }

    /** {@code dx[n,j] = y[n,j] (dy[n,j] - sum over i of dy[n,i] y[n,i])}, along the last axis. */
    record SoftmaxBackward(
            String layer,
            @In TensorRef y,
            @In TensorRef dy,
            @Out TensorRef dx) implements Mapped {
        public SoftmaxBackward {
            same(layer, y, dy);
            same(layer, y, dx);
        }

        @Override
        public BatchRule batchRule() {
            return y.shape().rank() > 1 ? Mapped.super.batchRule() : BatchRule.WHOLE;
        }
    }

    /**
     * {@code loss[n] = log(sum over j of exp(x[n,j])) - x[n,label[n]]} and the probabilities
     * {@code p[n,j] = softmax(x)[n,j]}, for logits {@code x[N,C]} and {@code labels[N]} of 0 to C-1.
     */
    record SoftmaxCrossEntropy(
            String layer,
            @In TensorRef x,
            @In TensorRef labels,
            @Out TensorRef p,
            @Out TensorRef loss) implements Differentiable, Mapped {
        public SoftmaxCrossEntropy {
            require(x.shape().rank() == 2, layer, "softmax cross-entropy needs logits [N,C], got", x);
            rows(layer, x, labels);
            type(layer, labels, DType.I32);
            same(layer, x, p);
            rows(layer, x, loss);
        }

        /** {@code dx[n,j] = dloss[n] (p[n,j] - [j = label[n]])}. The probabilities take no gradient of their own. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new SoftmaxCrossEntropyBackward(layer, p, labels, g.of(loss), dx));
        }
    }

    /** {@code dx[n,j] = dloss[n] (p[n,j] - [j = label[n]])}. */
    record SoftmaxCrossEntropyBackward(
            String layer,
            @In TensorRef p,
            @In TensorRef labels,
            @In TensorRef dloss,
            @Out TensorRef dx) implements Mapped {
        public SoftmaxCrossEntropyBackward {
            rows(layer, p, labels);
            type(layer, labels, DType.I32);
            rows(layer, p, dloss);
            same(layer, p, dx);
        }
    }

    /** {@code loss[n] = mean over j of (x[n,j] - target[n,j])^2}, over all elements of a row. */
    record SquaredError(
            String layer,
            @In TensorRef x,
            @In TensorRef target,
            @Out TensorRef loss) implements Differentiable, Mapped {
        public SquaredError {
            same(layer, x, target);
            rows(layer, x, loss);
        }

        /** {@code dx[n,j] = dloss[n] 2 (x[n,j] - target[n,j]) / (elements of a row)}, and the target's is its negative. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new SquaredErrorBackward(layer, x, target, g.of(loss), dx));
            g.add(target, dtarget -> new SquaredErrorBackward(layer, target, x, g.of(loss), dtarget));
        }
    }

    /** {@code dx[n,j] = dloss[n] 2 (x[n,j] - target[n,j]) / (elements of a row)}. */
    record SquaredErrorBackward(
            String layer,
            @In TensorRef x,
            @In TensorRef target,
            @In TensorRef dloss,
            @Out TensorRef dx) implements Mapped {
        public SquaredErrorBackward {
            same(layer, x, target);
            rows(layer, x, dloss);
            same(layer, x, dx);
        }
    }

    /** {@code y[0] = mean of x[n]} over the step's valid rows; the rows after them are padding. */
    record BatchMean(String layer, @In TensorRef x, @Out TensorRef y) implements Differentiable, Reduced {
        public BatchMean {
            require(x.shape().rank() == 1, layer, "batch_mean needs [N], got", x);
            shape(layer, y, Shape.of(1));
        }

        /** {@code dx[n] = dy[0] / (valid rows)}, 0 for padding. */
        @Override
        public void backward(Gradients g) {
            g.add(x, dx -> new BatchMeanBackward(layer, g.of(y), dx));
        }
    }

    /** {@code dx[n] = dy[0] / (valid rows)} for valid rows, else 0. */
    record BatchMeanBackward(
            String layer,
            @In(shared = true) TensorRef dy,
            @Out TensorRef dx) implements Mapped {
        public BatchMeanBackward {
            shape(layer, dy, Shape.of(1));
            require(dx.shape().rank() == 1, layer, "batch_mean_backward writes [N], got", dx);
        }
    }

    /**
     * {@code y[0] =} how many valid rows n have their first maximum of {@code x[n,j]} at {@code j = labels[n]}, which is
     * {@code x[n,j] < x[n,labels[n]]} for all j before the label and {@code <=} for the label and those after it. So a row
     * that holds a NaN, wherever, is never counted.
     */
    record CountCorrect(
            String layer,
            @In TensorRef x,
            @In TensorRef labels,
            @Out TensorRef y) implements Reduced {
        public CountCorrect {
            require(x.shape().rank() == 2, layer, "count_correct needs [N,C], got", x);
            rows(layer, x, labels);
            type(layer, labels, DType.I32);
            shape(layer, y, Shape.of(1));
        }
    }

    // ---------------------------------------------------------------- data

    /**
     * The rows of this step's batch: {@code y[n] = scale data[order[offset + n]] + shift}, with the step's batch offset;
     * zeros for the rows after the valid ones. {@code data} is U8 or REAL and {@code y} REAL, or both are I32, scale 1
     * and shift 0.
     */
    record GatherRows(
            String layer,
            @In(shared = true) TensorRef data,
            @In(shared = true) TensorRef order,
            double scale,
            double shift,
            @Out TensorRef y)
            implements Mapped {
        public GatherRows {
            type(layer, order, DType.I32);
            flat(layer, order);
            require(
                    data.shape().sample().equals(y.shape().sample()),
                    layer,
                    "gather_rows needs rows of one shape, got",
                    data,
                    y);
            require(
                    (data.type() == DType.I32) == (y.type() == DType.I32) && y.type() != DType.U8,
                    layer,
                    "gather_rows gives REAL for U8 and REAL, I32 for I32, got",
                    data,
                    y);
            require(
                    data.type() != DType.I32 || (scale == 1 && shift == 0),
                    layer,
                    "gather_rows cannot scale integers:",
                    data);
        }

        @Override
        public String attributes() {
            return scale == 1 && shift == 0 ? "" : String.format(Locale.ROOT, "scale %.6g shift %.6g", scale, shift);
        }
    }

    // ---------------------------------------------------------------- update

    /**
     * Sets the step's non-finite latch if {@code x} holds a NaN or an infinity. With the latch set the updates below do
     * nothing, in this step and the following ones of the run.
     */
    record CheckFinite(String layer, @In TensorRef x) implements Op {}

    /**
     * Stochastic gradient descent over a flat range, in place: {@code g = dw + weightDecay w}; {@code v = momentum v +
     * g}; {@code w = w - lr v}, or {@code w - lr (g + momentum v)} with Nesterov's form (Sutskever et al. 2013). Without
     * momentum {@code w = w - lr g}. The rate {@code lr} is the optimizer's learning rate in this step times {@code
     * learningRateScale}.
     *
     * @param velocity v, or null where momentum is 0
     */
    record SgdUpdate(
            String layer,
            @InOut TensorRef w,
            @In TensorRef dw,
            @InOut TensorRef velocity,
            double momentum,
            boolean nesterov,
            double weightDecay,
            double learningRateScale,
            int optimizer)
            implements Update {
        public SgdUpdate {
            optimizerNumber(layer, optimizer, w);
            flat(layer, w);
            same(layer, w, dw);
            require((velocity == null) == (momentum == 0), layer, "momentum needs a velocity, and only it does:", w);
            if (velocity != null) {
                same(layer, w, velocity);
            }
        }

        @Override
        public String attributes() {
            List<String> parts = new ArrayList<>();
            if (momentum != 0) {
                parts.add((nesterov ? "nesterov " : "momentum ") + momentum);
            }
            if (weightDecay != 0) {
                parts.add("weight_decay " + weightDecay);
            }
            if (learningRateScale != 1) {
                parts.add("lr x " + learningRateScale);
            }
            if (optimizer != 0) {
                parts.add("optimizer " + optimizer);
            }
            return String.join(" ", parts);
        }
    }

    /**
     * Adam with decoupled weight decay (Kingma and Ba 2015, arXiv 1412.6980; Loshchilov and Hutter 2019, arXiv
     * 1711.05101) over a flat range, in place: {@code m = beta1 m + (1 - beta1) dw}; {@code v = beta2 v + (1 - beta2)
     * dw^2}; {@code w = w - lr (m c1 / (sqrt(v c2) + epsilon) + weightDecay w)}, with the step's bias corrections
     * {@code c1 = 1 / (1 - beta1^t)} and {@code c2 = 1 / (1 - beta2^t)}, t counted from 1. The rate {@code lr} is the
     * optimizer's learning rate in this step times {@code learningRateScale}.
     */
    record AdamUpdate(
            String layer,
            @InOut TensorRef w,
            @In TensorRef dw,
            @InOut TensorRef m,
            @InOut TensorRef v,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay,
            double learningRateScale,
            int optimizer)
            implements Update {
        public AdamUpdate {
            optimizerNumber(layer, optimizer, w);
            flat(layer, w);
            same(layer, w, dw);
            same(layer, w, m);
            same(layer, w, v);
        }

        @Override
        public String attributes() {
            return "beta1 %s beta2 %s epsilon %s".formatted(beta1, beta2, epsilon)
                    + (weightDecay == 0 ? "" : " weight_decay " + weightDecay)
                    + (learningRateScale == 1 ? "" : " lr x " + learningRateScale)
                    + (optimizer == 0 ? "" : " optimizer " + optimizer);
        }
    }

    /**
     * The update of a {@link Rule} over a flat range, in place: parameter and what the optimizer remembers take the values of
     * the rule's code, whose operands are {@code w}, {@code dw} and {@code state}, whose results {@code w} and {@code state},
     * and whose scalars the optimizer's learning rate and corrections in this step.
     *
     * @param rule the rule's name
     */
    record RuleUpdate(
            String layer,
            String rule,
            Code code,
            @InOut TensorRef w,
            @In TensorRef dw,
            @InOut List<TensorRef> state,
            int optimizer)
            implements Update {
        public RuleUpdate {
            state = List.copyOf(state);
            optimizerNumber(layer, optimizer, w);
            flat(layer, w);
            same(layer, w, dw);
            for (TensorRef each : state) {
                same(layer, w, each);
            }
            require(
                    code.operands() == state.size() + 2 && code.results().size() == state.size() + 1,
                    layer,
                    "rule " + rule + " remembers another number of values than there are, for",
                    w);
        }

        @Override
        public String attributes() {
            return rule + (optimizer == 0 ? "" : " optimizer " + optimizer);
        }
    }

    /** {@code state = x}: what a layer remembers of this step for the next ones. */
    record StateUpdate(String layer, @In TensorRef x, @Out TensorRef state) implements Update {
        public StateUpdate {
            same(layer, x, state);
            type(layer, x, DType.REAL);
            require(!x.batched(), layer, "a state takes no batch, got", x);
            require(state.root().role() == Role.STATE, layer, "is no state:", state);
        }

        @Override
        public int optimizer() {
            return 0;
        }

        @Override
        public BatchRule batchRule() {
            return BatchRule.WHOLE;
        }
    }
}
