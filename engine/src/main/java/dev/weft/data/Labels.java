package dev.weft.data;

import dev.weft.DataException;
import dev.weft.Quote;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The classes of sequences, which files name.
 *
 * @param names sorted, as numbers if all are
 * @param numbers the class of each sequence
 */
record Labels(List<String> names, int[] numbers) {
    private static final int MAX_CLASSES = 10_000;
    private static final int FEW = 10;
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,15}(\\.\\d{1,15})?");

    /**
     * Finds the classes in a column of labels.
     *
     * @param source for messages, where the texts stand
     * @throws DataException if there are so many different ones that they are no classes
     */
    static Labels ofColumn(String source, List<String> texts) {
        Labels labels = of(texts);
        int classes = labels.names.size();
        if (classes > MAX_CLASSES || classes > FEW && 2L * classes > texts.size()) {
            throw new DataException(
                    "%s: %,d sequences have %,d different labels, such as %s, too many for classes; is another column the label?"
                            .formatted(source, texts.size(), classes, Quote.text(texts.get(0))));
        }
        return labels;
    }

    /** The classes of these names, one for each sequence. */
    static Labels of(List<String> texts) {
        boolean numbers = texts.stream().allMatch(text -> NUMBER.matcher(text).matches());
        Comparator<String> byText = Comparator.naturalOrder();
        TreeSet<String> sorted = new TreeSet<>(
                numbers ? Comparator.comparingDouble(Double::parseDouble).thenComparing(byText) : byText);
        sorted.addAll(texts);
        Map<String, Integer> places = new HashMap<>();
        sorted.forEach(name -> places.put(name, places.size()));
        return new Labels(
                List.copyOf(sorted), texts.stream().mapToInt(places::get).toArray());
    }
}
