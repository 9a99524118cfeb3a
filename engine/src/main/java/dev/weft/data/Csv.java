package dev.weft.data;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A table in a CSV file: a header with the columns' names, then one sample in each row. One column holds the classes, as
 * text or numbers; all others hold numbers. The form is RFC 4180's: quotes where they are needed, UTF-8.
 *
 * @param columns the names of the columns that the network sees, in the order of the file
 * @param label the name of the column with the classes
 * @param data samples of shape {@code [columns]}, with class names
 */
public record Csv(List<String> columns, String label, Dataset data) {

    /** Reads a table whose last column holds the classes. */
    public static Csv read(Path file) {
        return read(file, null);
    }

    /**
     * Reads a table.
     *
     * @param label the column with the classes, or null for the last one. Their names are collected from it and sorted,
     *     as numbers if all are; the first is class 0
     * @throws DataException if the file is missing, empty or malformed, has no such column, or a value is no number; the
     *     message names file, line and column
     */
    public static Csv read(Path file, String label) {
        try (CsvReader in = CsvReader.open(file)) {
            return read(file.toString(), in, label);
        }
    }

    static Csv read(String name, CsvReader in, String label) {
        List<String> header = in.next();
        if (header == null) {
            throw new DataException(name + " is empty, a header and rows are needed");
        }
        header = header.stream().map(String::strip).toList();
        int labelAt = labelColumn(in, header, label);
        Rows rows = new Rows(header, labelAt);
        for (List<String> fields = in.next(); fields != null; fields = in.next()) {
            rows.add(in, fields);
        }
        if (rows.labels.isEmpty()) {
            throw new DataException(name + " has a header, but no rows");
        }
        List<String> columns = new ArrayList<>(header);
        columns.remove(labelAt);
        return new Csv(List.copyOf(columns), header.get(labelAt), rows.dataset());
    }

    private static int labelColumn(CsvReader in, List<String> header, String label) {
        for (int i = 0; i < header.size(); i++) {
            if (header.indexOf(header.get(i)) != i) {
                throw in.error(in.line(), "two columns are named '%s'".formatted(header.get(i)));
            }
        }
        int at = label == null ? header.size() - 1 : header.indexOf(label);
        if (at < 0) {
            throw in.error(
                    in.line(), "there is no column '%s'; there are %s".formatted(label, String.join(", ", header)));
        }
        if (header.size() < 2) {
            throw in.error(in.line(), "a table needs a column of numbers and one of classes, this one has one column");
        }
        return at;
    }

    /** The values of the rows that were read, and the texts of their classes. */
    private static final class Rows {
        private final List<String> header;
        private final int labelAt;
        private final List<String> labels = new ArrayList<>();
        private float[] values = new float[1024];
        private int count;

        Rows(List<String> header, int labelAt) {
            this.header = header;
            this.labelAt = labelAt;
        }

        void add(CsvReader in, List<String> fields) {
            if (fields.size() != header.size()) {
                throw in.error(
                        in.line(),
                        "%d field%s, the header has %d columns"
                                .formatted(fields.size(), fields.size() == 1 ? "" : "s", header.size()));
            }
            if (count + fields.size() > values.length) {
                values = Arrays.copyOf(values, Math.multiplyExact(2, count + fields.size()));
            }
            for (int i = 0; i < fields.size(); i++) {
                String text = fields.get(i).strip();
                if (text.isEmpty()) {
                    throw in.error(in.line(), "column '%s' is empty".formatted(header.get(i)));
                }
                if (i == labelAt) {
                    labels.add(text);
                } else if (isNumber(text)) {
                    values[count++] = (float) Double.parseDouble(text);
                } else {
                    throw in.error(in.line(), "column '%s' is not a number: '%s'".formatted(header.get(i), text));
                }
            }
        }

        Dataset dataset() {
            Set<String> names = new TreeSet<>(
                    labels.stream().allMatch(Csv::isNumber)
                            ? Comparator.comparingDouble(Double::parseDouble).thenComparing(Comparator.naturalOrder())
                            : Comparator.<String>naturalOrder());
            names.addAll(labels);
            List<String> classes = List.copyOf(names);
            Map<String, Integer> numbers = new HashMap<>();
            classes.forEach(name -> numbers.put(name, numbers.size()));
            int[] classOf = labels.stream().mapToInt(numbers::get).toArray();
            return Dataset.ofFloats(Shape.of(header.size() - 1), Arrays.copyOf(values, count), classOf, classes.size())
                    .withClassNames(classes);
        }
    }

    /** A finite decimal number that a float holds. */
    private static boolean isNumber(String text) {
        try {
            // parseDouble also takes hexadecimal digits, the suffixes d and f, NaN and Infinity
            return text.chars().allMatch(c -> "0123456789+-.eE".indexOf(c) >= 0)
                    && Float.isFinite((float) Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
