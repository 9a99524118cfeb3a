package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A data set of named columns, which all have the same rows:
 *
 * <pre>{@code
 * Columns images = Columns.of("image", pixels).classes("digit", labels, 10).with("weight", importance);
 * }</pre>
 *
 * <p>Arrays are not copied, and not to be changed while the columns are in use. {@link Dataset#columns} gives those of a data
 * set of features and targets.
 */
public final class Columns {
    private final Map<String, Column> columns;

    /**
     * One column.
     *
     * @param name unique in its data set
     * @param values as they are stored, {@code [rows,...]}; I32 are integers, such as classes
     * @param scale what bytes and floats are multiplied with; integers stay as they are
     * @param shift what is added after that
     * @param classes how many classes, or tokens of a vocabulary, the integers count from 0 on; 0 where they count none. A column
     *     that holds another integer is refused
     */
    public record Column(String name, HostTensor values, double scale, double shift, int classes) {
        public Column {
            if (values.shape().rank() < 1) {
                throw new DataException("column %s needs a row for each sample, got one value".formatted(name));
            }
            if (!Double.isFinite(scale) || !Double.isFinite(shift)) {
                throw new DataException(
                        "column %s cannot be scaled by %s and shifted by %s".formatted(name, scale, shift));
            }
            if (values.type() == DType.I32 && (scale != 1 || shift != 0)) {
                throw new DataException("column %s holds integers, which cannot be scaled".formatted(name));
            }
            if (classes > 0) {
                requireWithin(name, values, 0, classes - 1);
            }
        }
    }

    private Columns(Collection<Column> all) {
        columns = new LinkedHashMap<>();
        int rows = 0;
        for (Column column : all) {
            int own = column.values.shape().get(0);
            if (!columns.isEmpty() && own != rows) {
                Column first = columns.values().iterator().next();
                throw new DataException(
                        "column %s has %d rows, column %s has %d".formatted(column.name, own, first.name, rows));
            }
            rows = own;
            if (columns.put(column.name, column) != null) {
                throw new DataException("two columns are named " + column.name);
            }
        }
    }

    /** No columns yet, so that the first one can be of classes or tokens, too. */
    static Columns empty() {
        return new Columns(List.of());
    }

    /** A data set of one column, as {@link #with(String, HostTensor)} adds it. */
    public static Columns of(String name, HostTensor values) {
        return empty().with(name, values);
    }

    /** A data set of one column, as {@link #with(String, HostTensor, double, double)} adds it. */
    public static Columns of(String name, HostTensor values, double scale, double shift) {
        return empty().with(name, values, scale, shift);
    }

    /**
     * The same with another column: bytes on the scale 0 to 1, floats and integers as they are.
     *
     * @throws DataException if there is a column of this name, or the number of rows differs
     */
    public Columns with(String name, HostTensor values) {
        return with(name, values, values.type() == DType.U8 ? 1 / 255.0 : 1, 0);
    }

    /** The same with another column, whose bytes or floats count as {@code scale x + shift}. */
    public Columns with(String name, HostTensor values, double scale, double shift) {
        return with(new Column(name, values, scale, shift, 0));
    }

    /**
     * The same with a column of classes.
     *
     * @param labels one for each row
     * @param count how many classes there are
     * @throws DataException if a label is not within 0 to {@code count - 1}
     */
    public Columns classes(String name, int[] labels, int count) {
        return tokens(name, HostTensor.of(Shape.of(labels.length), labels), count);
    }

    /**
     * The same with a column of indices: tokens of a vocabulary, or classes of each step of a sequence.
     *
     * @param indices I32 {@code [rows,...]}
     * @param count how many tokens or classes there are
     * @throws DataException if an index is not within 0 to {@code count - 1}; the message names column, row, step and index
     */
    public Columns tokens(String name, HostTensor indices, int count) {
        if (indices.type() != DType.I32 || count < 1) {
            throw new DataException(
                    "column %s needs integers and at least 1 class that they count, got %s and %d classes"
                            .formatted(name, indices, count));
        }
        return with(new Column(name, indices, 1, 0, count));
    }

    /**
     * The same with a column of lengths: how many steps of a sequence are there, before the padding.
     *
     * @param lengths one for each row
     * @param of the column with the sequences, {@code [rows,T,...]}
     * @throws DataException if there is no such column, or a length is not within 1 to T; the message names column, row and
     *     length
     */
    public Columns lengths(String name, int[] lengths, String of) {
        Shape shape = column(of).values.shape();
        if (shape.rank() < 2) {
            throw new DataException(
                    "column %s holds no sequences, whose steps the column %s could count: it needs samples of shape [T,...], got %s"
                            .formatted(of, name, shape.sample()));
        }
        HostTensor values = HostTensor.of(Shape.of(lengths.length), lengths);
        requireWithin(name, values, 1, shape.get(1));
        return with(new Column(name, values, 1, 0, 0));
    }

    private static void requireWithin(String name, HostTensor values, int least, int most) {
        if (!(values.array() instanceof int[] all)) {
            throw new DataException("column %s needs integers, got %s".formatted(name, values));
        }
        int each = all.length / values.shape().get(0);
        for (int i = 0; i < all.length; i++) {
            if (all[i] < least || all[i] > most) {
                String what = least > 0 ? "length" : values.shape().rank() == 1 ? "label" : "index";
                throw new DataException("column %s: %s %d of row %d%s is not within %d to %d"
                        .formatted(name, what, all[i], i / each, each == 1 ? "" : ", step " + i % each, least, most));
            }
        }
    }

    Columns with(Column column) {
        List<Column> all = new ArrayList<>(columns.values());
        all.add(column);
        return new Columns(all);
    }

    /** The number of rows. */
    public int size() {
        return all().get(0).values.shape().get(0);
    }

    /** All columns, in the order in which they were added. */
    public List<Column> all() {
        return List.copyOf(columns.values());
    }

    /**
     * A column by its name.
     *
     * @throws DataException if there is none of that name; the message lists the names
     */
    public Column column(String name) {
        Column column = columns.get(name);
        if (column == null) {
            throw new DataException("no column is named '%s'; there are %s".formatted(name, columns.keySet()));
        }
        return column;
    }

    /** Rows {@code from} to {@code to - 1}. */
    public Columns slice(int from, int to) {
        if (from < 0 || to > size() || from >= to) {
            throw new DataException("slice %d to %d of %d rows".formatted(from, to, size()));
        }
        return select(IntStream.range(from, to).toArray());
    }

    /** The rows of these numbers, in this order. */
    public Columns select(int... rows) {
        return new Columns(columns.values().stream()
                .map(c -> new Column(c.name, Dataset.select(c.values, rows), c.scale, c.shift, c.classes))
                .toList());
    }
}
