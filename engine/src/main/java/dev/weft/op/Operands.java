package dev.weft.op;

import dev.weft.ShapeException;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What the ops' constructors check of their operands. */
final class Operands {
    private Operands() {}

    static void require(boolean condition, String layer, String problem, TensorRef... operands) {
        if (!condition) {
            throw new ShapeException(
                    layer,
                    problem + " "
                            + Arrays.stream(operands).map(TensorRef::toString).collect(Collectors.joining(", ")));
        }
    }

    static void shape(String layer, TensorRef x, Shape needed) {
        require(x.shape().equals(needed), layer, "needs shape " + needed + ", got", x);
    }

    static void same(String layer, TensorRef a, TensorRef b) {
        require(a.shape().equals(b.shape()), layer, "needs two tensors of one shape, got", a, b);
    }

    static void type(String layer, TensorRef x, DType needed) {
        require(x.type() == needed, layer, "needs type " + needed + ", got " + x.type(), x);
    }

    /** Whether all these are finite as floats, which is what backends may hold them in. */
    static boolean isFinite(double... values) {
        return Arrays.stream(values).allMatch(value -> Float.isFinite((float) value));
    }

    static void flat(String layer, TensorRef x) {
        require(x.shape().rank() == 1, layer, "needs a flat tensor, got", x);
    }

    /** {@code perRow} has one element for each row of {@code x}. */
    static void rows(String layer, TensorRef x, TensorRef perRow) {
        require(
                perRow.shape().equals(Shape.of(x.shape().get(0))),
                layer,
                "needs one value for each row, got",
                x,
                perRow);
    }

    /** All axes of a tensor, in order. */
    static List<Integer> allAxes(TensorRef y) {
        return IntStream.range(0, y.shape().rank()).boxed().toList();
    }

    /** {@code x} has these axes of {@code y} and no other, or is one number. */
    static void broadcast(String layer, TensorRef x, List<Integer> axes, TensorRef y) {
        require(x.type() != DType.U8, layer, "cannot compute with bytes:", x);
        int[] own = new int[axes.size()];
        boolean ordered = true;
        for (int i = 0; i < own.length; i++) {
            int axis = axes.get(i);
            ordered &= axis >= 0 && axis < y.shape().rank() && (i == 0 || axis > axes.get(i - 1));
            own[i] = ordered ? y.shape().get(axis) : 0;
        }
        Shape needed = own.length == 0 ? Shape.of(1) : Shape.of(own);
        require(
                ordered && x.shape().equals(needed),
                layer,
                "needs shape " + needed + ", which axes " + axes + " of " + y + " have, got",
                x);
    }

    /** A shape without the axes from {@code from} to before {@code to}; {@code [1]} where none is left. */
    static Shape without(Shape shape, int from, int to) {
        int[] kept = IntStream.range(0, shape.rank())
                .filter(axis -> axis < from || axis >= to)
                .map(shape::get)
                .toArray();
        return kept.length == 0 ? Shape.of(1) : Shape.of(kept);
    }

    /** A tensor for {@code x} reduced over neighbouring axes. */
    static TensorRef reduced(TensorRef x, String name, int from, int to) {
        Shape shape = without(x.shape(), from, to);
        return from > 0 && x.batched()
                ? TensorRef.batched(name, DType.REAL, shape)
                : TensorRef.unbatched(name, DType.REAL, shape);
    }

    static void optimizerNumber(String layer, int number, TensorRef w) {
        require(number >= 0, layer, "optimizers are counted from 0, got " + number + " for", w);
    }

    static void matMul(String layer, TensorRef a, TensorRef b, boolean transposeA, boolean transposeB, TensorRef c) {
        int rank = a.shape().rank();
        require(
                rank >= 2 && b.shape().rank() == (transposeA && !transposeB ? rank : 2),
                layer,
                "matmul needs two matrices, got",
                a,
                b);
        Shape rowsOfA = without(a.shape(), rank - 1, rank);
        Shape rowsOfB = without(b.shape(), b.shape().rank() - 1, b.shape().rank());
        int columns = transposeB ? b.shape().get(0) : b.shape().last();
        boolean fits = transposeA
                ? transposeB ? rank == 2 && a.shape().get(0) == b.shape().get(1) : rowsOfA.equals(rowsOfB)
                : a.shape().last() == (transposeB ? b.shape().get(1) : b.shape().get(0));
        require(fits, layer, "matmul's inner dimensions differ:", a, b);
        int[] dimensions =
                transposeA ? new int[] {a.shape().last(), columns} : a.shape().toArray();
        dimensions[dimensions.length - 1] = columns;
        shape(layer, c, Shape.of(dimensions));
    }

    static void embedding(String layer, TensorRef table, TensorRef index, TensorRef y) {
        require(table.shape().rank() == 2, layer, "needs a table [V,D], got", table);
        type(layer, index, DType.I32);
        int rank = index.shape().rank();
        require(
                y.shape().rank() == rank + 1
                        && y.shape().last() == table.shape().last()
                        && without(y.shape(), rank, rank + 1).equals(index.shape()),
                layer,
                "needs vectors of the table for each index, got",
                table,
                index,
                y);
    }

    static void image(String layer, TensorRef x) {
        require(x.shape().rank() == 4, layer, "needs images [N,C,H,W], got", x);
    }

    static void conv2d(String layer, TensorRef x, TensorRef w, Window2d window, TensorRef y) {
        image(layer, x);
        require(w.shape().rank() == 4, layer, "needs filters [K,C,R,S], got", w);
        require(
                w.shape().get(1) == x.shape().get(1)
                        && w.shape().get(2) == window.height()
                        && w.shape().get(3) == window.width(),
                layer,
                "filters do not fit image and window " + window + ":",
                x,
                w);
        output(layer, x, w.shape().get(0), window, y);
    }

    static void pool2d(String layer, TensorRef x, Window2d window, TensorRef y) {
        image(layer, x);
        require(
                window.padHeight() < window.height() && window.padWidth() < window.width(),
                layer,
                "padding must be smaller than the window " + window + ", for",
                x);
        output(layer, x, x.shape().get(1), window, y);
    }

    private static void output(String layer, TensorRef x, int channels, Window2d window, TensorRef y) {
        int height = window.outHeight(x.shape().get(2));
        int width = window.outWidth(x.shape().get(3));
        require(height >= 1 && width >= 1, layer, "window " + window + " does not fit into", x);
        shape(layer, y, Shape.of(x.shape().get(0), channels, height, width));
    }

    static void equalExcept(String layer, TensorRef x, TensorRef y, int axis) {
        boolean fits = x.shape().rank() == y.shape().rank()
                && axis >= 0
                && axis < y.shape().rank();
        for (int i = 0; fits && i < y.shape().rank(); i++) {
            fits = i == axis || x.shape().get(i) == y.shape().get(i);
        }
        require(fits, layer, "dimensions other than axis " + axis + " must agree:", x, y);
    }

    /** Whether all operands but the shared ones are batched, with as many rows each. */
    static boolean mapped(List<TensorRef> inputs, List<TensorRef> outputs, List<TensorRef> shared) {
        int rows =
                outputs.get(0).shape().rank() == 0 ? 0 : outputs.get(0).shape().get(0);
        return Stream.concat(inputs.stream(), outputs.stream())
                .allMatch(x -> shared.contains(x)
                        ? !x.batched()
                        : x.batched() && x.shape().get(0) == rows);
    }

    /** {@code Conv2dFilterGradient} becomes {@code conv2d_filter_gradient}. */
    static String snakeCase(String camelCase) {
        return camelCase.replaceAll("(?<=[a-z0-9])([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
