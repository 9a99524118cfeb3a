package dev.weft.samples;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Shows the probabilities of an image's classes, each with a bar; the likeliest stands out where there are colours. */
final class PredictionDisplay {
    private static final int MAX_CELLS = 30;
    private static final String GREEN = "\u001b[1;32m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintWriter out;
    private final List<String> classes;
    private final boolean colours;
    private final String cell;

    PredictionDisplay(PrintWriter out, List<String> classes) {
        this(out, classes, Boolean.getBoolean("weft.terminal") && noColor().isEmpty(), unicode() ? "\u2588" : "#");
    }

    PredictionDisplay(PrintWriter out, List<String> classes, boolean colours, String cell) {
        this.out = out;
        this.classes = classes;
        this.colours = colours;
        this.cell = cell;
    }

    private static String noColor() {
        String value = System.getenv("NO_COLOR");
        return value == null ? "" : value;
    }

    private static boolean unicode() {
        return StandardCharsets.UTF_8.equals(Charset.forName(System.getProperty("native.encoding")));
    }

    void show(String image, float[] probabilities) {
        int best = Predictions.likeliest(probabilities);
        out.printf("%s: %s%n", image, coloured(classes.get(best)));
        int width = classes.stream().mapToInt(String::length).max().orElse(1);
        for (int i = 0; i < probabilities.length; i++) {
            String name = ("%" + width + "s").formatted(classes.get(i));
            String bar = cell.repeat(Math.round(MAX_CELLS * probabilities[i]));
            String line = "  %s  %6.2f %%  %s"
                    .formatted(name, 100 * probabilities[i], bar)
                    .stripTrailing();
            out.println(i == best ? coloured(line) : line);
        }
    }

    private String coloured(String text) {
        return colours ? GREEN + text + PLAIN : text;
    }
}
