package dev.weft.check;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a candidate differs from the reference, op by op.
 *
 * @param program the program's name
 * @param differences one for each output of each op, in the order of the program; equal ones too
 */
public record CheckReport(String program, List<Difference> differences) {
    public CheckReport {
        differences = List.copyOf(differences);
    }

    /** Whether every output of every op is within its tolerance. */
    public boolean passed() {
        return first().isEmpty();
    }

    /** The first output that is not. */
    public Optional<Difference> first() {
        return differences.stream().filter(d -> !d.equal()).findFirst();
    }

    /**
     * The report as a table: op, layer, output, maximal absolute, relative and scaled error, allowed scaled error; the
     * first op that differs in full in the last line.
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        int layer = width("layer", differences.stream().map(d -> d.op().layer()).toList());
        int op = width("op", differences.stream().map(d -> d.op().name()).toList());
        int output = width(
                "output", differences.stream().map(d -> d.tensor().toString()).toList());
        String names = "%3s  %-" + layer + "s  %-" + op + "s  %-" + output + "s";
        text.append(String.format(
                Locale.ROOT,
                names + "  %9s %9s %9s %8s%n",
                "",
                "layer",
                "op",
                "output",
                "absolute",
                "relative",
                "scaled",
                "allowed"));
        for (Difference d : differences) {
            text.append(String.format(
                    Locale.ROOT,
                    names + "  %9.2e %9.2e %9.3g %8.3g%s%n",
                    d.index(),
                    d.op().layer(),
                    d.op().name(),
                    d.tensor(),
                    d.maxAbsolute(),
                    d.maxRelative(),
                    d.maxScaled(),
                    d.allowed(),
                    d.equal() ? "" : "  <- differs"));
        }
        text.append(program)
                .append(first().map(d -> " differs first at " + d)
                        .orElse(": all %d outputs are equal".formatted(differences.size())));
        return text.toString();
    }

    private static int width(String title, List<String> values) {
        return Math.max(
                title.length(), values.stream().mapToInt(String::length).max().orElse(0));
    }
}
