package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Series in a CSV file in long form, and in folders. */
class SeriesTest {
    private static final String LONG = """
            id,t,x,y,kind
            7,0,0.5,1,walk
            8,3,1.5,2,run
            7,1,2.5,3,walk
            8,4,3.5,4,run
            7,9,4.5,5,walk
            """;

    @TempDir
    private Path folder;

    private Path file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private SeriesCsv csv(String text) throws IOException {
        return SeriesCsv.of(file("series.csv", text));
    }

    private void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOf(DataException.class)
                .hasMessage(message.replace("FILE", folder.resolve("series.csv").toString())
                        .replace("FOLDER", folder.toString()));
    }

    private static float[] floats(Columns columns, String name) {
        return columns.column(name).values().floats();
    }

    private static int[] ints(Columns columns, String name) {
        return (int[]) columns.column(name).values().array();
    }

    @Test
    void aSeriesIsAllRowsOfItsNumber() throws IOException {
        Sequences series = csv(LONG).id("id").time("t").label("kind").read();
        assertThat(series.classNames()).containsExactly("run", "walk");
        assertThat(series.place(1)).isEqualTo("series '8' of " + folder.resolve("series.csv") + ", line 3");
        Columns data = series.columns();
        assertThat(data.column("features").values().shape()).isEqualTo(Shape.of(2, 3, 2));
        assertThat(floats(data, "features")).containsExactly(0.5f, 1, 2.5f, 3, 4.5f, 5, 1.5f, 2, 3.5f, 4, 0, 0);
        assertThat(ints(data, "lengths")).containsExactly(3, 2);
        assertThat(ints(data, "targets")).containsExactly(1, 0);
        refused(
                () -> series.columns(2),
                "series '7' of FILE, line 2 has 3 steps, more than 2; take more, or cut the sequences: cut(2)");
    }

    @Test
    void targetsAreOfASeriesOrOfEachStep() throws IOException {
        Columns steps = csv(LONG.replace("walk", "1").replace("run", "2"))
                .time("t")
                .targetSeries("y", "kind")
                .read()
                .columns();
        assertThat(floats(steps, "features")).containsExactly(0.5f, 2.5f, 4.5f, 1.5f, 3.5f, 0);
        assertThat(steps.column("targets").values().shape()).isEqualTo(Shape.of(2, 3, 2));
        assertThat(floats(steps, "targets")).containsExactly(1, 1, 3, 1, 5, 1, 2, 2, 4, 2, 0, 0);
        Columns whole =
                csv("a;b;c\n1;0,5;3\n1;0,6;3\n2;1;-1,5\n").targets("c").read().columns();
        assertThat(whole.column("targets").values().shape()).isEqualTo(Shape.of(2, 1));
        assertThat(floats(whole, "targets")).containsExactly(3, -1.5f);
        assertThat(floats(whole, "features")).containsExactly(0.5f, 0.6f, 1, 0);
        Columns none = csv("1,5\n1,6\nb,7\n").id("1").read().columns();
        assertThat(none.all()).hasSize(2);
        assertThat(ints(none, "lengths")).containsExactly(2, 1);
    }

    @Test
    void rowsThatDoNotFitAreNamed() throws IOException {
        SeriesCsv wrongClass =
                csv(LONG.replace("9,4.5,5,walk", "9,4.5,5,run")).time("t").label("kind");
        refused(
                wrongClass::read,
                "FILE, line 6: series '7' has class 'run', and 'walk' in line 2; all of its rows need the same");
        SeriesCsv wrongTime = csv(LONG.replace("9,4.5", "1,4.5")).time("t").label("kind");
        refused(
                wrongTime::read,
                "FILE, line 6: column 't' is 1.0, and was 1.0 in the row of series '7' before; sort the rows by time");
        SeriesCsv wrongValue = csv("id,x,y\n1,2,3\n1,2,4\n").targets("y");
        refused(
                wrongValue::read,
                "FILE, line 3: series '1' has 'y' 4.0, and 3.0 in line 2; all of its rows need the same");
        SeriesCsv empty = csv("id,x,y\n1,2,3\n,2,4\n");
        refused(empty::read, "FILE, line 3: column 'id' is empty; fill it in, or take the row out");
        SeriesCsv text = csv(LONG);
        refused(
                text::read,
                "FILE, line 2: column 'kind' is not a number: 'walk'; all columns but that of the classes have to hold numbers");
        SeriesCsv header = csv("id,x\n");
        refused(header::read, "FILE, line 1: there is a header, but no rows");
    }

    @Test
    void columnsThatDoNotFitAreNamed() throws IOException {
        SeriesCsv csv = csv(LONG);
        refused(csv.label("class")::read, "FILE, line 1: of the columns id, t, x, y, kind none is called 'class'");
        refused(csv.id("x").label("x")::read, "FILE, line 1: column 'x' is given two purposes");
        refused(
                csv.time("t").targets("x", "y", "kind")::read,
                "FILE, line 1: the columns id, t, x, y, kind leave none for the values");
        refused(csv.targets()::read, "FILE, line 1: the columns id, t, x, y, kind leave none for the targets");
        SeriesCsv many = csv("id,x,kind\n"
                + IntStream.range(0, 30).mapToObj(i -> i + ",1,k" + i).collect(Collectors.joining("\n")));
        refused(
                many.label("kind")::read,
                "FILE: 30 sequences have 30 different labels, such as 'k0', too many for classes; is another column the label?");
    }

    @Test
    void aFolderHasAFileForEachSeries() throws IOException {
        file("all/README.md", "of the collection");
        file("all/10/b.txt", "  0   1 \n  1\t2\n".replace('\t', ' '));
        file("all/10/a.csv", "x,y\n5,6\n7,8\n9,10\n");
        file("all/9/a.tsv", "1,5\t2\n");
        file("all/9/b.dat", "1,5 2,5\n\n3 4\n");
        Sequences series = SeriesFolder.read(folder.resolve("all"));
        assertThat(series.classNames()).containsExactly("9", "10");
        Columns data = series.columns();
        assertThat(ints(data, "lengths")).containsExactly(3, 2, 1, 2);
        assertThat(ints(data, "targets")).containsExactly(1, 1, 0, 0);
        assertThat(floats(data, "features"))
                .containsExactly(5, 6, 7, 8, 9, 10, 0, 1, 1, 2, 0, 0, 1.5f, 2, 0, 0, 0, 0, 1.5f, 2.5f, 3, 4, 0, 0);
        assertThat(series.place(1)).isEqualTo(folder.resolve("all/10/b.txt").toString());
    }

    /** Counts of columns in tables, steps here. */
    @ParameterizedTest
    @ValueSource(strings = {"0,1\n1,0\n", "0 1\n1 0\n", "0;1\n1;0", " 0  1 \n 1  0", "\ufeff0\t1\r\n1\t0\r\n"})
    void aFirstStepOfSmallNumbersIsNoHeader(String text) throws IOException {
        file("all/a/1", text);
        assertThat(floats(SeriesFolder.read(folder.resolve("all")).columns(), "features"))
                .containsExactly(0, 1, 1, 0);
    }

    @Test
    void aHeaderMayBeQuotedAndSeparatedByBlanks() throws IOException {
        file("all/a/1", "\"the x\" y\n1 2\n");
        file("all/a/2", "\"the x\"   y\n3 4\n");
        assertThat(floats(SeriesFolder.read(folder.resolve("all")).columns(), "features"))
                .containsExactly(1, 2, 3, 4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "1 2 3|FOLDER/all/a/2, line 1: 3 values, FOLDER/all/a/1 has 2 in each step",
                "y,x~1,2|FOLDER/all/a/2, line 1: the columns are y, x, those of FOLDER/all/a/1 are x, y; all files need the same, in the same order",
                "1 2~3|FOLDER/all/a/2, line 2: 1 field, the first row has 2 columns; fields end with a blank here",
                "1 2~3 x|FOLDER/all/a/2, line 2: column '2' is not a number: 'x'; all columns but that of the classes have to hold numbers",
                "x,y|FOLDER/all/a/2 has a header, but no rows",
                "~|`FOLDER/all/a/2 is empty, a header and rows are needed`"
            })
    void aFileThatDoesNotFitIsNamed(String text, String message) throws IOException {
        file("all/a/1", "x,y\n1,2\n");
        file("all/a/2", text.replace('~', '\n'));
        refused(() -> SeriesFolder.read(folder.resolve("all")), message);
    }

    @Test
    void aFolderOfAnotherShapeIsNamed() throws IOException {
        file("all/1.csv", "1,2\n");
        refused(
                () -> SeriesFolder.read(folder.resolve("all")),
                "FOLDER/all has no folders; it needs one for each class, with its files in it");
        Files.createDirectories(folder.resolve("all/a"));
        refused(
                () -> SeriesFolder.read(folder.resolve("all")),
                "the class folder FOLDER/all/a has no files; name the folder whose folders are the classes");
    }
}
