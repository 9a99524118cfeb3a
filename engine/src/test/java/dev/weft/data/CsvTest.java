package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weft.DataException;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
    void quotedFieldsHoldCommasQuotesAndLineEnds() {
        Csv csv = read("\"a, cm\",kind\n\"1\",\"big, \"\"red\"\"\nball\"\n2,\"\u00e9\"\n", null);

        assertThat(csv.columns()).containsExactly("a, cm");
        assertThat(csv.data().classNames()).containsExactly("big, \"red\"\nball", "\u00e9");
        assertThat(csv.data().image(0)).containsExactly(1);
    }

    @Test
    void aByteOrderMarkAndEmptyLinesArePassedOver() {
        Csv csv = read("\uFEFFa,kind\n\n1,x\r\n\r\n2,y\n\n", null);

        assertThat(csv.columns()).containsExactly("a");
        assertThat(csv.data().size()).isEqualTo(2);
    }

    @Test
    void numericClassesAreSortedAsNumbers() {
        assertThat(read("a,k\n1,10\n1,9\n1,-1\n", null).data().classNames()).containsExactly("-1", "9", "10");
        assertThat(read("a,k\n1,10\n1,9\n1,b\n", null).data().classNames()).containsExactly("10", "9", "b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "a,k;1,x;2;         | line 3: 1 field, the header has 2 columns",
                "a,k;1,x,3;         | line 2: 3 fields, the header has 2 columns",
                "a,k;1,x;;big,y;    | line 4: column 'a' is not a number: 'big'",
                "a,k;NaN,x;         | line 2: column 'a' is not a number: 'NaN'",
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
    }
}
