package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A folder with one folder for each class, and in it a file for each series, as many collections of UCI are laid out:
 *
 * <pre>{@code
 * gestures/wave/1.csv
 * gestures/wave/2.csv
 * gestures/push/1.csv
 * }</pre>
 *
 * <p>A file has a line for each step, in the order of time, with D numbers that are separated by commas, semicolons, tabs or
 * blanks, and may have a header with the values' names. Its form is that of {@link Csv} otherwise.
 */
public final class SeriesFolder {
    private SeriesFolder() {}

    /**
     * Reads all series, in the order of the names of folders and files. Files beside the class folders, folders in them, and
     * names that begin with a point are passed over.
     *
     * @throws DataException if there are no such folders, one is empty, a file is empty or malformed, a value is no number, or
     *     two files have other columns; the message names file, line and column
     */
    public static Sequences read(Path root) {
        ClassFolders found = ClassFolders.in(root, "");
        List<float[]> series = new ArrayList<>();
        Path first = found.files().get(0);
        Path named = null;
        List<String> names = List.of();
        int values = 0;
        for (Path file : found.files()) {
            try (CsvTable table = CsvTable.openNumbers(file)) {
                int own = table.names().size();
                values = series.isEmpty() ? own : values;
                if (own != values) {
                    throw table.error("%d values, %s has %d in each step".formatted(own, first, values));
                }
                if (table.header() && named == null) {
                    named = file;
                    names = table.names();
                }
                if (table.header() && !table.names().equals(names)) {
                    throw table.error(
                            "the columns are %s, those of %s are %s; all files need the same, in the same order"
                                    .formatted(Quote.names(table.names()), named, Quote.names(names)));
                }
                double[] all =
                        table.read(IntStream.range(0, own).toArray(), -1, false).values();
                float[] floats = new float[all.length];
                for (int i = 0; i < all.length; i++) {
                    floats[i] = (float) all[i];
                }
                series.add(floats);
            }
        }
        return Sequences.ofSeries(series, values, i -> found.files().get(i).toString())
                .withClasses(Labels.of(found.classes()));
    }
}
