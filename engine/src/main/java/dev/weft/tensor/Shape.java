package dev.weft.tensor;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The dimensions of a tensor, outermost first (row-major). Images are {@code [C, H, W]}, a batch of them
 * {@code [N, C, H, W]}, filters {@code [K, C, R, S]}.
 */
public final class Shape {
    private final int[] dimensions;
    private final long elements;

    private Shape(int[] dimensions) {
        long product = 1;
        for (int dimension : dimensions) {
            if (dimension < 1) {
                throw new IllegalArgumentException(
                        "every dimension must be at least 1, got " + Arrays.toString(dimensions));
            }
            if (product > Long.MAX_VALUE / dimension) {
                throw new IllegalArgumentException(
                        "a tensor has at most 2^63 elements, got the shape " + Arrays.toString(dimensions));
            }
            product *= dimension;
        }
        this.dimensions = dimensions;
        this.elements = product;
    }

    /**
     * The shape with these dimensions, outermost first.
     *
     * @throws IllegalArgumentException if a dimension is below 1, or the product of all beyond 2^63
     */
    public static Shape of(int... dimensions) {
        return new Shape(dimensions.clone());
    }

    /** The number of dimensions; 0 for a single value. */
    public int rank() {
        return dimensions.length;
    }

    /** Size of dimension {@code axis}, counted from 0. */
    public int get(int axis) {
        // the message of an array's own exception is lost where hot code throws it
        return dimensions[Objects.checkIndex(axis, dimensions.length)];
    }

    /** Size of the last dimension. */
    public int last() {
        return get(rank() - 1);
    }

    /** The product of the dimensions. */
    public long elements() {
        return elements;
    }

    /** The product of the dimensions {@code from} to {@code to - 1}; 1 where there is none. */
    public int elements(int from, int to) {
        int product = 1;
        for (int axis = from; axis < to; axis++) {
            product = Math.multiplyExact(product, dimensions[axis]);
        }
        return product;
    }

    /** This shape with a batch dimension in front: {@code [C, H, W]} becomes {@code [N, C, H, W]}. */
    public Shape batch(int n) {
        int[] batched = new int[dimensions.length + 1];
        batched[0] = n;
        System.arraycopy(dimensions, 0, batched, 1, dimensions.length);
        return new Shape(batched);
    }

    /** This shape without its first dimension: the shape of one sample of a batch. */
    public Shape sample() {
        return new Shape(Arrays.copyOfRange(dimensions, 1, dimensions.length));
    }

    /** The dimensions in a new array. */
    public int[] toArray() {
        return dimensions.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dimensions);
    }

    /** For example {@code [64,1,28,28]}. */
    @Override
    public String toString() {
        return Arrays.stream(dimensions).mapToObj(String::valueOf).collect(Collectors.joining(",", "[", "]"));
    }
}
