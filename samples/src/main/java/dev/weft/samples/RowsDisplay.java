package dev.weft.samples;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Shows the classes of a table's rows as a table: the predicted class, the true one where it is known, and the probability of
 * each class, or of the likeliest alone where all do not fit on a line.
 */
final class RowsDisplay {
    private static final int MAX_NAME = 24;
    private static final int PERCENT_WIDTH = 8;

    private final PrintWriter out;
    private final Terminal terminal;
    private final List<String> classes;

    RowsDisplay(PrintWriter out, Terminal terminal, List<String> classes) {
        this.out = out;
        this.terminal = terminal;
        this.classes = classes;
    }

    /**
     * @param truth the class of each row, -1 where it is not known; null where none is
     */
    void show(float[][] probabilities, int[] truth) {
        int name = classes.stream().mapToInt(text -> cut(text).length()).max().orElse(0);
        int used = String.valueOf(probabilities.length).length() + 2 * (2 + Math.max(name, "predicted".length()));
        int all = classes.stream()
                .mapToInt(text -> 2 + Math.max(PERCENT_WIDTH, cut(text).length()))
                .sum();
        boolean showAll = used + all <= Terminal.columns();

        TextTable table = new TextTable().right("row").left("predicted");
        if (truth != null) {
            table.left("true");
        }
        if (showAll) {
            classes.forEach(text -> table.right(cut(text)));
        } else {
            table.right("probability");
        }
        int known = 0;
        int right = 0;
        for (int i = 0; i < probabilities.length; i++) {
            int best = Predictions.likeliest(probabilities[i]);
            boolean wrong = truth != null && truth[i] >= 0 && truth[i] != best;
            List<Object> cells = new ArrayList<>();
            cells.add((long) i + 1);
            cells.add(wrong ? terminal.red(cut(classes.get(best))) : cut(classes.get(best)));
            if (truth != null) {
                cells.add(truth[i] < 0 ? "" : cut(classes.get(truth[i])));
                known += truth[i] < 0 ? 0 : 1;
                right += truth[i] == best ? 1 : 0;
            }
            if (showAll) {
                for (float probability : probabilities[i]) {
                    cells.add(percent(probability));
                }
            } else {
                cells.add(percent(probabilities[i][best]));
            }
            table.row(cells.toArray());
        }
        table.print(out);
        if (known > 0) {
            out.printf("accuracy %.2f %%, %,d of %,d rows right%n", 100.0 * right / known, right, known);
        }
    }

    private static String percent(float probability) {
        return "%.2f %%".formatted(100 * probability);
    }

    private static String cut(String name) {
        return name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME - 3) + "...";
    }
}
