package dev.weft.tensor;

import dev.weft.ShapeException;
import java.lang.reflect.Array;
import java.util.List;

/**
 * Values in host memory, row-major. The array is not copied: {@link DType#REAL} is a {@code float[]} or a
 * {@code double[]}, {@link DType#I32} an {@code int[]}, {@link DType#U8} a {@code byte[]} of unsigned values.
 */
public final class HostTensor {
    private final Shape shape;
    private final DType type;
    private final Object array;

    private HostTensor(Shape shape, DType type, Object array, int length) {
        if (length != shape.elements()) {
            throw new ShapeException("host tensor", "%d values for shape %s".formatted(length, shape));
        }
        this.shape = shape;
        this.type = type;
        this.array = array;
    }

    /**
     * Values of type {@link DType#REAL} in single precision.
     *
     * @throws ShapeException if the number of values is not that of the shape, as for the other factories
     */
    public static HostTensor of(Shape shape, float... values) {
        return new HostTensor(shape, DType.REAL, values, values.length);
    }

    /** Values of type {@link DType#REAL} in double precision. */
    public static HostTensor of(Shape shape, double... values) {
        return new HostTensor(shape, DType.REAL, values, values.length);
    }

    /** Values of type {@link DType#I32}. */
    public static HostTensor of(Shape shape, int... values) {
        return new HostTensor(shape, DType.I32, values, values.length);
    }

    /** Values of type {@link DType#U8}, each byte an unsigned number. */
    public static HostTensor of(Shape shape, byte... values) {
        return new HostTensor(shape, DType.U8, values, values.length);
    }

    /**
     * Tensors below each other, along their first dimension. Where floats and doubles meet, all become doubles.
     *
     * @param parts at least one, alike but for the first dimension
     * @param rows of the result; those after the last part's are zero
     */
    public static HostTensor stack(List<HostTensor> parts, int rows) {
        HostTensor first = parts.get(0);
        boolean alike = parts.stream().allMatch(part -> part.array.getClass() == first.array.getClass());
        Shape shape = first.shape.sample().batch(rows);
        int elements = Math.toIntExact(shape.elements());
        Object all =
                alike ? Array.newInstance(first.array.getClass().getComponentType(), elements) : new double[elements];
        int at = 0;
        for (HostTensor part : parts) {
            System.arraycopy(alike ? part.array : part.doubles(), 0, all, at, part.elements());
            at += part.elements();
        }
        return new HostTensor(shape, first.type, all, elements);
    }

    /** A copy of some entries of the first dimension. */
    public HostTensor rows(int from, int to) {
        Shape part = shape.sample().batch(to - from);
        int elements = Math.toIntExact(part.elements());
        Object values = Array.newInstance(array.getClass().getComponentType(), elements);
        System.arraycopy(array, Math.toIntExact(shape.sample().elements() * from), values, 0, elements);
        return new HostTensor(part, type, values, elements);
    }

    /** The dimensions, outermost first. */
    public Shape shape() {
        return shape;
    }

    /** The logical type of the elements. */
    public DType type() {
        return type;
    }

    /** The array itself: {@code float[]}, {@code double[]}, {@code int[]} or {@code byte[]}. */
    public Object array() {
        return array;
    }

    /** Element {@code i} of the row-major order; bytes count as 0 to 255. */
    public double get(int i) {
        if (array instanceof float[] floats) {
            return floats[i];
        } else if (array instanceof double[] doubles) {
            return doubles[i];
        } else if (array instanceof int[] ints) {
            return ints[i];
        }
        return ((byte[]) array)[i] & 0xff;
    }

    /** The number of elements: the product of the dimensions. */
    public int elements() {
        return Math.toIntExact(shape.elements());
    }

    /** All values as floats; the tensor's own array where it is one. */
    public float[] floats() {
        if (array instanceof float[] floats) {
            return floats;
        }
        float[] floats = new float[elements()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) get(i);
        }
        return floats;
    }

    /** All values as doubles; the tensor's own array where it is one. */
    public double[] doubles() {
        if (array instanceof double[] doubles) {
            return doubles;
        }
        double[] doubles = new double[elements()];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = get(i);
        }
        return doubles;
    }

    @Override
    public String toString() {
        return type + shape.toString();
    }
}
