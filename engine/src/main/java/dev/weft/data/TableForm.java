package dev.weft.data;

import java.util.ArrayList;
import java.util.List;

/**
 * What a model that was trained on a table has to know of it, to take the rows of another one.
 *
 * @param columns those that the network sees, in its order
 * @param label name of the column with the classes
 * @param labelAt which column of the file that was, from 0
 */
public record TableForm(List<Column> columns, String label, int labelAt) {

    /**
     * A column of numbers, with its mean and standard deviation over the rows that were trained with.
     *
     * @param deviation 0 for a column that was constant there
     */
    public record Column(String name, double mean, double deviation) {

        /** Checks both numbers. */
        public Column {
            if (!Double.isFinite(mean) || !(deviation >= 0 && deviation < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "a column has a finite mean and a deviation of at least 0, got %s and %s"
                                .formatted(mean, deviation));
            }
        }
    }

    /** Checks that there is a column. */
    public TableForm {
        columns = List.copyOf(columns);
        if (columns.isEmpty() || labelAt < 0) {
            throw new IllegalArgumentException("a table has at least one column of numbers, and one of classes");
        }
    }

    /** The form of a table whose rows were standardised like this. */
    public static TableForm of(Csv csv, Standardization standardization) {
        List<Column> columns = new ArrayList<>();
        for (String name : csv.columns()) {
            int j = columns.size();
            columns.add(
                    new Column(name, standardization.means()[j], standardization.deviations()[j]));
        }
        return new TableForm(columns, csv.label(), csv.labelAt());
    }

    /** The names of the columns. */
    public List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /** What every row goes through before the network sees it. */
    public Standardization standardization() {
        return new Standardization(
                columns.stream().mapToDouble(Column::mean).toArray(),
                columns.stream().mapToDouble(Column::deviation).toArray());
    }
}
