package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Samples of one shape, each with a class or with target values. Bytes stay bytes; a sample's values are
 * {@code scale stored + shift}, computed where the batch is made.
 *
 * <p>A data set does not change: it copies the arrays that it is made from, and what is written to them later is not seen.
 */
public final class Dataset {
    /** The column of {@link #columns} that holds the samples. */
    public static final String FEATURES = "features";

    /** The column of {@link #columns} that holds what is to be learned of them. */
    public static final String TARGETS = "targets";

    /** The samples as they were given: bytes, floats or doubles. */
    private final HostTensor values;

    private final HostTensor targets;
    private final int classes;
    private final double mean;
    private final double deviation;
    private final List<String> classNames;
    /** The values as backends take them, made from doubles when they are first asked for. */
    private HostTensor features;

    private Dataset(HostTensor values, HostTensor targets, int classes, double mean, double deviation) {
        this(values, targets, classes, mean, deviation, List.of());
    }

    private Dataset(
            HostTensor values,
            HostTensor targets,
            int classes,
            double mean,
            double deviation,
            List<String> classNames) {
        this.values = values;
        this.targets = targets;
        this.classes = classes;
        this.mean = mean;
        this.deviation = deviation;
        this.classNames = List.copyOf(classNames);
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
                HostTensor.of(sample.batch(rows), bytes.clone()), labels(labels, rows, classes), classes, 0, 1);
    }

    /**
     * Samples as floats with their classes.
     *
     * @throws DataException as {@link #ofBytes}
     */
    public static Dataset ofFloats(Shape sample, float[] values, int[] labels, int classes) {
        int rows = rows(values.length, sample);
        return new Dataset(
                HostTensor.of(sample.batch(rows), values.clone()), labels(labels, rows, classes), classes, 0, 1);
    }

    /**
     * Samples as doubles with their classes, as a table's text gives them. {@link Standardization} takes them as they are;
     * everything else sees them rounded to floats.
     *
     * @throws DataException as {@link #ofBytes}
     */
    public static Dataset ofDoubles(Shape sample, double[] values, int[] labels, int classes) {
        int rows = rows(values.length, sample);
        return new Dataset(
                HostTensor.of(sample.batch(rows), values.clone()), labels(labels, rows, classes), classes, 0, 1);
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
                HostTensor.of(sample.batch(rows), values.clone()),
                HostTensor.of(target.batch(rows), targets.clone()),
                0,
                0,
                1);
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
        return HostTensor.of(Shape.of(rows), labels.clone());
    }

    /** The same samples with other values: {@code (stored / 255 - mean) / deviation} for bytes, without the division for floats. */
    public Dataset normalized(double mean, double deviation) {
        if (!(deviation > 0)) {
            throw new DataException("the standard deviation must be positive, got " + deviation);
        }
        return new Dataset(values, targets, classes, mean, deviation, classNames);
    }

    /** Samples {@code from} to {@code to - 1}. */
    public Dataset slice(int from, int to) {
        if (from < 0 || to > size() || from >= to) {
            throw new DataException("slice %d to %d of %d samples".formatted(from, to, size()));
        }
        return select(IntStream.range(from, to).toArray());
    }

    /** The samples of these numbers, in this order. */
    public Dataset select(int... rows) {
        if (rows.length == 0) {
            throw new DataException("a selection needs at least 1 sample");
        }
        for (int row : rows) {
            if (row < 0 || row >= size()) {
                throw new DataException("sample %d of %d samples".formatted(row, size()));
            }
        }
        return new Dataset(select(values, rows), select(targets, rows), classes, mean, deviation, classNames);
    }

    static HostTensor select(HostTensor tensor, int[] rows) {
        int row = tensor.elements() / tensor.shape().get(0);
        HostTensor all = empty(tensor, rows.length);
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(tensor.array(), rows[i] * row, all.array(), i * row, row);
        }
        return all;
    }

    /** A tensor for {@code rows} rows like those of {@code tensor}. */
    private static HostTensor empty(HostTensor tensor, int rows) {
        Shape shape = tensor.shape().sample().batch(rows);
        int elements = Math.toIntExact(shape.elements());
        if (tensor.array() instanceof byte[]) {
            return HostTensor.of(shape, new byte[elements]);
        } else if (tensor.array() instanceof int[]) {
            return HostTensor.of(shape, new int[elements]);
        } else if (tensor.array() instanceof double[]) {
            return HostTensor.of(shape, new double[elements]);
        }
        return HostTensor.of(shape, new float[elements]);
    }

    /** The same samples with other values, as floats. */
    Dataset withFeatures(float[] values) {
        return new Dataset(HostTensor.of(this.values.shape(), values), targets, classes, 0, 1, classNames);
    }

    /**
     * The same samples, with names for their classes.
     *
     * @throws DataException unless there is one name for each class
     */
    public Dataset withClassNames(List<String> names) {
        if (names.size() != classes) {
            throw new DataException("%d names for %d classes".formatted(names.size(), classes));
        }
        return new Dataset(values, targets, classes, mean, deviation, names);
    }

    /** The columns {@code features} and {@code targets}. */
    public Columns columns() {
        return Columns.of(FEATURES, features(), scale(), shift())
                .with(new Columns.Column(TARGETS, targets, 1, 0, classes));
    }

    /** The number of samples. */
    public int size() {
        return values.shape().get(0);
    }

    /** The shape of one sample. */
    public Shape shape() {
        return values.shape().sample();
    }

    /** The number of classes; 0 where the targets are values. */
    public int classes() {
        return classes;
    }

    /** A name for each class, or an empty list where they have none. */
    public List<String> classNames() {
        return classNames;
    }

    /** The name of a class, or its number where it has none. */
    public String className(int number) {
        return classNames.isEmpty() ? String.valueOf(number) : classNames.get(number);
    }

    /**
     * All samples as backends take them: U8, or REAL in floats, {@code [rows,...]}. The array is the data set's own, to be read
     * alone.
     */
    public HostTensor features() {
        if (features == null) {
            features = values.array() instanceof double[] ? HostTensor.of(values.shape(), values.floats()) : values;
        }
        return features;
    }

    /** All samples as they were given. */
    HostTensor values() {
        return values;
    }

    /** Classes, I32 {@code [rows]}, or values, REAL {@code [rows,...]}; likewise to be read alone. */
    public HostTensor targets() {
        return targets;
    }

    /** What {@link #normalized} took as the mean; else 0. */
    public double mean() {
        return mean;
    }

    /** What {@link #normalized} took as the standard deviation; else 1. */
    public double deviation() {
        return deviation;
    }

    /** What a stored value is multiplied with. */
    public double scale() {
        double unit = values.type() == DType.U8 ? 1 / 255.0 : 1;
        return unit / deviation;
    }

    /** What is added to it after that. */
    public double shift() {
        return (0 - mean) / deviation;
    }

    /** The values of sample {@code i} as the network sees them, row-major. */
    public float[] image(int i) {
        int row = Math.toIntExact(shape().elements());
        float[] image = new float[row];
        double scale = scale();
        double shift = shift();
        for (int j = 0; j < row; j++) {
            image[j] = (float) (scale * values.get(i * row + j) + shift);
        }
        return image;
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
