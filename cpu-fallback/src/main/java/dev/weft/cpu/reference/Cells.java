package dev.weft.cpu.reference;

import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;

/**
 * The values of a tensor, and for REAL the magnitude of each. A view shares the arrays of its base. Every access is
 * checked against the tensor's own bounds.
 */
final class Cells {
    private final TensorRef tensor;
    private final double[] values;
    private final double[] magnitudes;
    private final int offset;
    private final int length;

    private Cells(TensorRef tensor, double[] values, double[] magnitudes) {
        this.tensor = tensor;
        this.values = values;
        this.magnitudes = magnitudes;
        this.offset = Math.toIntExact(tensor.offset());
        this.length = tensor.elements();
    }

    /** Fresh cells, all zero. */
    static Cells of(TensorRef root) {
        return new Cells(root, new double[root.elements()], new double[root.elements()]);
    }

    Cells view(TensorRef view) {
        return new Cells(view, values, magnitudes);
    }

    int length() {
        return length;
    }

    double get(int i) {
        return values[at(i)];
    }

    /** Integers and bytes are held exactly as doubles. */
    int getInt(int i) {
        return (int) get(i);
    }

    /**
     * @param magnitude the sum of the absolute values of what was added up to {@code value}
     */
    void set(int i, double value, double magnitude) {
        values[at(i)] = value;
        magnitudes[at(i)] = magnitude;
    }

    private int at(int i) {
        if (i < 0 || i >= length) {
            throw new IndexOutOfBoundsException("element " + i + " of " + tensor);
        }
        return offset + i;
    }

    /** Fills with values that no correct program reads. */
    void poison() {
        Arrays.fill(values, tensor.type() == DType.REAL ? Double.NaN : Integer.MIN_VALUE);
    }

    void write(HostTensor source) {
        for (int i = 0; i < length; i++) {
            set(i, source.get(i), Math.abs(source.get(i)));
        }
    }

    HostTensor read() {
        switch (tensor.type()) {
            case I32:
                int[] ints = new int[length];
                Arrays.setAll(ints, this::getInt);
                return HostTensor.of(tensor.shape(), ints);
            case U8:
                byte[] bytes = new byte[length];
                for (int i = 0; i < length; i++) {
                    bytes[i] = (byte) getInt(i);
                }
                return HostTensor.of(tensor.shape(), bytes);
            default:
                return HostTensor.of(tensor.shape(), Arrays.copyOfRange(values, offset, offset + length));
        }
    }

    HostTensor readMagnitudes() {
        return HostTensor.of(tensor.shape(), Arrays.copyOfRange(magnitudes, offset, offset + length));
    }
}
