package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts with their classes, as files hold them; a {@link Vocabulary} makes sequences of tokens of them:
 *
 * <pre>{@code
 * Texts messages = Texts.labelThenText(Path.of("SMSSpamCollection"));
 * Vocabulary vocabulary = Vocabulary.words(messages.texts());
 * Columns data = messages.encode(vocabulary).cut(100).columns();
 * }</pre>
 *
 * <p>Files are UTF-8.
 *
 * @param texts one for each sample
 * @param classes the names of the classes, sorted, as numbers if all are
 * @param labels the class of each text, from 0
 * @param places file, or file and line, of each text
 */
public record Texts(List<String> texts, List<String> classes, int[] labels, List<String> places) {

    /** Checks that the parts fit. */
    public Texts {
        texts = List.copyOf(texts);
        classes = List.copyOf(classes);
        places = List.copyOf(places);
        if (labels.length != texts.size() || places.size() != texts.size()) {
            throw new DataException(
                    "%,d texts have %,d labels and %,d places".formatted(texts.size(), labels.length, places.size()));
        }
    }

    private static Texts of(List<String> texts, Labels labels, List<String> places) {
        return new Texts(texts, labels.names(), labels.numbers(), places);
    }

    /**
     * The whole of one file.
     *
     * @throws DataException if it cannot be read, is empty, or is no text in UTF-8; the message names file and line
     */
    public static String read(Path file) {
        return TextFile.read(file);
    }

    /**
     * A file with a line for each text: its label, a tab, and the text, as UCI's SMS Spam Collection has it. Quotes mean nothing;
     * blank lines are passed over.
     *
     * @throws DataException if the file cannot be read, a line lacks tab, label or text, or there are too many labels for
     *     classes; the message names file and line
     */
    public static Texts labelThenText(Path file) {
        return lines(file, true);
    }

    /**
     * The same with the text first, as UCI's Sentiment Labelled Sentences have it: a text, a tab, and its label behind the last
     * tab of the line.
     *
     * @throws DataException as {@link #labelThenText}
     */
    public static Texts textThenLabel(Path file) {
        return lines(file, false);
    }

    private static Texts lines(Path file, boolean labelFirst) {
        List<String> texts = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        List<String> places = new ArrayList<>();
        for (TextFile.Line line : TextFile.lines(TextFile.read(file))) {
            if (line.text().isBlank()) {
                continue;
            }
            String place = "%s, line %d".formatted(file, line.number());
            int tab = labelFirst ? line.text().indexOf('\t') : line.text().lastIndexOf('\t');
            if (tab < 0) {
                throw new DataException(
                        "%s: there is no tab between label and text: %s".formatted(place, Quote.text(line.text())));
            }
            String before = line.text().substring(0, tab).strip();
            String behind = line.text().substring(tab + 1).strip();
            if (before.isEmpty() || behind.isEmpty()) {
                throw new DataException("%s: the %s is empty; take the line out"
                        .formatted(place, before.isEmpty() == labelFirst ? "label" : "text"));
            }
            labels.add(labelFirst ? before : behind);
            texts.add(labelFirst ? behind : before);
            places.add(place);
        }
        if (texts.isEmpty()) {
            throw new DataException(file + " has only blank lines, a label, a tab and a text are needed in each");
        }
        return of(texts, Labels.ofColumn(file.toString(), labels), places);
    }

    /**
     * A folder with one folder for each class, and in it a file {@code .txt} for each text. Other files, and names that begin
     * with a point, are passed over; all come in the order of their names.
     *
     * @throws DataException if there are no such folders, one has no text, or a file cannot be read or is empty
     */
    public static Texts folder(Path root) {
        ClassFolders found = ClassFolders.in(root, ".txt");
        return of(
                found.files().stream().map(TextFile::read).toList(),
                Labels.of(found.classes()),
                found.files().stream().map(Path::toString).toList());
    }

    /**
     * The texts as sequences of a vocabulary's indices, with their classes.
     *
     * @throws DataException if a text has no token; the message names file and line
     */
    public Sequences encode(Vocabulary vocabulary) {
        List<int[]> tokens = texts.stream().map(vocabulary::encode).toList();
        return Sequences.ofTokens(tokens, vocabulary.size(), places::get).withClasses(new Labels(classes, labels));
    }
}
