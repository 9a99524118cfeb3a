package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {
    @TempDir
    Path folder;

    private Path file(String text) {
        try {
            return Files.writeString(folder.resolve("table.csv"), text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Csv read(String text, String label) {
        return Csv.read(file(text), label);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n"})
    void readsNumbersAndClasses(String lineEnd) {
        Csv csv = read("a,b,kind\n1,2.5,dog\n-3,4e2,cat\n5, 6 ,dog\n".replace("\n", lineEnd), null);

        assertThat(csv.columns()).containsExactly("a", "b");
        assertThat(csv.label()).isEqualTo("kind");
        Dataset data = csv.data();
        assertThat(data.size()).isEqualTo(3);
        assertThat(data.shape()).isEqualTo(Shape.of(2));
        assertThat(data.classNames()).containsExactly("cat", "dog");
        assertThat(data.image(0)).containsExactly(1, 2.5f);
        assertThat(data.image(1)).containsExactly(-3, 400);
        assertThat(data.image(2)).containsExactly(5, 6);
        assertThat(data.label(0)).isEqualTo(1);
        assertThat(data.label(1)).isZero();
        assertThat(data.className(data.label(2))).isEqualTo("dog");
    }

    @Test
    void theLabelMayBeAnyColumn() {
        Csv csv = read("a,kind,b\n1,x,2\n3,y,4", "kind");

        assertThat(csv.columns()).containsExactly("a", "b");
        assertThat(csv.data().image(1)).containsExactly(3, 4);
        assertThat(csv.data().label(1)).isEqualTo(1);
    }

    @Test
    void quotedFieldsHoldCommasQuotesAndLineEndsWhichNamesHaveAsBlanks() {
        Csv csv = read("\"a, cm\",kind\n\"1\",\"big, \"\"red\"\"\nball\"\n2,\"\u00e9\"\n", null);

        assertThat(csv.columns()).containsExactly("a, cm");
        assertThat(csv.data().classNames()).containsExactly("big, \"red\" ball", "\u00e9");
        assertThat(csv.data().image(0)).containsExactly(1);
    }

    @Test
    void aByteOrderMarkAndEmptyLinesArePassedOver() {
        Csv csv = read("\uFEFFa,kind\n\n1,x\r\n\r\n2,y\n\n", null);

        assertThat(csv.columns()).containsExactly("a");
        assertThat(csv.data().size()).isEqualTo(2);
    }

    @Test
    void numericClassesAreSortedAsNumbersAndEqualOnesAreOne() {
        assertThat(read("a,k\n1,10\n1,9\n1,-1\n2,10.0\n2,09\n2,-1\n", null)
                        .data()
                        .classNames())
                .containsExactly("-1", "9", "10");
        assertThat(read("a,k\n1,10\n1,9\n1,b\n", null).data().classNames()).containsExactly("10", "9", "b");
    }

    @Test
    void valuesKeepAllDigitsUntilTheyAreStandardised() {
        Csv csv = read("t,k\n1700000000,x\n1700000063,y\n", null);

        float[] y = Standardization.of(csv.data()).apply(csv.data()).features().floats();
        assertThat(y).containsExactly(-1, 1);
    }

    // forms

    /** The table a, b, kind with the rows 5.1, 2, x and 3.5, -40, y. */
    private static void isTheTable(Csv csv) {
        assertThat(csv.columns()).containsExactly("a", "b");
        assertThat(csv.label()).isEqualTo("kind");
        assertThat(csv.data().classNames()).containsExactly("x", "y");
        assertThat(csv.data().values().doubles()).containsExactly(5.1, 2, 3.5, -40);
        assertThat(csv.data().label(0)).isZero();
        assertThat(csv.data().label(1)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a,b,kind|5.1,2,x|3.5,-40,y|",
                "a,b,kind|5.1,2,x|3.5,-40,y",
                "a;b;kind|5.1;2;x|3.5;-40;y|",
                "a\tb\tkind|5.1\t2\tx|3.5\t-40\ty|",
                "a,b,kind,|5.1,2,x,|3.5,-40,y,|",
                "a,b,kind,,,|5.1,2,x,,,|3.5,-40,y,,,|,,,,,|",
                "a,b,kind|5.1,2,x,|3.5,-40,y,|",
                "\uFEFFa,b,kind||  |5.1,2,x|,,|3.5,-40,y||",
                "\"a\",\"b\",\"kind\"|\"5.1\",\"2\",\"x\"|\"3.5\",\"-40\",\"y\"|",
                "a, \"b\" , \"kind\"|5.1, 2, \"x\" |3.5, -40, y|",
            })
    void everyUsualFormIsReadWithEveryLineEnd(String text) {
        for (String lineEnd : List.of("\n", "\r\n", "\r")) {
            Csv csv = read(text.replace("|", lineEnd), null);
            isTheTable(csv);
            assertThat(csv.notes()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a;b;kind|5,1;2;x|3,5;-40;y|", "a\tb\tkind|5,1\t2\tx|3,5\t-4e1\ty|"})
    void decimalCommasAreReadAndSaid(String text) {
        Csv csv = read(text.replace("|", "\n"), null);
        isTheTable(csv);
        assertThat(csv.notes()).singleElement().asString().endsWith("table.csv has decimal commas: 5,1 is read as 5.1");
    }

    @Test
    void decimalCommasInATableWithoutAHeaderAreNoSeparators() {
        Csv csv = read("5,1;3,5;1,4\n4,9;3,0;1,4\n5,0;3,3;2,4\n5,2;3,4;2,4\n", "3");
        assertThat(csv.data().values().doubles()).containsExactly(5.1, 3.5, 4.9, 3, 5, 3.3, 5.2, 3.4);
        assertThat(csv.data().classNames()).containsExactly("1,4", "2,4");
    }

    @Test
    void commentsArePassedOverAndCounted() {
        Csv csv = read("# made by hand, in May\na,b,kind\n# \"first\n5.1,2,x\n3.5,-40,y\n#", null);
        isTheTable(csv);
        assertThat(csv.notes())
                .singleElement()
                .asString()
                .matches("3 lines of .*table.csv begin with # and are passed over");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5.1,2,x|3.5,-40,y|", "5.1;2;x|3.5;-40;y"})
    void withoutAHeaderNoRowIsLostAndColumnsAreNumbers(String text) {
        Csv csv = read(text.replace("|", "\n"), null);

        assertThat(csv.columns()).containsExactly("1", "2");
        assertThat(csv.label()).isEqualTo("3");
        assertThat(csv.data().values().doubles()).containsExactly(5.1, 2, 3.5, -40);
        assertThat(csv.notes())
                .singleElement()
                .asString()
                .endsWith("table.csv has no header: line 1 is read as a row, and the columns are called 1 to 3");
    }

    @Test
    void aHeaderOfNumbersIsOneIfItCountsTheColumns() {
        Csv csv = read("0,1,kind\n5.1,2,x\n3.5,-40,y\n", null);
        assertThat(csv.columns()).containsExactly("0", "1");
        assertThat(csv.data().size()).isEqualTo(2);
        assertThat(csv.notes()).singleElement().asString().contains("counts the columns and is taken for its header");
    }

    // which column has the classes

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kind,a,b;x,5.1,2;y,3.5,-40      | the classes are in column 'kind', the only one of text",
                "a,kind,b;5.1,x,2;3.5,y,-40      | the classes are in column 'kind', the only one of text",
                "Class,a,b;0,5.1,2;1,3.5,-40     | the classes are in column 'Class', because of its name",
            })
    void classesOutsideTheLastColumnAreFoundAndSaid(String text, String note) {
        Csv csv = read(text.replace(";", "\n"), null);
        assertThat(csv.columns()).containsExactly("a", "b");
        assertThat(csv.data().values().doubles()).containsExactly(5.1, 2, 3.5, -40);
        assertThat(csv.data().classes()).isEqualTo(2);
        assertThat(csv.notes()).containsExactly(note);
    }

    @Test
    void classesInTheFirstColumnOfATableWithoutAHeader() {
        Csv csv = read("B,1,4\nR,1,5\nL,2,4\nB,2,6\n", null);
        assertThat(csv.label()).isEqualTo("1");
        assertThat(csv.labelAt()).isZero();
        assertThat(csv.columns()).containsExactly("2", "3");
        assertThat(csv.data().classNames()).containsExactly("B", "L", "R");
        assertThat(csv.data().size()).isEqualTo(4);
    }

    @Test
    void aColumnWithoutANameThatCountsTheRowsIsLeftOut() {
        Csv csv = read(",a,b,kind\n0,5.1,2,x\n1,3.5,-40,y\n2,1,1,y\n", null);
        assertThat(csv.columns()).containsExactly("a", "b");
        assertThat(csv.labelAt()).isEqualTo(3);
        assertThat(csv.data().values().doubles()).containsExactly(5.1, 2, 3.5, -40, 1, 1);
        assertThat(csv.notes()).containsExactly("column 1, which has no name and counts the rows, is left out");

        assertThat(read("Id,a,kind\n1,5,x\n2,3,y\n3,4,y\n", null).notes())
                .singleElement()
                .asString()
                .startsWith("column 'Id' counts the rows");
    }

    private static String rows(int count, IntFunction<String> row) {
        return IntStream.range(0, count).mapToObj(i -> row.apply(i) + "\n").collect(Collectors.joining());
    }

    @Test
    void valuesToPredictAreNoClasses() {
        String prices = "rooms,area,price\n" + rows(100, i -> "%d,%.1f,%d".formatted(i % 4, 1.1 * i, 90_000 + 731 * i));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(prices, null))
                .withMessageContaining(
                        "table.csv: column 'price' has 100 different numbers in 100 rows, so it holds values to predict, not classes; tables are trained with classes only, so far")
                .withMessageContaining("name it with --label (few values: rooms)");
        assertThat(read(prices, "rooms").data().classNames()).containsExactly("0", "1", "2", "3");

        // rounded, so that each occurs often; with fractions; six rows alone
        for (String column : List.of(
                rows(3000, i -> i % 5 + "," + 1000 * (i * 7 % 80)),
                rows(300, i -> i % 5 + "," + (i % 30) * 0.37),
                rows(6, i -> i % 5 + "," + (1.5 + i)))) {
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> read("a,price\n" + column, null))
                    .withMessageContaining("so it holds values to predict");
        }
    }

    @Test
    void numbersAreClassesWhereTheyAreFewOrNumbered() {
        assertThat(read("a,k\n" + rows(300, i -> i % 7 + "," + i % 100), null)
                        .data()
                        .classes())
                .isEqualTo(100);
        assertThat(read("a,k\n" + rows(20, i -> i % 7 + "," + 1000 * (i % 10)), null)
                        .data()
                        .classes())
                .isEqualTo(10);
        assertThat(read("a,k\n1,0\n5,1\n", null).data().classes()).isEqualTo(2);
    }

    @Test
    void namesAreNoClasses() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read("a,name\n" + rows(50, i -> i % 3 + ",name" + i), null))
                .withMessageContaining("column 'name' has 50 different texts in 50 rows, so it holds no classes")
                .withMessageContaining("(few values: a)");
    }

    // rows for a model

    private Csv.Rows rows(String text) {
        return Csv.rows(file(text), List.of("a", "b"), "kind", 0);
    }

    @Test
    void rowsForAModelAreFoundByTheirNames() {
        Csv.Rows same = rows("a,b\n5.1,2\n1700000063,-40\n");
        assertThat(same.values()).isEqualTo(new double[][] {{5.1, 2}, {1700000063, -40}});
        assertThat(same.labels()).isEmpty();
        assertThat(same.lines()).containsExactly(2, 3);
        assertThat(same.notes()).isEmpty();

        Csv.Rows other = rows("b;kind;id;a\n2;x;7;5,1\n-40;;8;3,5\n");
        assertThat(other.values()).isEqualTo(new double[][] {{5.1, 2}, {3.5, -40}});
        assertThat(other.labels()).containsExactly("x", "");
        assertThat(other.notes()).hasSize(3);
        assertThat(other.notes().get(0))
                .endsWith("are in another order than those of the training; they are found by their names");
        assertThat(other.notes().get(1)).isEqualTo("columns that the model does not know are left out: id");

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> rows("a,kind,c\n1,x,2\n"))
                .withMessageContaining("line 1: columns that the model takes are missing: b; there are a, kind, c");
    }

    @Test
    void rowsWithoutAHeaderAreTakenInTheOrderOfTheTraining() {
        assertThat(rows("5.1,2\n").values()).isEqualTo(new double[][] {{5.1, 2}});
        Csv.Rows labelled = rows("x,5.1,2\ny,3.5,-40\n");
        assertThat(labelled.values()).isEqualTo(new double[][] {{5.1, 2}, {3.5, -40}});
        assertThat(labelled.labels()).containsExactly("x", "y");
        assertThat(labelled.notes()).last().isEqualTo("columns are taken in the order of the training: a, b");
        assertThat(rows("5.1,2,x\n3.5,-40,y\n").values())
                .as("the classes elsewhere")
                .isEqualTo(labelled.values());
        assertThat(rows("5.1,2,x\n").labels()).containsExactly("x");

        // as the training on a table without a header named them
        Csv.Rows named = Csv.rows(file("a,b,kind\n5.1,2,x\n3.5,-40,y\n"), List.of("1", "2"), "3", 2);
        assertThat(named.values()).isEqualTo(labelled.values());
        assertThat(named.labels()).containsExactly("x", "y");
        assertThat(named.notes())
                .containsExactly(
                        "the model was trained on a table without names of columns, so these are taken in their order: a, b, kind");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> rows("5.1,2,3,4\n"))
                .withMessageContaining("has 4 columns, and no names to find those in it that the model takes: a, b");
    }

    // what is refused

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "a,k;1,x;2;         | line 3: 1 field, the header has 2 columns; fields end with a comma here",
                "1,x;2;             | line 2: 1 field, the first row has 2 columns",
                "a,k;1,x,3;         | line 2: 3 fields, the header has 2 columns",
                "a,k;1,x;;big,y;    | line 4: column 'a' is not a number: 'big'",
                "a,k;NaN,x;         | line 2: column 'a' is 'NaN', a missing value; fill it in",
                "a,k;1,x;?,x;       | line 3: column 'a' is '?', a missing value; fill it in",
                "a,k;1,x;2,NA;      | line 3: column 'k' is 'NA', a missing value; fill it in",
                "a,k;1,x;1 000,x;   | line 3: column 'a' is not a number: '1 000'; all columns but that of the classes",
                "a,k;1e99,x;        | line 2: column 'a' is not a number: '1e99'",
                "a,k;0x1p3,x;       | line 2: column 'a' is not a number: '0x1p3'",
                "a,k;1d,x;          | line 2: column 'a' is not a number: '1d'",
                "a,k;,x;            | line 2: column 'a' is empty",
                "a,k;1, ;           | line 2: column 'k' is empty",
                "a,k;1,\"x;y;       | line 2: a quote is never closed",
                "a,k;1,x\"y;        | line 2: a quote within an unquoted field",
                "a,k;1,\"x\"y;      | line 2: after the closing quote comes 'y'",
                "a,k;1,\"x;y\";z,2; | line 4: column 'a' is not a number: 'z'",
                "a,b;1,x;           | line 1: there is no column 'k'; there are a, b",
                "a,a,k;1,2,x;       | line 1: two columns are named 'a'",
                "k;x;               | line 1: a table needs a column of numbers and one of classes",
                "a,k;               | has a header, but no rows",
                ";;                 | is empty, a header and rows are needed"
            })
    void malformedTablesAreRefusedWithTheLine(String text, String message) {
        String label = text.startsWith("a,b") ? "k" : null;
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(text.strip().replace(";", "\n"), label))
                .withMessageContaining("table.csv")
                .withMessageContaining(message);
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path missing = folder.resolve("missing.csv");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Csv.read(missing))
                .withMessage(missing + " does not exist");

        Path latin = Files.write(folder.resolve("latin.csv"), "a,k\n1,\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Csv.read(latin))
                .withMessageContaining(latin + " is not UTF-8 text");

        Path wide = Files.write(folder.resolve("wide.csv"), "a,k\n1,x\n".getBytes(StandardCharsets.UTF_16LE));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Csv.read(wide))
                .withMessageContaining(wide + ", line 1: there is a character 0, so this is no text in UTF-8");

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Csv.read(folder))
                .withMessage(folder + " is a folder, a CSV file is needed");
    }

    @Test
    void decimalCommasAndPointsInOneFileAreRefused() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read("a;k\n5,1;x\n3.5;y\n", null))
                .withMessageContaining(
                        "line 3: column 'a' is '3.5'; the file has decimal commas and decimal points, such as '5,1' and '3.5'");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read("a;k\n1.234,5;x\n", null))
                .withMessageContaining("line 2: column 'a' is not a number: '1.234,5'");
    }

    @Test
    void messagesAreShortHoweverLongTheTextIs() {
        String megabyte = "x".repeat(1 << 20);
        String fields = "x,".repeat(40_000);
        for (String text : List.of(
                megabyte,
                "a,k\n" + megabyte + ",x",
                "a,k\n" + "x".repeat(90_000) + ",x",
                "a,k\n1," + megabyte,
                "a,k\n1," + "x".repeat(90_000),
                "a,k\n1,\"" + megabyte,
                "x".repeat(90_000) + ",k\n1,x",
                fields + "\n1",
                rows(50_000, i -> "1,name" + i),
                IntStream.range(0, 40_000).mapToObj(i -> "c" + i).collect(Collectors.joining(",")) + "\n1")) {
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> read(text, "none".repeat(1000)))
                    .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThanOrEqualTo(500));
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> read(text, null))
                    .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThanOrEqualTo(500));
        }
    }

    @Test
    void theNumberOfClassesIsBounded() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read("a,k\n" + rows(200_000, i -> "1,name" + i), null))
                .withMessageContaining(
                        "line 10002: column 'k' has more than 10,000 different values up to here, too many for classes");
    }
}
