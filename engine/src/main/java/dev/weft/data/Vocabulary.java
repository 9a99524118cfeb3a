package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import dev.weft.io.OutputFile;
import dev.weft.io.RecordJson;
import dev.weft.io.SafeTensors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The words or characters that a network knows, each with its index:
 *
 * <pre>{@code
 * Vocabulary vocabulary = Vocabulary.words(texts);
 * int[] tokens = vocabulary.encode("A word.");
 * model.save(file, vocabulary.metadata());                 // and back: Vocabulary.ofModel(file)
 * }</pre>
 *
 * <p>Index {@link #PADDING} stands behind a sequence's end and {@link #UNKNOWN} for what the vocabulary does not have. From 2 on come
 * the tokens, the most frequent ones first, equally frequent ones in the order of {@link String#compareTo}. So equal texts give
 * equal vocabularies. A file is JSON: {@code {"unit": "words", "lowerCase": true, "tokens": ["the", "a"]}}, whose first token has
 * index 2.
 */
public final class Vocabulary {
    /** The index behind the end of a sequence. */
    public static final int PADDING = 0;

    /** The index of every token that the vocabulary does not have. */
    public static final int UNKNOWN = 1;

    /** The largest vocabulary, with padding and the unknown token. */
    public static final int MAX_SIZE = 200_000;

    /** The most characters of a token; longer words are unknown. */
    public static final int MAX_TOKEN = 64;

    /** What {@link #decode} writes for {@link #UNKNOWN}: U+FFFD, the replacement character. */
    public static final String UNKNOWN_TEXT = "\ufffd";

    /** The name of {@link #metadata} in a model file. */
    private static final String KEY = "vocabulary";

    private static final int FIRST = 2;

    /** What a token is. */
    public enum Unit {
        /** Unicode's characters (code points), white space and line ends among them. */
        CHARACTERS,
        /**
         * Runs of letters and digits, with apostrophes between two of them ({@code don't}). White space separates words; every
         * other character is a token by itself.
         */
        WORDS
    }

    /**
     * What a file holds.
     *
     * @param tokens those from index 2 on
     */
    private record Saved(Unit unit, boolean lowerCase, List<String> tokens) {
        private Saved {
            if (tokens.isEmpty() || tokens.size() > MAX_SIZE - FIRST) {
                throw new DataException("a vocabulary has 1 to %,d tokens beside padding and the unknown one, got %,d"
                        .formatted(MAX_SIZE - FIRST, tokens.size()));
            }
        }
    }

    private final Saved saved;
    private final Map<String, Integer> indices = new HashMap<>();

    private Vocabulary(Saved saved) {
        this.saved = saved;
        for (String token : saved.tokens) {
            int index = FIRST + indices.size();
            Integer before = indices.put(token, index);
            if (before != null) {
                throw new DataException("token %s is there twice, with indices %d and %d; take one of them out"
                        .formatted(Quote.text(token), before, index));
            }
        }
    }

    /**
     * All words of some texts, in small letters.
     *
     * @throws DataException if there are none
     */
    public static Vocabulary words(Collection<String> texts) {
        return of(Unit.WORDS, true, texts, 1, MAX_SIZE);
    }

    /**
     * All characters of some texts, capitals and small letters apart.
     *
     * @throws DataException if there are none
     */
    public static Vocabulary characters(Collection<String> texts) {
        return of(Unit.CHARACTERS, false, texts, 1, MAX_SIZE);
    }

    /**
     * The frequent tokens of some texts.
     *
     * @param lowerCase whether capitals count as small letters
     * @param minCount how often a token has to occur, at least 1
     * @param maxSize of the whole vocabulary, with padding and the unknown token: 3 to {@link #MAX_SIZE}
     * @throws DataException if no token occurs as often, or a bound is none
     */
    public static Vocabulary of(Unit unit, boolean lowerCase, Collection<String> texts, int minCount, int maxSize) {
        if (minCount < 1 || maxSize <= FIRST || maxSize > MAX_SIZE) {
            throw new DataException(
                    "a vocabulary needs a minimum count of at least 1 and a size of 3 to %,d, got %d and %d"
                            .formatted(MAX_SIZE, minCount, maxSize));
        }
        Map<String, Integer> counts = new HashMap<>();
        texts.forEach(text -> split(unit, lowerCase, text, token -> counts.merge(token, 1, Integer::sum)));
        List<String> tokens = counts.entrySet().stream()
                .filter(e -> e.getValue() >= minCount && e.getKey().length() <= MAX_TOKEN)
                .sorted(Comparator.comparing((Map.Entry<String, Integer> e) -> -e.getValue())
                        .thenComparing(Map.Entry::getKey))
                .limit(maxSize - FIRST)
                .map(Map.Entry::getKey)
                .toList();
        if (tokens.isEmpty()) {
            throw new DataException(
                    counts.isEmpty()
                            ? "a vocabulary cannot be made of %,d texts without any %s"
                                    .formatted(texts.size(), name(unit))
                            : "none of the %,d different %s occurs %,d times; lower the minimum count"
                                    .formatted(counts.size(), name(unit), minCount));
        }
        return new Vocabulary(new Saved(unit, lowerCase, tokens));
    }

    /** What a token is. */
    public Unit unit() {
        return saved.unit;
    }

    /** Whether capitals count as small letters. */
    public boolean lowerCase() {
        return saved.lowerCase;
    }

    /** The number of indices, padding and the unknown token among them: what an embedding has rows for. */
    public int size() {
        return FIRST + saved.tokens.size();
    }

    /** The index of a token as {@link #encode} splits them off, or {@link #UNKNOWN}. */
    public int index(String token) {
        return indices.getOrDefault(token, UNKNOWN);
    }

    /**
     * The text of an index: empty for {@link #PADDING}, {@link #UNKNOWN_TEXT} for {@link #UNKNOWN}.
     *
     * @throws DataException if it is not within 0 to {@code size - 1}
     */
    public String token(int index) {
        if (index < 0 || index >= size()) {
            throw new DataException("index %d is not in a vocabulary of %d".formatted(index, size()));
        }
        return index >= FIRST ? saved.tokens.get(index - FIRST) : index == UNKNOWN ? UNKNOWN_TEXT : "";
    }

    /** The indices of a text's tokens, in its order; none for a text without any. */
    public int[] encode(String text) {
        int[][] all = {new int[Math.max(16, text.length() / 4)]};
        int[] count = {0};
        split(saved.unit, saved.lowerCase, text, token -> {
            if (count[0] == all[0].length) {
                all[0] = Arrays.copyOf(all[0], 2 * count[0]);
            }
            all[0][count[0]++] = index(token);
        });
        return Arrays.copyOf(all[0], count[0]);
    }

    /**
     * The text of some indices: characters one after the other, words with a blank between them. Padding is left out.
     *
     * @throws DataException as {@link #token}; the message says where the index stands
     */
    public String decode(int... indices) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= size()) {
                throw new DataException(
                        "index %d at place %d is not in a vocabulary of %d".formatted(indices[i], i, size()));
            }
            if (indices[i] != PADDING) {
                text.append(saved.unit == Unit.WORDS && text.length() > 0 ? " " : "")
                        .append(token(indices[i]));
            }
        }
        return text.toString();
    }

    private static String name(Unit unit) {
        return unit.name().toLowerCase(Locale.ROOT);
    }

    // ---------------------------------------------------------------- tokens of a text

    private static void split(Unit unit, boolean lowerCase, String text, Consumer<String> to) {
        String all = lowerCase ? text.toLowerCase(Locale.ROOT) : text;
        int at = 0;
        while (at < all.length()) {
            int end = unit == Unit.WORDS ? endOfWord(all, at) : at;
            if (end > at) {
                to.accept(all.substring(at, end));
                at = end;
                continue;
            }
            int c = all.codePointAt(at);
            at += Character.charCount(c);
            if (unit == Unit.CHARACTERS || !isBlank(c)) {
                // half of a character cannot be written to a file
                boolean half = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
                to.accept(half ? UNKNOWN_TEXT : Character.toString(c));
            }
        }
    }

    /** Where the word ends that begins at {@code from}; there itself if none does. */
    private static int endOfWord(String text, int from) {
        int at = from;
        while (at < text.length()) {
            int c = text.codePointAt(at);
            boolean within =
                    isApostrophe(c) && at > from && at + 1 < text.length() && isOfWord(text.codePointAt(at + 1));
            if (!within && !isOfWord(c)) {
                break;
            }
            at += Character.charCount(c);
        }
        return at;
    }

    private static boolean isOfWord(int c) {
        int type = Character.getType(c);
        return Character.isLetterOrDigit(c)
                || type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK;
    }

    private static boolean isApostrophe(int c) {
        return c == '\'' || c == '\u2019';
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }

    // ---------------------------------------------------------------- files

    /** The vocabulary as JSON, on one line. */
    public String toJson() {
        return RecordJson.write(saved);
    }

    /**
     * A vocabulary as {@link #toJson} writes it.
     *
     * @param source what errors call the text, a file's name for example
     * @throws DataException if it is no JSON, has other members, or a token that is there twice or that no text can have; the
     *     message tells the place
     */
    public static Vocabulary parse(String source, String json) {
        Saved saved = RecordJson.read(source, json, Saved.class);
        try {
            List<String> found = new ArrayList<>();
            for (String token : saved.tokens) {
                found.clear();
                split(saved.unit, saved.lowerCase, token, found::add);
                if (token.length() > MAX_TOKEN || !found.equals(List.of(token))) {
                    throw new DataException("%s is none of a text's %s%s"
                            .formatted(
                                    Quote.text(token),
                                    name(saved.unit),
                                    saved.lowerCase ? ", which are in small letters" : ""));
                }
            }
            return new Vocabulary(saved);
        } catch (DataException e) {
            throw new DataException("%s: tokens: %s".formatted(source, e.getMessage()), e);
        }
    }

    /**
     * Writes the vocabulary to a file of its own, as JSON.
     *
     * @throws DataException if it cannot be written
     */
    public void write(Path file) {
        OutputFile.write(file, (toJson() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads a file that {@link #write} has written.
     *
     * @throws DataException if it cannot be read, or as {@link #parse}
     */
    public static Vocabulary read(Path file) {
        return parse(file.toString(), TextFile.read(file));
    }

    /** What {@code Model.save(file, metadata)} takes to have the vocabulary in the model's file. */
    public Map<String, String> metadata() {
        return Map.of(KEY, toJson());
    }

    /**
     * The vocabulary in a model's file.
     *
     * @throws DataException if the file cannot be read or was saved without one, or as {@link #parse}
     */
    public static Vocabulary ofModel(Path file) {
        String json = SafeTensors.metadata(file).get(KEY);
        if (json == null) {
            throw new DataException(
                    file + " holds no vocabulary; save the model with it: model.save(file, vocabulary.metadata())");
        }
        return parse(file + " (vocabulary)", json);
    }

    @Override
    public String toString() {
        return "vocabulary of %,d %s".formatted(size(), name(saved.unit));
    }
}
