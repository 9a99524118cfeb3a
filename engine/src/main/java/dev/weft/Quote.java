package dev.weft;

import java.util.List;
import java.util.stream.Collectors;

/** Text of files and people as messages quote it: on one line, and never longer than a person reads. */
public final class Quote {
    private static final int MAX_TEXT = 60;
    private static final int MAX_NAMES = 8;
    private static final int MAX_NAME = 30;

    private Quote() {}

    /** The text between single quotes, for example {@code 'abc'}; of a long one the start and its length. */
    public static String text(String text) {
        return text.length() <= MAX_TEXT
                ? "'" + visible(text) + "'"
                : "'%s...' (%,d characters)".formatted(visible(text.substring(0, MAX_TEXT)), text.length());
    }

    /** The names with commas between them, for example {@code a, b, c}; of many the first ones and how many there are. */
    public static String names(List<String> names) {
        String first = names.stream()
                .limit(MAX_NAMES)
                .map(name -> name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "...")
                .map(Quote::visible)
                .collect(Collectors.joining(", "));
        return names.size() <= MAX_NAMES ? first : "%s and %,d more".formatted(first, names.size() - MAX_NAMES);
    }

    /** Line ends and other characters that steer a terminal become blanks. */
    private static String visible(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ");
    }
}
