package dev.weft.samples;

import dev.weft.data.Csv;
import dev.weft.data.Standardization;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * What a model that was trained on a table has to know of it, to take the rows of another one.
 *
 * @param columns names of the columns that the network sees, in its order
 * @param label name of the column with the classes
 * @param labelAt which column of the file that was, from 0
 * @param standardization of the rows that were trained with
 */
record TableForm(List<String> columns, String label, int labelAt, Standardization standardization) {
    static TableForm of(Csv csv, Standardization standardization) {
        return new TableForm(csv.columns(), csv.label(), csv.labelAt(), standardization);
    }

    void writeTo(Map<String, String> metadata) {
        metadata.put("columns", String.join("\n", columns));
        metadata.put("label", label);
        metadata.put("labelAt", Integer.toString(labelAt));
        metadata.put("means", text(standardization.means()));
        metadata.put("deviations", text(standardization.deviations()));
    }

    private static String text(double[] values) {
        return DoubleStream.of(values).mapToObj(Double::toString).collect(Collectors.joining(","));
    }

    /** @throws IllegalArgumentException if something is missing or malformed */
    static TableForm read(Map<String, String> metadata) {
        List<String> columns = List.of(metadata.get("columns").split("\n"));
        double[] means = values(metadata.getOrDefault("means", ""));
        double[] deviations = values(metadata.getOrDefault("deviations", ""));
        if (means.length != columns.size() || deviations.length != columns.size()) {
            throw new IllegalArgumentException("columns, means and deviations differ in number");
        }
        return new TableForm(
                columns,
                metadata.getOrDefault("label", ""),
                Integer.parseInt(metadata.getOrDefault("labelAt", "")),
                new Standardization(means, deviations));
    }

    private static double[] values(String text) {
        return Arrays.stream(text.split(",")).mapToDouble(Double::parseDouble).toArray();
    }

    /** The rows as the network sees them. */
    float[][] standardised(Csv.Rows rows) {
        return Arrays.stream(rows.values()).map(standardization::apply).toArray(float[][]::new);
    }
}
