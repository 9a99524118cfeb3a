package dev.weft.samples.bench;

import static dev.weft.samples.RunPage.escape;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A plot with logarithmic axes as inline SVG. It is drawn 400 wide, so that its letters can be read on a phone, and scales
 * up from there. Series differ in dashes and marks as well as in colour, for print.
 */
final class Chart {
    private static final int WIDTH = 400;
    private static final int LEFT = 60;
    private static final int RIGHT = 388;
    private static final int TOP = 12;
    private static final int BOTTOM = 232;
    private static final int LEGEND = 286;
    private static final int LEGEND_LINE = 19;

    static final List<String> COLOURS = List.of("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#b3261e", "#59636e");
    private static final List<String> DASHES = List.of("", "7 4", "2 3", "9 3 2 3", "4 2", "1 4");

    private final String label;
    private final String xTitle;
    private final String yTitle;
    private final List<Series> series = new ArrayList<>();
    private List<Double> xTicks;
    private Double horizontal;

    /**
     * One line, or points alone.
     *
     * @param colour number of its colour, dashes and marks
     * @param low lower ends of a band around the line; null for none
     * @param line whether points are joined
     */
    private record Series(
            String name,
            int colour,
            double[] x,
            double[] y,
            double[] low,
            double[] high,
            boolean line,
            boolean marks) {}

    /** @param label what the plot shows, for those who do not see it */
    Chart(String label, String xTitle, String yTitle) {
        this.label = label;
        this.xTitle = xTitle;
        this.yTitle = yTitle;
    }

    /** Ticks at these places alone. */
    Chart ticksAt(List<Double> x) {
        xTicks = x;
        return this;
    }

    /** A line across at this height. */
    Chart horizontal(double y) {
        horizontal = y;
        return this;
    }

    /** @param low null where there is no band */
    Chart line(String name, int colour, double[] x, double[] y, double[] low, double[] high) {
        series.add(new Series(name, colour, x, y, low, high, true, true));
        return this;
    }

    /** A line without marks and without an entry of its own in the legend. */
    Chart roof(int colour, double[] x, double[] y) {
        series.add(new Series(null, colour, x, y, null, null, true, false));
        return this;
    }

    Chart points(String name, int colour, double[] x, double[] y) {
        series.add(new Series(name, colour, x, y, null, null, false, true));
        return this;
    }

    String svg() {
        Axis x = Axis.over(LEFT, RIGHT, values(Series::x), 0.04);
        List<double[]> heights = values(Series::y);
        heights.addAll(values(Series::low));
        heights.addAll(values(Series::high));
        if (horizontal != null) {
            heights.add(new double[] {horizontal});
        }
        Axis y = Axis.over(BOTTOM, TOP, heights, 0.08);
        List<Series> named = series.stream().filter(s -> s.name != null).toList();
        StringBuilder svg = new StringBuilder();
        svg.append(format(
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
                WIDTH, LEGEND + LEGEND_LINE * (named.size() - 1) + 10, escape(label)));
        axes(svg, x, y);
        series.forEach(s -> band(svg, s, x, y));
        series.forEach(s -> curve(svg, s, x, y));
        for (int i = 0; i < named.size(); i++) {
            legend(svg, named.get(i), LEGEND + LEGEND_LINE * i);
        }
        return svg.append("</svg>\n").toString();
    }

    private List<double[]> values(java.util.function.Function<Series, double[]> of) {
        List<double[]> values = new ArrayList<>();
        series.stream().map(of).filter(java.util.Objects::nonNull).forEach(values::add);
        return values;
    }

    private void axes(StringBuilder svg, Axis x, Axis y) {
        double last = Double.NEGATIVE_INFINITY;
        for (double tick : xTicks == null ? x.ticks() : xTicks) {
            double at = x.at(tick);
            svg.append(format("<path d=\"M%.1f %dV%d\" class=\"grid\"/>%n", at, TOP, BOTTOM));
            String text = tick(tick);
            if (at - last > 8 * text.length() + 4) {
                svg.append(format("<text x=\"%.1f\" y=\"%d\" class=\"middle\">%s</text>%n", at, BOTTOM + 16, text));
                last = at;
            }
        }
        for (double tick : y.ticks()) {
            svg.append(format("<path d=\"M%d %.1fH%d\" class=\"grid\"/>%n", LEFT, y.at(tick), RIGHT));
            svg.append(format(
                    "<text x=\"%d\" y=\"%.1f\" class=\"end\">%s</text>%n", LEFT - 6, y.at(tick) + 4, tick(tick)));
        }
        if (horizontal != null) {
            svg.append(format("<path d=\"M%d %.1fH%d\" class=\"level\"/>%n", LEFT, y.at(horizontal), RIGHT));
        }
        svg.append(format(
                "<text x=\"%d\" y=\"%d\" class=\"middle title\">%s</text>%n",
                (LEFT + RIGHT) / 2, BOTTOM + 33, escape(xTitle)));
        svg.append(format(
                "<text transform=\"translate(11 %d) rotate(-90)\" class=\"middle title\">%s</text>%n",
                (TOP + BOTTOM) / 2, escape(yTitle)));
    }

    private static void band(StringBuilder svg, Series s, Axis x, Axis y) {
        if (s.low == null || s.x.length < 2) {
            return;
        }
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < s.x.length; i++) {
            path.append(format("%s%.1f %.1f", i == 0 ? "M" : "L", x.at(s.x[i]), y.at(s.high[i])));
        }
        for (int i = s.x.length - 1; i >= 0; i--) {
            path.append(format("L%.1f %.1f", x.at(s.x[i]), y.at(s.low[i])));
        }
        svg.append(format("<path d=\"%sZ\" fill=\"%s\" fill-opacity=\".18\"/>%n", path, colour(s)));
    }

    private static void curve(StringBuilder svg, Series s, Axis x, Axis y) {
        if (s.line && s.x.length > 1) {
            StringBuilder path = new StringBuilder();
            for (int i = 0; i < s.x.length; i++) {
                path.append(format("%s%.1f %.1f", i == 0 ? "M" : "L", x.at(s.x[i]), y.at(s.y[i])));
            }
            svg.append(format(
                    "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>%n",
                    path, colour(s), DASHES.get(s.colour % DASHES.size())));
        }
        for (int i = 0; s.marks && i < s.x.length; i++) {
            svg.append(mark(s, x.at(s.x[i]), y.at(s.y[i])));
        }
    }

    /** Circle, square, triangle or diamond. */
    private static String mark(Series s, double x, double y) {
        String path = switch (s.colour % 4) {
            case 0 -> format("M%.1f %.1fm-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0", x, y);
            case 1 -> format("M%.1f %.1fm-3.4 -3.4h6.8v6.8h-6.8z", x, y);
            case 2 -> format("M%.1f %.1fm0 -4.4l4.2 7.4h-8.4z", x, y);
            default -> format("M%.1f %.1fm0 -4.6l4.6 4.6l-4.6 4.6l-4.6 -4.6z", x, y);
        };
        return format("<path d=\"%s\" fill=\"%s\"%s/>%n", path, colour(s), s.line ? "" : " fill-opacity=\".75\"");
    }

    private static void legend(StringBuilder svg, Series s, int y) {
        if (s.line) {
            svg.append(format(
                    "<path d=\"M%d %dh34\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>%n",
                    LEFT, y, colour(s), DASHES.get(s.colour % DASHES.size())));
        }
        svg.append(mark(s, LEFT + 17, y));
        svg.append(format("<text x=\"%d\" y=\"%d\">%s</text>%n", LEFT + 42, y + 4, escape(s.name)));
    }

    private static String colour(Series s) {
        return COLOURS.get(s.colour % COLOURS.size());
    }

    /** For example {@code 0.05}, {@code 20}, {@code 5k}, {@code 1M}. */
    private static String tick(double value) {
        if (value >= 1e6) {
            return plain(value / 1e6) + "M";
        }
        return value >= 10_000 ? plain(value / 1000) + "k" : plain(value);
    }

    private static String plain(double value) {
        return java.math.BigDecimal.valueOf(value)
                .round(new java.math.MathContext(4))
                .stripTrailingZeros()
                .toPlainString();
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    /**
     * A logarithmic scale.
     *
     * @param from pixel of {@code low}
     */
    private record Axis(double from, double to, double low, double high) {
        /** @param margin at both ends, as a share of the axis */
        static Axis over(double from, double to, List<double[]> values, double margin) {
            double low = Double.POSITIVE_INFINITY;
            double high = 0;
            for (double[] row : values) {
                for (double value : row) {
                    low = Math.min(low, value);
                    high = Math.max(high, value);
                }
            }
            // equal values need a range, too
            double range = Math.max(Math.log(high / low), Math.log(2));
            double room = Math.exp(margin * range);
            double middle = Math.sqrt(low * high);
            double half = Math.exp(range / 2);
            return new Axis(from, to, middle / half / room, middle * half * room);
        }

        double at(double value) {
            return from + (to - from) * Math.log(value / low) / Math.log(high / low);
        }

        /** At 1, 2 and 5 of each decade, or fewer where there are many decades. */
        List<Double> ticks() {
            double decades = Math.log10(high / low);
            int[] steps = decades > 5 ? new int[] {1} : decades > 3 ? new int[] {1, 3} : new int[] {1, 2, 5};
            int every = decades > 10 ? 2 : 1;
            List<Double> ticks = new ArrayList<>();
            for (int decade = (int) Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
                for (int step : steps) {
                    double tick = step * Math.pow(10, decade);
                    if (tick >= low && tick <= high && Math.floorMod(decade, every) == 0) {
                        ticks.add(tick);
                    }
                }
            }
            return ticks;
        }
    }
}
