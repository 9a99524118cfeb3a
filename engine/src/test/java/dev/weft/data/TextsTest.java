package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextsTest {
    @TempDir
    private Path folder;

    private Path file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(DataException.class).hasMessage(message);
    }

    private static int[] ints(Columns columns, String name) {
        return (int[]) columns.column(name).values().array();
    }

    @Test
    void aLineIsALabelAndAText() throws IOException {
        Path file = file("sms", "\ufeffham\tGo until \"jurong\tpoint\r\n\r\nspam\t Free! # entry\rham\tOk\n");
        Texts texts = Texts.labelThenText(file);
        assertThat(texts.texts()).containsExactly("Go until \"jurong\tpoint", "Free! # entry", "Ok");
        assertThat(texts.classes()).containsExactly("ham", "spam");
        assertThat(texts.labels()).containsExactly(0, 1, 0);
        assertThat(texts.places()).containsExactly(file + ", line 1", file + ", line 3", file + ", line 4");
        Vocabulary v = Vocabulary.words(texts.texts());
        Sequences sequences = texts.encode(v);
        assertThat(sequences.classNames()).containsExactly("ham", "spam");
        Columns data = sequences.columns();
        assertThat(ints(data, "lengths")).containsExactly(5, 4, 1);
        assertThat(ints(data, "targets")).containsExactly(0, 1, 0);
        assertThat(data.column("features").classes()).isEqualTo(v.size());
        assertThat(v.decode((int[]) sequences.sequence(1).array())).isEqualTo("free ! # entry");
        refused(
                () -> sequences.columns(4),
                file + ", line 1 has 5 steps, more than 4; take more, or cut the sequences: cut(4)");
        assertThat(ints(sequences.cut(2).columns(), "lengths")).containsExactly(2, 2, 1);
    }

    @Test
    void theLabelMayComeLastAndNumbersAreSortedAsSuch() throws IOException {
        Texts texts = Texts.textThenLabel(file("imdb", "A\tslow film.  \t10\nGood\u0085 one\t2\n"));
        assertThat(texts.texts()).containsExactly("A\tslow film.", "Good\u0085 one");
        assertThat(texts.classes()).containsExactly("2", "10");
        assertThat(texts.labels()).containsExactly(1, 0);
    }

    @Test
    void aFolderHasAFolderForEachClass() throws IOException {
        file("all/README", "not a text");
        file("all/pos/b.txt", "good");
        file("all/pos/a.TXT", "very good");
        file("all/pos/notes.md", "");
        file("all/pos/.hidden.txt", "");
        file("all/neg/1.txt", "bad\n");
        Texts texts = Texts.folder(folder.resolve("all"));
        assertThat(texts.texts()).containsExactly("bad\n", "very good", "good");
        assertThat(texts.classes()).containsExactly("neg", "pos");
        assertThat(texts.labels()).containsExactly(0, 1, 1);
        assertThat(texts.places().get(1))
                .isEqualTo(folder.resolve("all/pos/a.TXT").toString());
    }

    @Test
    void whatIsWrongIsNamedWithItsPlace() throws IOException {
        Path bare = file("bare", "ham\tok\nno label here\n");
        refused(
                () -> Texts.labelThenText(bare),
                bare + ", line 2: there is no tab between label and text: 'no label here'");
        Path unlabelled = file("unlabelled", "\tok\n");
        refused(() -> Texts.labelThenText(unlabelled), unlabelled + ", line 1: the label is empty; take the line out");
        refused(() -> Texts.textThenLabel(unlabelled), unlabelled + ", line 1: the text is empty; take the line out");
        Path blank = file("blank", " \n\n");
        refused(
                () -> Texts.labelThenText(blank),
                blank + " has only blank lines, a label, a tab and a text are needed in each");
        Path empty = file("empty", "\ufeff");
        refused(() -> Texts.read(empty), empty + " is empty, a text is needed");
        Path missing = folder.resolve("missing");
        refused(() -> Texts.read(missing), missing + " does not exist");
        Path zero = file("zero", "a\n\0");
        refused(
                () -> Texts.read(zero),
                zero + ", line 2: there is a character 0, so this is no text in UTF-8; save the text in UTF-8");
        Path latin = folder.resolve("latin");
        Files.write(latin, "one\rtwo\ncaf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        refused(() -> Texts.read(latin), latin + ", line 3: this is not UTF-8; save the text in UTF-8");
        Path swapped = file(
                "swapped",
                IntStream.range(0, 30).mapToObj(i -> "text " + i + "\t" + i % 2).collect(Collectors.joining("\n")));
        refused(
                () -> Texts.labelThenText(swapped),
                swapped
                        + ": 30 sequences have 30 different labels, such as 'text 0', too many for classes; is another column the label?");
        Texts wordless = Texts.labelThenText(file("wordless", "a\tok\nb\t\u200b\u0007x\n"));
        Vocabulary spaces = Vocabulary.words(List.of("ok"));
        assertThat(wordless.encode(spaces).lengths()).containsExactly(1, 2);
        Texts silent = Texts.labelThenText(file("silent", "a\tok\nb\t\u0007\n"));
        refused(
                () -> silent.encode(spaces),
                folder.resolve("silent") + ", line 2 is empty, and a sequence needs at least 1 step; leave it out");
    }

    @Test
    void aFolderOfAnotherShapeIsNamed() throws IOException {
        refused(
                () -> Texts.folder(folder),
                folder + " has no folders; it needs one for each class, with its files in it");
        Path file = file("train/pos/1.txt", "good");
        refused(
                () -> Texts.folder(folder),
                "the class folder " + folder.resolve("train")
                        + " has no .txt files; name the folder whose folders are the classes");
        refused(() -> Texts.folder(file), "the data folder " + file + " is not a folder");
        refused(
                () -> Texts.folder(folder.resolve("none")),
                "the data folder " + folder.resolve("none") + " does not exist");
        Path empty = file("train/neg/1.txt", "");
        refused(() -> Texts.folder(folder.resolve("train")), empty + " is empty, a text is needed");
    }

    @Test
    void windowsOfATextHaveTheNextTokensAsTargets() {
        int[] tokens = {2, 3, 4, 5, 6, 7, 8, 9};
        Columns data = TextWindows.separate(tokens, 10, 3).columns();
        assertThat(ints(data, "features")).containsExactly(2, 3, 4, 5, 6, 7, 8, 0, 0);
        assertThat(ints(data, "targets")).containsExactly(3, 4, 5, 6, 7, 8, 9, 0, 0);
        assertThat(ints(data, "lengths")).containsExactly(3, 3, 1);
        assertThat(data.column("targets").classes()).isEqualTo(10);
        assertThat(ints(TextWindows.separate(new int[] {2, 3, 4, 5}, 6, 3).columns(), "lengths"))
                .containsExactly(3);
        assertThat(ints(TextWindows.separate(tokens, 10, Integer.MAX_VALUE).columns(), "lengths"))
                .containsExactly(7);
    }

    @Test
    void aRowContinuesThatOfTheBatchBefore() {
        int[] tokens = IntStream.range(0, 30).toArray();
        int batch = 3;
        Columns data = TextWindows.continued(tokens, 30, 4, batch).columns();
        // 29 inputs in 3 parts of 9, with 2 windows each
        assertThat(data.size()).isEqualTo(6);
        int[] features = ints(data, "features");
        int[] targets = ints(data, "targets");
        assertThat(features).startsWith(0, 1, 2, 3, 9, 10, 11, 12, 18, 19, 20, 21, 4, 5, 6, 7);
        assertThat(ints(data, "lengths")).containsOnly(4);
        for (int i = 0; i < features.length; i++) {
            assertThat(targets[i]).isEqualTo(features[i] + 1);
        }
        for (int row = batch; row < data.size(); row++) {
            assertThat(features[4 * row]).isEqualTo(targets[4 * (row - batch) + 3]);
        }
    }

    @Test
    void aTextThatIsTooShortForWindowsIsNamed() {
        refused(
                () -> TextWindows.separate(new int[1], 5, 3),
                "a text of 1 tokens is too short for a window and its next token, which needs 2");
        refused(
                () -> TextWindows.continued(new int[12], 5, 3, 4),
                "a text of 12 tokens is too short for a batch of 4 windows of 3 tokens and the next one, which needs 13");
        assertThat(TextWindows.continued(new int[13], 5, 3, 4).size()).isEqualTo(4);
        refused(
                () -> TextWindows.continued(new int[12], 5, 0, 4),
                "windows have at least 1 step, and batches 1 row, got 0 and 4");
        refused(
                () -> TextWindows.separate(new int[] {1, 7, 1}, 5, 3),
                "column features: index 7 of the window from token 0, step 1 is not within 0 to 4");
    }
}
