package dev.weft.samples;

import picocli.CommandLine.Help.Ansi;

/**
 * What the program writes to.
 *
 * @param interactive whether output and error output are a terminal, as the launcher finds out
 * @param colors whether to colour: on a terminal, unless NO_COLOR is set to anything (no-color.org)
 */
public record Terminal(boolean interactive, boolean colors) {

    /** The one that this process was started in. */
    static Terminal current() {
        return of(Boolean.getBoolean("weft.terminal"), System.getenv("NO_COLOR"));
    }

    /** @param noColor the environment variable, or null */
    static Terminal of(boolean interactive, String noColor) {
        return new Terminal(interactive, interactive && (noColor == null || noColor.isEmpty()));
    }

    /** Characters of a line that the terminal does not break, as the launcher found it. */
    static int columns() {
        return Math.max(1, Integer.getInteger("weft.columns", 80) - 1);
    }

    Ansi ansi() {
        return colors ? Ansi.ON : Ansi.OFF;
    }

    /** The text in red where there are colours. */
    public String red(String text) {
        return paint("red", text);
    }

    /** The text in green where there are colours. */
    public String green(String text) {
        return paint("green", text);
    }

    /** The text in yellow where there are colours. */
    public String yellow(String text) {
        return paint("yellow", text);
    }

    private String paint(String style, String text) {
        return colors ? Ansi.Style.on(Ansi.Style.valueOf("fg_" + style)) + text + Ansi.Style.reset.on() : text;
    }
}
