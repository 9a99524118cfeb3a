package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A table in a CSV file: a header with the columns' names, then one sample in each row. One column holds the classes, as
 * text or numbers; all others hold numbers. Fields are separated by commas, semicolons or tabs; with the last two, numbers
 * may have a decimal comma. Quotes are RFC 4180's; lines that begin with {@code #} are passed over; the file is UTF-8. Where
 * there is no header, the columns are called 1, 2, 3 ...
 *
 * @param columns the names of the columns that the network sees, in the order of the file
 * @param label the name of the column with the classes
 * @param labelAt which column of the file that is, from 0
 * @param data samples of shape {@code [columns]}, in doubles, with class names
 * @param notes what had to be guessed and what looks wrong, a sentence each, for people to read
 */
public record Csv(List<String> columns, String label, int labelAt, Dataset data, List<String> notes) {
    private static final int FEW = 10;
    private static final int MAX_CANDIDATES = 3;
    private static final Set<String> LABEL_NAMES = Set.of("class", "label", "target");

    /**
     * Reads a table. The classes are in the last column if it holds text, else in the only one that does, else in one named
     * class, label or target, else in the last one.
     *
     * @throws DataException as {@link #read(Path, String)}
     */
    public static Csv read(Path file) {
        return read(file, null);
    }

    /**
     * Reads a table.
     *
     * @param label the column with the classes, or null to find it as {@link #read(Path)} does. Their names are collected
     *     from it and sorted, as numbers if all are; the first is class 0
     * @throws DataException if the file is missing, empty or malformed, has no such column, a value is no number, or what
     *     should be classes are values of their own in each row; the message names file, line and column
     */
    public static Csv read(Path file, String label) {
        try (CsvTable table = CsvTable.open(file)) {
            return read(table, label);
        }
    }

    private static Csv read(CsvTable table, String label) {
        List<String> names = table.names();
        if (names.size() < 2) {
            throw table.error(
                    "a table needs a column of numbers and one of classes, this one has one column, %s; columns are separated by commas, semicolons or tabs"
                            .formatted(Quote.text(names.get(0))));
        }
        int labelAt = label == null ? likelyLabel(table) : table.indexOf(label);
        if (labelAt < 0) {
            throw table.error("there is no column %s; there are %s".formatted(Quote.text(label), Quote.names(names)));
        }
        int[] columns =
                IntStream.range(0, names.size()).filter(i -> i != labelAt).toArray();
        CsvTable.Rows rows = withoutIndex(table, table.read(columns, labelAt, true));
        Set<String> texts = new LinkedHashSet<>(rows.texts());
        List<String> classes = classes(table, labelAt, rows, texts);
        TreeMap<String, Integer> numbers = new TreeMap<>(order(table, texts));
        classes.forEach(name -> numbers.put(name, numbers.size()));
        Map<String, Integer> numberOf = new HashMap<>();
        texts.forEach(text -> numberOf.put(text, numbers.get(text)));
        int[] classOf = rows.texts().stream().mapToInt(numberOf::get).toArray();
        Dataset data = Dataset.ofDoubles(Shape.of(rows.columns().length), rows.values(), classOf, classes.size())
                .withClassNames(classes);
        return new Csv(
                IntStream.of(rows.columns()).mapToObj(names::get).toList(),
                names.get(labelAt),
                labelAt,
                data,
                List.copyOf(table.notes()));
    }

    private static int likelyLabel(CsvTable table) {
        int last = table.names().size() - 1;
        int[] text = table.textColumns();
        if (IntStream.of(text).anyMatch(i -> i == last)) {
            return last;
        }
        if (text.length == 1) {
            table.note("the classes are in column %s, the only one of text"
                    .formatted(Quote.text(table.names().get(text[0]))));
            return text[0];
        }
        for (int i = 0; i < last && text.length == 0; i++) {
            String name = table.names().get(i);
            if (LABEL_NAMES.contains(name.toLowerCase(Locale.ROOT))) {
                table.note("the classes are in column %s, because of its name".formatted(Quote.text(name)));
                return i;
            }
        }
        return last;
    }

    /** Leaves out a column without a name that counts the rows, and warns of one with a name. */
    private static CsvTable.Rows withoutIndex(CsvTable table, CsvTable.Rows rows) {
        for (int j = 0; j < rows.columns().length; j++) {
            if (rows.counts(j)) {
                int column = rows.columns()[j];
                if (table.isUnnamed(column) && rows.columns().length > 1) {
                    table.note("column %d, which has no name and counts the rows, is left out".formatted(column + 1));
                    return rows.without(j);
                }
                table.note(
                        "column %s counts the rows, and the order of the rows tells nothing about others: take it out of the table, unless it was measured"
                                .formatted(Quote.text(table.names().get(column))));
            }
        }
        return rows;
    }

    private static Comparator<String> order(CsvTable table, Set<String> texts) {
        return texts.stream().allMatch(table::isNumber)
                ? Comparator.comparingDouble(table::parse)
                : Comparator.naturalOrder();
    }

    /**
     * The classes' names, in order. Equal numbers are one class, whatever they are written like.
     *
     * @throws DataException if there are so many that they are no classes. Numbers are classes if two of three things hold:
     *     there are few, each occurs twice in the mean, and they are numbered, that is whole and without large gaps from 0
     *     or 1. Texts are if one of the first two does
     */
    private static List<String> classes(CsvTable table, int labelAt, CsvTable.Rows rows, Set<String> texts) {
        Set<String> classes = new TreeSet<>(order(table, texts));
        classes.addAll(texts);
        boolean numbers = classes.stream().allMatch(table::isNumber);
        boolean few = classes.size() <= FEW;
        boolean repeated = 2L * classes.size() <= rows.count();
        boolean numbered = numbers
                && classes.stream()
                        .mapToDouble(table::parse)
                        .allMatch(v -> v >= 0 && v <= 2.0 * classes.size() && isWhole(v));
        int signs = (few ? 1 : 0) + (repeated ? 1 : 0) + (numbered ? 1 : 0);
        if (signs < (numbers ? 2 : 1)) {
            List<String> candidates = candidates(table, rows);
            throw new DataException(
                    "%s: column %s has %,d different %s in %,d rows, so it holds %s. If another column holds the classes, name it with --label%s"
                            .formatted(
                                    table.name(),
                                    Quote.text(table.names().get(labelAt)),
                                    classes.size(),
                                    numbers ? "numbers" : "texts",
                                    rows.count(),
                                    numbers
                                            ? "values to predict, not classes; tables are trained with classes only, so far"
                                            : "no classes",
                                    (candidates.isEmpty() ? "" : " (few values: " + Quote.names(candidates) + ")")
                                            + (numbers
                                                    ? "; if these are classes, write them as text, c17 for 17"
                                                    : "")));
        }
        return List.copyOf(classes);
    }

    private static boolean isWhole(double value) {
        return value == Math.rint(value);
    }

    /** The first columns that look like classes: few whole numbers, again and again. */
    private static List<String> candidates(CsvTable table, CsvTable.Rows rows) {
        List<String> found = new ArrayList<>();
        int columns = rows.columns().length;
        for (int j = 0; j < columns && found.size() < MAX_CANDIDATES; j++) {
            Set<Double> values = new HashSet<>();
            boolean whole = true;
            for (int i = 0; i < rows.count() && values.size() <= FEW && whole; i++) {
                double value = rows.values()[i * columns + j];
                values.add(value);
                whole &= isWhole(value);
            }
            if (whole && values.size() > 1 && values.size() <= FEW && 2 * values.size() <= rows.count()) {
                found.add(table.names().get(rows.columns()[j]));
            }
        }
        return found;
    }

    /**
     * Rows of another table for a model.
     *
     * @param values {@code [rows][columns]} in the model's order of columns
     * @param labels what the column of the classes says in each row, empty text where it says nothing; an empty list where
     *     the file has no such column
     * @param lines where each row begins in the file, from 1
     * @param notes what had to be guessed, a sentence each
     */
    public record Rows(double[][] values, List<String> labels, int[] lines, List<String> notes) {}

    /**
     * Reads rows for a model that was trained on another table. Columns are found by their names or, where one of the two
     * tables has no header, by their order; the column of the classes may be missing.
     *
     * @param columns what the model takes, as {@link #columns} of the table that it was trained on
     * @param label the column of that table with the classes
     * @param labelAt which column that was
     * @throws DataException if the file is missing, empty or malformed, lacks columns, or a value is no number
     */
    public static Rows rows(Path file, List<String> columns, String label, int labelAt) {
        try (CsvTable table = CsvTable.open(file)) {
            boolean named = table.header() && !columns.equals(numbersBut(labelAt, columns.size()));
            int labelColumn = named ? table.indexOf(label) : labelByOrder(table, columns, labelAt);
            int[] from = named
                    ? byName(table, columns, label)
                    : IntStream.range(0, table.names().size())
                            .filter(i -> i != labelColumn)
                            .toArray();
            CsvTable.Rows rows = table.read(from, labelColumn, false);
            double[][] values = new double[rows.count()][];
            for (int i = 0; i < values.length; i++) {
                values[i] = Arrays.copyOfRange(rows.values(), i * from.length, (i + 1) * from.length);
            }
            return new Rows(values, rows.texts(), rows.lines(), List.copyOf(table.notes()));
        }
    }

    /** The names that a table without a header gives to its columns of numbers. */
    private static List<String> numbersBut(int labelAt, int count) {
        return IntStream.rangeClosed(0, count)
                .filter(i -> i != labelAt)
                .mapToObj(i -> String.valueOf(i + 1))
                .toList();
    }

    /** The column of the classes in a table whose columns cannot be found by their names, or -1 where it has none. */
    private static int labelByOrder(CsvTable table, List<String> columns, int labelAt) {
        int count = table.names().size();
        if (count != columns.size() && count != columns.size() + 1) {
            throw new DataException("%s has %d columns, and no names to find those in it that the model takes: %s"
                    .formatted(table.name(), count, Quote.names(columns)));
        }
        table.note(
                table.header()
                        ? "the model was trained on a table without names of columns, so these are taken in their order: "
                                + Quote.names(table.names())
                        : "columns are taken in the order of the training: " + Quote.names(columns));
        if (count == columns.size()) {
            return -1;
        }
        int[] text = table.textColumns();
        return text.length == 1 ? text[0] : labelAt;
    }

    private static int[] byName(CsvTable table, List<String> columns, String label) {
        List<String> missing =
                columns.stream().filter(name -> table.indexOf(name) < 0).toList();
        if (!missing.isEmpty()) {
            throw table.error("columns that the model takes are missing: %s; there are %s"
                    .formatted(Quote.names(missing), Quote.names(table.names())));
        }
        int[] from = columns.stream().mapToInt(table::indexOf).toArray();
        if (!Arrays.equals(from, IntStream.of(from).sorted().toArray())) {
            table.note(
                    "the columns of %s are in another order than those of the training; they are found by their names"
                            .formatted(table.name()));
        }
        Set<String> known = new HashSet<>(columns);
        known.add(label);
        List<String> others =
                table.names().stream().filter(name -> !known.contains(name)).toList();
        if (!others.isEmpty()) {
            table.note("columns that the model does not know are left out: " + Quote.names(others));
        }
        return from;
    }
}
