package dev.weft.samples;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A table of plain text: columns as wide as their widest cell, numbers to the right. */
public final class TextTable {
    private static final String GAP = "  ";

    private final List<String> heads = new ArrayList<>();
    private final List<Boolean> right = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /** Adds a column of text. */
    public TextTable left(String head) {
        heads.add(head);
        right.add(false);
        return this;
    }

    /** Adds a column of numbers. */
    public TextTable right(String head) {
        heads.add(head);
        right.add(true);
        return this;
    }

    /** Adds a row; whole numbers get thousands separators. */
    public TextTable row(Object... cells) {
        if (cells.length != heads.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + heads.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(cell instanceof Long number ? "%,d".formatted(number) : String.valueOf(cell));
        }
        rows.add(row);
        return this;
    }

    /** Adds a line across all columns. */
    public TextTable line() {
        rows.add(List.of());
        return this;
    }

    /** Prints heads, if there are any, and rows. */
    public void print(PrintWriter out) {
        int[] widths = new int[heads.size()];
        List<List<String>> all = new ArrayList<>(rows);
        if (heads.stream().anyMatch(head -> !head.isEmpty())) {
            all.add(0, heads);
        }
        for (List<String> row : all) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], visible(row.get(i)));
            }
        }
        for (List<String> row : all) {
            out.println(row.isEmpty() ? line(widths) : text(row, widths));
        }
    }

    private String text(List<String> row, int[] widths) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            String padding = " ".repeat(widths[i] - visible(row.get(i)));
            text.append(i == 0 ? "" : GAP);
            text.append(right.get(i) ? padding + row.get(i) : row.get(i) + padding);
        }
        return text.toString().stripTrailing();
    }

    private static String line(int[] widths) {
        int width = GAP.length() * (widths.length - 1);
        for (int column : widths) {
            width += column;
        }
        return "-".repeat(width);
    }

    /** Length without the escape sequences of colours. */
    private static int visible(String cell) {
        return cell.replaceAll("\u001b\\[[0-9;]*m", "").length();
    }
}
