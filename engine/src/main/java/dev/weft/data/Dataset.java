package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.util.Arrays;

/**
 * Samples of one shape, each with a class or with target values. Bytes stay bytes; a sample's values are
 * {@code scale stored + shift}, computed where the batch is made.
 */
public final class Dataset {
    private final HostTensor features;
    private final HostTensor targets;
    private final int classes;
    private final double scale;
    private final double shift;

    private Dataset(HostTensor features, HostTensor targets, int classes, double scale, double shift) {
        this.features = features;
        this.targets = targets;
        this.classes = classes;
        this.scale = scale;
        this.shift = shift;
    }

    /**
     * Images as bytes with their classes; values are scaled to 0..1.
     *
     * @param sample the shape of one sample, for example {@code [1,28,28]}
     * @param bytes all samples, one after the other, unsigned
     * @param labels one class for each sample, 0 to {@code classes - 1}
     * @throws DataException if the counts differ, there are no samples, or a label is out of range
     */
    public static Dataset ofBytes(Shape sample, byte[] bytes, int[] labels, int classes) {
        int rows = rows(bytes.length, sample);
        return new Dataset(
                HostTensor.of(sample.batch(rows), bytes), labels(labels, rows, classes), classes, 1 / 255.0, 0);
    }

    /**
     * Samples as floats with their classes.
     *
     * @throws DataException as {@link #ofBytes}
     */
    public static Dataset ofFloats(Shape sample, float[] values, int[] labels, int classes) {
        int rows = rows(values.length, sample);
        return new Dataset(HostTensor.of(sample.batch(rows), values), labels(labels, rows, classes), classes, 1, 0);
    }

    /**
     * Samples as floats with target values, for regression.
     *
     * @param target the shape of one target
     * @throws DataException if the counts differ or there are no samples
     */
    public static Dataset ofTargets(Shape sample, float[] values, Shape target, float[] targets) {
        int rows = rows(values.length, sample);
        if (targets.length != rows * target.elements()) {
            throw new DataException("%d samples of shape %s need %d target values of shape %s, got %d"
                    .formatted(rows, sample, rows * target.elements(), target, targets.length));
        }
        return new Dataset(
                HostTensor.of(sample.batch(rows), values), HostTensor.of(target.batch(rows), targets), 0, 1, 0);
    }

    private static int rows(int values, Shape sample) {
        if (values == 0) {
            throw new DataException("the data set is empty");
        }
        if (values % sample.elements() != 0) {
            throw new DataException("%d values are no whole number of samples of shape %s (%d values each)"
                    .formatted(values, sample, sample.elements()));
        }
        return Math.toIntExact(values / sample.elements());
    }

    private static HostTensor labels(int[] labels, int rows, int classes) {
        if (labels.length != rows) {
            throw new DataException("%d samples but %d labels".formatted(rows, labels.length));
        }
        for (int i = 0; i < rows; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new DataException(
                        "label %d of sample %d is not within 0 to %d".formatted(labels[i], i, classes - 1));
            }
        }
        return HostTensor.of(Shape.of(rows), labels);
    }

    /** The same samples with other values: {@code (stored / 255 - mean) / deviation} for bytes, without the division for floats. */
    public Dataset normalized(double mean, double deviation) {
        if (!(deviation > 0)) {
            throw new DataException("the standard deviation must be positive, got " + deviation);
        }
        double unit = features.type() == DType.U8 ? 1 / 255.0 : 1;
        return new Dataset(features, targets, classes, unit / deviation, -mean / deviation);
    }

    /** Samples {@code from} to {@code to - 1}. */
    public Dataset slice(int from, int to) {
        if (from < 0 || to > size() || from >= to) {
            throw new DataException("slice %d to %d of %d samples".formatted(from, to, size()));
        }
        return new Dataset(slice(features, from, to), slice(targets, from, to), classes, scale, shift);
    }

    private static HostTensor slice(HostTensor tensor, int from, int to) {
        int row = tensor.elements() / tensor.shape().get(0);
        Shape shape = tensor.shape().sample().batch(to - from);
        if (tensor.array() instanceof byte[] bytes) {
            return HostTensor.of(shape, Arrays.copyOfRange(bytes, from * row, to * row));
        } else if (tensor.array() instanceof int[] ints) {
            return HostTensor.of(shape, Arrays.copyOfRange(ints, from * row, to * row));
        }
        return HostTensor.of(shape, Arrays.copyOfRange(tensor.floats(), from * row, to * row));
    }

    /** The number of samples. */
    public int size() {
        return features.shape().get(0);
    }

    /** The shape of one sample. */
    public Shape shape() {
        return features.shape().sample();
    }

    /** The number of classes; 0 where the targets are values. */
    public int classes() {
        return classes;
    }

    /** All samples as they are stored: U8 or REAL {@code [rows,...]}. */
    public HostTensor features() {
        return features;
    }

    /** Classes, I32 {@code [rows]}, or values, REAL {@code [rows,...]}. */
    public HostTensor targets() {
        return targets;
    }

    /** What a stored value is multiplied with. */
    public double scale() {
        return scale;
    }

    /** What is added to it after that. */
    public double shift() {
        return shift;
    }

    /** The values of sample {@code i} as the network sees them, row-major. */
    public float[] image(int i) {
        int row = Math.toIntExact(shape().elements());
        float[] values = new float[row];
        for (int j = 0; j < row; j++) {
            values[j] = (float) (scale * features.get(i * row + j) + shift);
        }
        return values;
    }

    /**
     * The class of sample {@code i}.
     *
     * @throws DataException if the targets are values
     */
    public int label(int i) {
        if (classes == 0) {
            throw new DataException("this data set has target values, not classes");
        }
        return (int) targets.get(i);
    }
}
