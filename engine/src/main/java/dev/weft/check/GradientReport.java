package dev.weft.check;

import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Locale;

/**
 * How the gradients of a network's parameters differ from finite differences.
 *
 * @param entries one for each parameter
 */
public record GradientReport(List<Entry> entries) {
    /**
     * What a quotient may be off, as a share of the parameter's largest gradient: what central differences leave out and
     * what rounding takes from them is of the order of 1e-10 for a loss of about 1; a wrong rule is off by the gradient.
     */
    public static final double TOLERANCE = 1e-7;

    public GradientReport {
        entries = List.copyOf(entries);
    }

    /**
     * The gradients of one parameter.
     *
     * @param compared how many elements were compared
     * @param kinks how many were passed over because a kink lies within the step
     * @param scale the largest absolute value of the parameter's gradient
     * @param worst the element that differs most, in row-major order; -1 if none was compared
     * @param gradient its gradient
     * @param quotient what finite differences give for it
     */
    public record Entry(
            String name,
            TensorRef parameter,
            int compared,
            int kinks,
            double scale,
            int worst,
            double gradient,
            double quotient) {

        /** The largest difference, as a share of {@link #scale}; NaN if nothing was compared or nothing is to compare with. */
        public double error() {
            return Math.abs(gradient - quotient) / scale;
        }

        /** Whether elements were compared, and all of them are equal within the tolerance. */
        public boolean equal() {
            return error() <= TOLERANCE;
        }
    }

    /** Whether all gradients agree with finite differences; not so where none could be compared. */
    public boolean passed() {
        return !entries.isEmpty() && entries.stream().allMatch(Entry::equal);
    }

    /** A table, and in the last line whether the gradients agree. */
    @Override
    public String toString() {
        int width = entries.stream().mapToInt(e -> e.name().length()).max().orElse(0);
        String names = "%-" + Math.max("parameter".length(), width) + "s";
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                names + "  %8s %6s %11s %13s %13s %9s%n",
                "parameter",
                "compared",
                "kinks",
                "largest",
                "gradient",
                "difference",
                "error"));
        for (Entry e : entries) {
            text.append(String.format(
                    Locale.ROOT,
                    names + "  %8d %6d %11.3e %13.6e %13.6e %9.1e%s%n",
                    e.name(),
                    e.compared(),
                    e.kinks(),
                    e.scale(),
                    e.gradient(),
                    e.quotient(),
                    e.error(),
                    e.equal() ? "" : "  <- differs"));
        }
        long wrong = entries.stream().filter(e -> !e.equal()).count();
        return text.append(
                        wrong == 0 && passed()
                                ? "finite differences: the gradients of all %d parameters agree"
                                        .formatted(entries.size())
                                : "finite differences: the gradients of %d of %d parameters differ"
                                        .formatted(wrong, entries.size()))
                .toString();
    }
}
