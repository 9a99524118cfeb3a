package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Series in one CSV file in long form: a row for each step, with the number or name of its series.
 *
 * <pre>{@code
 * id,t,x,y,class
 * 1,0,0.5,0.1,walk
 * 1,1,0.7,0.2,walk
 * 2,0,0.1,0.9,run
 *
 * Sequences series = SeriesCsv.of(file).id("id").time("t").label("class").read();
 * }</pre>
 *
 * <p>All columns without a purpose of their own are values, D for a step. Rows of a series need not stand together; their order
 * in the file is that of time. Series come in the order of their first rows. The file's form is that of {@link Csv}; where it has
 * no header, the columns are called 1, 2, 3 ...
 */
public final class SeriesCsv {
    private final Path file;
    private final String id;
    private final String time;
    private final Target kind;
    private final List<String> targets;

    /** What is to be learned. */
    private enum Target {
        NONE,
        CLASS,
        VALUES,
        SERIES
    }

    private SeriesCsv(Path file, String id, String time, Target kind, List<String> targets) {
        this.file = file;
        this.id = id;
        this.time = time;
        this.kind = kind;
        this.targets = targets;
    }

    /** A file whose series are numbered or named in its first column, without targets. */
    public static SeriesCsv of(Path file) {
        return new SeriesCsv(file, null, null, Target.NONE, List.of());
    }

    /** The same with another column that says which series a row belongs to. */
    public SeriesCsv id(String column) {
        return new SeriesCsv(file, column, time, kind, targets);
    }

    /** The same with a column of times, which is no value; they have to grow within each series. */
    public SeriesCsv time(String column) {
        return new SeriesCsv(file, id, column, kind, targets);
    }

    /** The same with a column of classes, text or numbers, in which all rows of a series agree. */
    public SeriesCsv label(String column) {
        return new SeriesCsv(file, id, time, Target.CLASS, List.of(column));
    }

    /** The same with columns of target values for the whole series, in which all of its rows agree. */
    public SeriesCsv targets(String... columns) {
        return new SeriesCsv(file, id, time, Target.VALUES, List.of(columns));
    }

    /** The same with columns of target values for each step. */
    public SeriesCsv targetSeries(String... columns) {
        return new SeriesCsv(file, id, time, Target.SERIES, List.of(columns));
    }

    /** A series as far as it was read. */
    private static final class Series {
        private final String place;
        private final int line;
        private final String label;
        private final Values values = new Values();
        private final Values targets = new Values();
        private double time = Double.NEGATIVE_INFINITY;

        private Series(String place, int line, String label) {
            this.place = place;
            this.line = line;
            this.label = label;
        }
    }

    /** An array that grows. */
    private static final class Values {
        private float[] array = new float[8];
        private int count;

        private void add(double value) {
            if (count == array.length) {
                array = Arrays.copyOf(array, 2 * count);
            }
            array[count++] = (float) value;
        }

        private float[] all() {
            return Arrays.copyOf(array, count);
        }
    }

    /**
     * Reads the file.
     *
     * @throws DataException if it is missing, empty or malformed, has no such column, a value is no number, rows of a series
     *     disagree on its class or target, or its times do not grow; the message names file, line and column
     */
    public Sequences read() {
        try (CsvTable table = CsvTable.open(file)) {
            int idAt = id == null ? 0 : column(table, id);
            int timeAt = time == null ? -1 : column(table, time);
            int[] targetsAt =
                    targets.stream().mapToInt(name -> column(table, name)).toArray();
            int[] valuesAt = values(table, idAt, timeAt, targetsAt);
            Map<String, Series> all = new LinkedHashMap<>();
            for (CsvReader.Row row = table.next(); row != null; row = table.next()) {
                String name = table.text(row, idAt, "series");
                String label = kind == Target.CLASS ? table.text(row, targetsAt[0], "class") : "";
                Series series = all.get(name);
                if (series == null) {
                    series = new Series(
                            "series %s of %s, line %d".formatted(Quote.text(name), file, row.line()),
                            row.line(),
                            label);
                    all.put(name, series);
                }
                add(table, row, name, series, label, timeAt, valuesAt, targetsAt);
            }
            if (all.isEmpty()) {
                throw table.error("there is a header, but no rows");
            }
            return sequences(List.copyOf(all.values()), valuesAt.length);
        }
    }

    private static int column(CsvTable table, String name) {
        int at = table.indexOf(name);
        if (at < 0) {
            throw table.error(
                    "of the columns %s none is called %s".formatted(Quote.names(table.names()), Quote.text(name)));
        }
        return at;
    }

    /** The columns that nothing else was said of. */
    private int[] values(CsvTable table, int idAt, int timeAt, int[] targetsAt) {
        Set<Integer> taken = new LinkedHashSet<>();
        IntStream.concat(IntStream.of(idAt, timeAt), IntStream.of(targetsAt))
                .filter(at -> at >= 0)
                .forEach(at -> {
                    if (!taken.add(at)) {
                        throw table.error("column %s is given two purposes"
                                .formatted(Quote.text(table.names().get(at))));
                    }
                });
        int[] values = IntStream.range(0, table.names().size())
                .filter(at -> !taken.contains(at))
                .toArray();
        if (values.length == 0 || kind != Target.NONE && targetsAt.length == 0) {
            throw table.error("the columns %s leave none for the %s"
                    .formatted(Quote.names(table.names()), values.length == 0 ? "values" : "targets"));
        }
        return values;
    }

    private void add(
            CsvTable table,
            CsvReader.Row row,
            String name,
            Series series,
            String label,
            int timeAt,
            int[] valuesAt,
            int[] targetsAt) {
        if (!label.equals(series.label)) {
            throw table.error(
                    row,
                    "series %s has class %s, and %s in line %d; all of its rows need the same"
                            .formatted(Quote.text(name), Quote.text(label), Quote.text(series.label), series.line));
        }
        if (timeAt >= 0) {
            double now = table.number(row, timeAt);
            if (now <= series.time) {
                throw table.error(
                        row,
                        "column %s is %s, and was %s in the row of series %s before; sort the rows by time"
                                .formatted(Quote.text(table.names().get(timeAt)), now, series.time, Quote.text(name)));
            }
            series.time = now;
        }
        for (int at : valuesAt) {
            series.values.add(table.number(row, at));
        }
        for (int i = 0; i < targetsAt.length && kind != Target.CLASS; i++) {
            double value = table.number(row, targetsAt[i]);
            if (kind == Target.SERIES || row.line() == series.line) {
                series.targets.add(value);
            } else if ((float) value != series.targets.array[i]) {
                throw table.error(
                        row,
                        "series %s has %s %s, and %s in line %d; all of its rows need the same"
                                .formatted(
                                        Quote.text(name),
                                        Quote.text(table.names().get(targetsAt[i])),
                                        (float) value,
                                        series.targets.array[i],
                                        series.line));
            }
        }
    }

    private Sequences sequences(List<Series> all, int values) {
        List<float[]> series = all.stream().map(each -> each.values.all()).toList();
        Sequences sequences = Sequences.ofSeries(series, values, i -> all.get(i).place);
        List<float[]> wanted = all.stream().map(each -> each.targets.all()).toList();
        return switch (kind) {
            case NONE -> sequences;
            case CLASS ->
                sequences.withClasses(Labels.ofColumn(
                        file.toString(), all.stream().map(each -> each.label).toList()));
            case VALUES -> sequences.withTargets(stacked(wanted));
            case SERIES -> sequences.withTargetSeries(wanted, targets.size());
        };
    }

    /** Rows below each other, {@code [rows,K]}. */
    private HostTensor stacked(List<float[]> rows) {
        int each = targets.size();
        float[] values = new float[rows.size() * each];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, values, i * each, each);
        }
        return HostTensor.of(Shape.of(rows.size(), each), values);
    }
}
