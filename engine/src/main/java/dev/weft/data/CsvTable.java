package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A table in a text file: the names of its columns, and its rows of numbers, one column of text among them. What had to be
 * guessed about the form goes into {@link #notes}.
 */
final class CsvTable implements AutoCloseable {
    private static final int MAX_NAME = 200;
    private static final int MAX_TEXTS = 10_000;
    /** Java's arrays end a little below 2^31 elements. */
    private static final int MAX_VALUES = Integer.MAX_VALUE - 8;

    private static final Set<String> MISSING = Set.of("", "?", "-", "na", "n/a", "nan", "null", "none");

    private final CsvReader in;
    private final boolean header;
    private final int firstLine;
    private final List<String> names;
    private final Map<String, Integer> places = new HashMap<>();
    private final Set<Integer> unnamed = new HashSet<>();
    private final List<String> notes = new ArrayList<>();
    /** Records that were read to find out about the form. */
    private final Deque<CsvReader.Row> waiting = new ArrayDeque<>();

    /** The first numbers with a decimal comma and with a decimal point: never both in one file. */
    private String comma;

    private String point;

    /** @param counted whether a first line 0, 1, 2 ... is taken for a header */
    private CsvTable(CsvReader in, boolean counted) {
        this.in = in;
        CsvReader.Row first = in.next();
        if (first == null) {
            throw new DataException(in.name() + " is empty, a header and rows are needed");
        }
        firstLine = first.line();
        CsvReader.Row second = in.next();
        header = isHeader(first.fields(), second == null ? List.of() : second.fields(), counted);
        names = names(trimmed(first.fields(), 1));
        if (!header) {
            waiting.add(first);
            notes.add("%s has no header: line %d is read as a row, and the columns are called 1 to %d"
                    .formatted(in.name(), firstLine, names.size()));
        }
        if (second != null) {
            waiting.add(second);
        }
    }

    static CsvTable open(Path file) {
        return open(CsvReader.open(file, false), true);
    }

    /** The same for a file of numbers alone, which may be separated by blanks. */
    static CsvTable openNumbers(Path file) {
        return open(CsvReader.open(file, true), false);
    }

    private static CsvTable open(CsvReader in, boolean counted) {
        try {
            return new CsvTable(in, counted);
        } catch (RuntimeException e) {
            in.close();
            throw e;
        }
    }

    /** A first line without any number is a header, and so is one with text above a number, or that counts 0, 1, 2. */
    private boolean isHeader(List<String> first, List<String> second, boolean counted) {
        boolean textAboveNumber = IntStream.range(0, Math.min(first.size(), second.size()))
                .anyMatch(i -> !isNumber(first.get(i)) && isNumber(second.get(i)));
        List<String> numbers = first.stream().filter(this::isNumber).toList();
        boolean counts = counted
                && numbers.size() > 1
                && numbers.equals(IntStream.range(0, numbers.size())
                        .mapToObj(Integer::toString)
                        .toList());
        if (counts && !textAboveNumber) {
            notes.add("line %d of %s counts the columns and is taken for its header".formatted(firstLine, in.name()));
        }
        return numbers.isEmpty() || textAboveNumber || counts;
    }

    /** A column without a name has its number. */
    private List<String> names(List<String> first) {
        List<String> names = new ArrayList<>();
        for (String field : first) {
            String name = header ? name(firstLine, "column", field) : "";
            if (name.isEmpty()) {
                unnamed.add(names.size());
                name = String.valueOf(names.size() + 1);
            }
            if (places.put(name, names.size()) != null) {
                throw error("two columns are named " + Quote.text(name));
            }
            names.add(name);
        }
        return List.copyOf(names);
    }

    /** A name on one line. */
    private String name(int line, String what, String text) {
        if (text.length() > MAX_NAME) {
            throw in.error(
                    line,
                    "a %s has a name of %,d characters, %s; at most %d are read"
                            .formatted(what, text.length(), Quote.text(text), MAX_NAME));
        }
        return text.strip().replaceAll("\\s+", " ");
    }

    /** The fields without the empty ones that separators at the line's end make; at least {@code least} stay. */
    private static List<String> trimmed(List<String> fields, int least) {
        int size = fields.size();
        while (size > least && fields.get(size - 1).isBlank()) {
            size--;
        }
        return fields.subList(0, size);
    }

    /** Whether the first line names the columns; else they are called 1, 2, 3 ... */
    boolean header() {
        return header;
    }

    /** The columns. */
    List<String> names() {
        return names;
    }

    /** What had to be guessed, and what was passed over: a sentence each. Complete when the rows were read. */
    List<String> notes() {
        return notes;
    }

    /** Adds a sentence to them. */
    void note(String sentence) {
        notes.add(sentence);
    }

    /** Whether there is a header, and it has no name for this column. */
    boolean isUnnamed(int column) {
        return header && unnamed.contains(column);
    }

    /** The column of this name, or -1. */
    int indexOf(String name) {
        return places.getOrDefault(name, -1);
    }

    /** Columns whose value in the first row is neither a number nor missing. */
    int[] textColumns() {
        if (waiting.isEmpty()) {
            return new int[0];
        }
        List<String> row = waiting.peek().fields();
        return IntStream.range(0, Math.min(row.size(), names.size()))
                .filter(i -> !isNumber(row.get(i)) && !isMissing(row.get(i)))
                .toArray();
    }

    /**
     * The rows of a table.
     *
     * @param columns those of numbers
     * @param values the numbers, row by row
     * @param texts of the column of text, one for each row; empty where none was asked for
     * @param lines where each row begins in the file
     */
    record Rows(int count, int[] columns, double[] values, List<String> texts, int[] lines) {
        /** Whether column {@code j} of numbers grows by 1 from row to row. */
        boolean counts(int j) {
            return count > 2
                    && IntStream.range(1, count)
                            .allMatch(i -> values[i * columns.length + j] == values[(i - 1) * columns.length + j] + 1);
        }

        /** The same without column {@code j} of numbers. */
        Rows without(int j) {
            double[] others = IntStream.range(0, values.length)
                    .filter(i -> i % columns.length != j)
                    .mapToDouble(i -> values[i])
                    .toArray();
            int[] left = IntStream.range(0, columns.length)
                    .filter(i -> i != j)
                    .map(i -> columns[i])
                    .toArray();
            return new Rows(count, left, others, texts, lines);
        }
    }

    /**
     * Reads all rows.
     *
     * @param columns those of numbers, in the order in which they are wanted
     * @param textAt the column of text, or -1
     * @param textNeeded whether each row has to have one
     */
    Rows read(int[] columns, int textAt, boolean textNeeded) {
        double[] values = new double[Math.max(1024, columns.length)];
        int[] lines = new int[256];
        List<String> texts = new ArrayList<>();
        Map<String, String> known = new HashMap<>();
        int count = 0;
        for (CsvReader.Row row = next(); row != null; row = next()) {
            long end = (count + 1L) * columns.length;
            if (end > MAX_VALUES) {
                throw in.error(row.line(), "more than 2^31 values; split the file");
            }
            if (end > values.length) {
                values = Arrays.copyOf(values, (int) Math.min(MAX_VALUES, 2 * end));
            }
            if (count == lines.length) {
                lines = Arrays.copyOf(lines, 2 * count);
            }
            lines[count] = row.line();
            for (int i = 0; i < columns.length; i++) {
                values[count * columns.length + i] = number(row, columns[i]);
            }
            if (textAt >= 0) {
                String text = name(row.line(), "class", row.fields().get(textAt));
                if (textNeeded && isMissing(text)) {
                    throw missing(row.line(), textAt, text);
                }
                texts.add(known.computeIfAbsent(text, key -> key));
                if (known.size() > MAX_TEXTS) {
                    throw in.error(
                            row.line(),
                            "column %s has more than %,d different values up to here, too many for classes; values to predict cannot be trained from tables so far. If another column holds the classes, name it with --label"
                                    .formatted(Quote.text(names.get(textAt)), MAX_TEXTS));
                }
            }
            count++;
        }
        if (count == 0) {
            throw new DataException(in.name() + " has a header, but no rows");
        }
        describe();
        return new Rows(
                count, columns, Arrays.copyOf(values, count * columns.length), texts, Arrays.copyOf(lines, count));
    }

    private void describe() {
        if (in.comments() > 0) {
            notes.add("%,d line%s of %s begin%s with # and %s passed over"
                    .formatted(
                            in.comments(),
                            in.comments() == 1 ? "" : "s",
                            in.name(),
                            in.comments() == 1 ? "s" : "",
                            in.comments() == 1 ? "is" : "are"));
        }
        if (comma != null) {
            notes.add("%s has decimal commas: %s is read as %s".formatted(in.name(), comma, comma.replace(',', '.')));
        }
    }

    /** The next row, with a field for each column, or null at the end. */
    CsvReader.Row next() {
        CsvReader.Row row = waiting.isEmpty() ? in.next() : waiting.remove();
        if (row == null) {
            return null;
        }
        List<String> fields = trimmed(row.fields(), names.size());
        if (fields.size() != names.size()) {
            throw in.error(
                    row.line(),
                    "%d field%s, %s has %d columns; fields end with %s here"
                            .formatted(
                                    fields.size(),
                                    fields.size() == 1 ? "" : "s",
                                    header ? "the header" : "the first row",
                                    names.size(),
                                    in.separatorName()));
        }
        return new CsvReader.Row(row.line(), fields);
    }

    /** The number in a column of a row. */
    double number(CsvReader.Row row, int column) {
        String text = row.fields().get(column).strip();
        double value = parse(text);
        if (!Double.isNaN(value)) {
            if (text.indexOf(',') >= 0) {
                comma = comma == null ? text : comma;
            } else if (text.indexOf('.') >= 0) {
                point = point == null ? text : point;
            }
            if (comma != null && point != null) {
                throw in.error(
                        row.line(),
                        "column %s is %s; the file has decimal commas and decimal points, such as %s and %s"
                                .formatted(
                                        Quote.text(names.get(column)),
                                        Quote.text(text),
                                        Quote.text(comma),
                                        Quote.text(point)));
            }
            return value;
        }
        if (isMissing(text)) {
            throw missing(row.line(), column, text);
        }
        throw in.error(
                row.line(),
                "column %s is not a number: %s; all columns but that of the classes have to hold numbers"
                        .formatted(Quote.text(names.get(column)), Quote.text(text)));
    }

    /**
     * The text in a column of a row, on one line.
     *
     * @param what the text is, for messages
     */
    String text(CsvReader.Row row, int column, String what) {
        String text = name(row.line(), what, row.fields().get(column));
        if (isMissing(text)) {
            throw missing(row.line(), column, text);
        }
        return text;
    }

    private DataException missing(int line, int column, String text) {
        String name = Quote.text(names.get(column));
        return in.error(
                line,
                (text.isEmpty()
                                ? "column %s is empty".formatted(name)
                                : "column %s is %s, a missing value".formatted(name, Quote.text(text)))
                        + "; fill it in, or take the row out");
    }

    private static boolean isMissing(String text) {
        return MISSING.contains(text.strip().toLowerCase(Locale.ROOT));
    }

    /** Whether the text writes a number. */
    boolean isNumber(String text) {
        return !Double.isNaN(parse(text.strip()));
    }

    /** The number that a text writes in the form of this file, finite and such that a float holds it; else NaN. */
    double parse(String text) {
        // parseDouble also takes hexadecimal digits, the suffixes d and f, NaN and Infinity
        String digits = in.separator() == ',' || text.indexOf('.') >= 0 ? text : text.replace(',', '.');
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if ((c < '0' || c > '9') && "+-.eE".indexOf(c) < 0) {
                return Double.NaN;
            }
        }
        try {
            double value = Double.parseDouble(digits);
            return Float.isFinite((float) value) ? value : Double.NaN;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** The file, for messages. */
    String name() {
        return in.name();
    }

    /** An error in a row. */
    DataException error(CsvReader.Row row, String message) {
        return in.error(row.line(), message);
    }

    /** An error in the first line. */
    DataException error(String message) {
        return in.error(firstLine, message);
    }

    @Override
    public void close() {
        in.close();
    }
}
