package dev.weft.data;

import dev.weft.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One long text as windows of T tokens, from which a network learns to say the next token: the features of a window are tokens
 * {@code s} to {@code s + T - 1}, its targets {@code s + 1} to {@code s + T}.
 *
 * <pre>{@code
 * String text = Texts.read(Path.of("shakespeare.txt"));
 * Vocabulary characters = Vocabulary.characters(List.of(text));
 * Columns data = TextWindows.separate(characters.encode(text), characters.size(), 64).columns();
 * }</pre>
 */
public final class TextWindows {
    private TextWindows() {}

    /**
     * Windows one after the other, each a sequence by itself. The last one may be shorter.
     *
     * @param tokens the whole text
     * @param vocabulary how many indices there are
     * @param steps T
     * @throws DataException if the text has fewer than two tokens, or an index is not within 0 to {@code vocabulary - 1}
     */
    public static Sequences separate(int[] tokens, int vocabulary, int steps) {
        require(tokens, steps, 1, 2);
        List<Integer> starts = new ArrayList<>();
        for (long start = 0; start + 1 < tokens.length; start += steps) {
            starts.add((int) start);
        }
        return windows(tokens, vocabulary, steps, starts);
    }

    /**
     * Windows of as many parts of the text as a batch has rows: row {@code n} of a batch continues row {@code n} of the batch
     * before. So a state that is carried from batch to batch is right, as long as the batches have this size and come in the
     * order of the rows, unshuffled. Tokens that fill no window of every row are left out, at the end of each part.
     *
     * @param tokens the whole text
     * @param vocabulary how many indices there are
     * @param steps T, of every window
     * @param batch how many rows a batch has
     * @throws DataException if the text has fewer than {@code batch T + 1} tokens, or an index is not within 0 to
     *     {@code vocabulary - 1}
     */
    public static Sequences continued(int[] tokens, int vocabulary, int steps, int batch) {
        require(tokens, steps, batch, Math.max(2, (long) steps * batch + 1));
        int part = (tokens.length - 1) / batch;
        List<Integer> starts = new ArrayList<>();
        for (int window = 0; window < part / steps; window++) {
            for (int row = 0; row < batch; row++) {
                starts.add(row * part + window * steps);
            }
        }
        return windows(tokens, vocabulary, steps, starts);
    }

    private static void require(int[] tokens, int steps, int batch, long least) {
        if (steps < 1 || batch < 1) {
            throw new DataException(
                    "windows have at least 1 step, and batches 1 row, got %d and %d".formatted(steps, batch));
        }
        if (tokens.length < least) {
            throw new DataException("a text of %,d tokens is too short for %s, which needs %,d"
                    .formatted(
                            tokens.length,
                            least == 2
                                    ? "a window and its next token"
                                    : "a batch of %,d windows of %,d tokens and the next one".formatted(batch, steps),
                            least));
        }
    }

    private static Sequences windows(int[] tokens, int vocabulary, int steps, List<Integer> starts) {
        List<int[]> features = new ArrayList<>();
        List<int[]> targets = new ArrayList<>();
        for (int start : starts) {
            int end = (int) Math.min((long) start + steps, tokens.length - 1L);
            features.add(Arrays.copyOfRange(tokens, start, end));
            targets.add(Arrays.copyOfRange(tokens, start + 1, end + 1));
        }
        return Sequences.ofTokens(features, vocabulary, i -> "the window from token " + starts.get(i))
                .withTargetTokens(targets, vocabulary);
    }
}
