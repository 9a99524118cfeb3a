package dev.weft.samples.bench;

import static dev.weft.samples.RunPage.escape;

import dev.weft.samples.RunPage;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import dev.weft.samples.bench.Measurement.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A benchmark as one page without scripts or other files: to be sent alone, read on a phone, printed. */
final class BenchPage {
    private static final String STYLE = RunPage.STYLE + """
            svg { display: block; width: 100%; max-width: 44rem; height: auto; margin: 0 auto;
              font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2328; }
            svg .grid { stroke: #d1d9e0; stroke-width: 1; fill: none; }
            svg .level { stroke: #1f2328; stroke-width: 1.5; fill: none; }
            svg .middle { text-anchor: middle; }
            svg .end { text-anchor: end; }
            svg .title { fill: #59636e; }
            .benchmark { margin-top: 1.75rem; }
            .verdicts { margin: 0; padding-left: 1.2rem; }
            .verdicts li { margin: .3rem 0; }
            .values { font-size: .9rem; }
            .values th, .values td { white-space: nowrap; }
            .values th:nth-child(2), .values td:nth-child(2) { text-align: left; }
            .kernels th:first-child, .kernels td:first-child { text-align: left; white-space: normal; min-width: 11rem; }
            .kernels th:nth-child(2), .kernels td:nth-child(2) { text-align: right; }
            td.faster { color: #1a7f37; font-weight: 600; }
            td.slower { color: #b3261e; font-weight: 600; }
            td.none { color: #7d4e00; text-align: left; }
            details { border: 1px solid #d1d9e0; border-radius: .5rem; padding: .6rem 1rem; margin-top: 1rem; }
            summary { cursor: pointer; font-weight: 600; }
            .page { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); margin-top: 1.25rem; }
            @media (max-width: 40rem) {
              .values thead { display: none; }
              .values, .values tbody, .values tr { display: block; }
              .values tr { padding: .4rem 0; border-bottom: 1px solid #d1d9e0; }
              .values tr td { display: flex; justify-content: space-between; gap: 1rem; padding: 0; border: 0;
                white-space: normal; text-align: right; }
              .values td::before { content: attr(data-name); color: #59636e; font-weight: 400; text-align: left; }
              details { padding: .5rem; }
            }
            @media print {
              .values { font-size: 7pt; }
              .values th, .values td { padding: .15rem .3rem; }
              .wide { overflow: visible; }
              section.wide { break-inside: auto; }
              tr { break-inside: avoid; }
              details:not([open]) { display: none; }
              .benchmark { break-before: auto; break-after: avoid; }
            }
            """;

    /** The columns of times, after the one of the size. */
    private static final List<String> COLUMNS = List.of(
            "side", "n", "median", "half of the values", "95\u00a0% of the median", "rate", "of peak", "times as fast");

    private static final List<String> KERNEL_COLUMNS =
            List.of("kernel", "warm cache", "cold cache", "GFLOP/s", "GB/s", "of peak");

    private final BenchFile file;
    private final StringBuilder html = new StringBuilder();

    private BenchPage(BenchFile file) {
        this.file = file;
    }

    static String html(BenchFile file) {
        return new BenchPage(file).page();
    }

    private String page() {
        Map<String, List<CaseRecord>> benchmarks = Verdicts.byBenchmark(file);
        String title = "Benchmark: "
                + file.cases().stream()
                        .map(next -> next.benchmark().replaceFirst(", end to end$", ""))
                        .distinct()
                        .collect(Collectors.joining(", "));
        Environment machine = file.environment();
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n".formatted(escape(title), STYLE))
                .append("<h1>%s</h1>\n".formatted(escape(title)))
                .append("<p>Measured with Weft %s on %s, %d cores, %s</p>\n"
                        .formatted(
                                escape(machine.weft()),
                                escape(machine.cpu()),
                                machine.cores(),
                                escape(file.created().substring(0, 16).replace('T', ' '))))
                .append("<div class=\"page\">\n");
        verdicts();
        html.append("</div>\n");
        benchmarks.forEach(this::benchmark);
        html.append("<h2 class=\"benchmark\">How it was measured</h2>\n<div class=\"page\">\n");
        sides();
        method();
        environment();
        html.append("</div>\n</body>\n</html>\n");
        return html.toString();
    }

    private void verdicts() {
        html.append("<section>\n<h2>In words</h2>\n<ul class=\"verdicts\">\n");
        for (SideRecord side : file.sides()) {
            if (side.emulated()) {
                html.append("<li>%s runs on an emulated device: its results are checked, its times mean nothing.</li>\n"
                        .formatted(escape(side.id())));
            }
        }
        file.verdicts().forEach(text -> html.append("<li>%s</li>\n".formatted(escape(text))));
        html.append("</ul>\n<p>Numbers in brackets say how many times as fast.</p>\n</section>\n");
    }

    private void benchmark(String name, List<CaseRecord> cases) {
        html.append("<h2 class=\"benchmark\">%s</h2>\n<div class=\"grid\">\n".formatted(escape(name)));
        BenchCharts charts = new BenchCharts(file, name, cases);
        figure(charts.throughput(), "Medians; the bands hold them with 95 % confidence. More is better.");
        figure(
                charts.speedUp(),
                "Above the line a side is faster than %s, below it is slower. The bands are intervals of 95 %% confidence."
                        .formatted(file.sides().get(0).id()));
        figure(
                charts.roofline(),
                "Each mark is a product or convolution, in a warm cache; the lines are what the measured peaks of"
                        + " arithmetic and of copying memory allow. Work that fits into a cache may lie above the slope.");
        html.append("</div>\n<div class=\"page\">\n");
        table(cases);
        cases.forEach(this::kernels);
        html.append("</div>\n");
    }

    private void figure(Optional<String> svg, String caption) {
        svg.ifPresent(picture ->
                html.append("<figure>%s<figcaption>%s</figcaption></figure>\n".formatted(picture, escape(caption))));
    }

    private void table(List<CaseRecord> cases) {
        html.append("<section class=\"wide\">\n<table class=\"values\">\n<thead><tr>");
        head(cases.get(0).sweep());
        COLUMNS.forEach(this::head);
        html.append("</tr></thead>\n<tbody>\n");
        for (CaseRecord next : cases) {
            for (SideRecord side : file.sides()) {
                Verdicts.whole(next, side.id()).ifPresent(m -> row(next, side, m));
            }
        }
        html.append("</tbody>\n</table>\n");
        for (Measurement m : cases.get(0).measurements()) {
            if (m.kind() == Kind.TIME_TO_ACCURACY) {
                html.append("<p>%s: %s</p>\n".formatted(escape(m.side()), escape(m.stage())));
            }
        }
        html.append("</section>\n");
    }

    private void row(CaseRecord measured, SideRecord side, Measurement m) {
        html.append("<tr>");
        cell(measured.sweep(), String.valueOf(measured.size()));
        if (!m.measured()) {
            cell(COLUMNS.get(0), side.id());
            html.append("<td colspan=\"7\" class=\"none\">%s</td></tr>\n".formatted(escape(Figures.notMeasured(m))));
            return;
        }
        Summary s = m.summary();
        List<String> values = List.of(
                side.id(),
                String.valueOf(s.n()),
                Figures.time(s.median()),
                Figures.range(s.lowerQuartile(), s.upperQuartile()),
                Figures.interval(s),
                Figures.rate(m),
                Figures.shareOfPeak(m, side));
        cells(COLUMNS, values);
        Optional<Ratio> ratio = Verdicts.ratio(file, measured, side.id());
        String colour = ratio.map(r -> switch (Verdicts.verdict(file, r)) {
                    case FASTER -> " class=\"faster\"";
                    case SLOWER -> " class=\"slower\"";
                    case LEVEL, NONE -> "";
                })
                .orElse("");
        html.append("<td%s data-name=\"%s\">%s</td></tr>\n"
                .formatted(
                        colour,
                        COLUMNS.get(values.size()),
                        ratio.map(Object::toString).orElse("")));
    }

    private void head(String name) {
        html.append("<th>%s</th>".formatted(escape(name)));
    }

    /** A value under the name of its column, which a narrow screen shows beside it. */
    private void cell(String name, String text) {
        html.append("<td data-name=\"%s\">%s</td>".formatted(escape(name), escape(text)));
    }

    private void cells(List<String> names, List<String> values) {
        for (int i = 0; i < values.size(); i++) {
            cell(names.get(i), values.get(i));
        }
    }

    private void kernels(CaseRecord measured) {
        for (SideRecord side : file.sides()) {
            List<Measurement> warm = of(measured, side, Kind.KERNEL_WARM);
            List<Measurement> cold = of(measured, side, Kind.KERNEL_COLD);
            if (warm.isEmpty()) {
                continue;
            }
            html.append("<details>\n<summary>Kernels of %s at %s %d</summary>\n<div class=\"wide\">\n"
                            .formatted(escape(side.id()), escape(measured.sweep()), measured.size()))
                    .append("<table class=\"values kernels\">\n<thead><tr>");
            KERNEL_COLUMNS.forEach(this::head);
            html.append("</tr></thead>\n<tbody>\n");
            for (int i = 0; i < warm.size(); i++) {
                Measurement m = warm.get(i);
                html.append("<tr>");
                cells(
                        KERNEL_COLUMNS,
                        List.of(
                                m.stage(),
                                Figures.time(m.summary().median()),
                                Figures.time(cold.get(i).summary().median()),
                                Figures.gigaflops(m),
                                Figures.gigabytes(m),
                                Figures.shareOfPeak(m, side)));
                html.append("</tr>\n");
            }
            html.append("</tbody>\n</table>\n</div>\n</details>\n");
        }
    }

    private static List<Measurement> of(CaseRecord measured, SideRecord side, Kind kind) {
        return measured.measurements().stream()
                .filter(m -> m.kind() == kind && m.side().equals(side.id()) && m.measured())
                .toList();
    }

    private void sides() {
        Map<String, String> rows = new LinkedHashMap<>();
        for (SideRecord side : file.sides()) {
            String peak = side.peak() == null
                    ? side.emulated() ? "no peak: not measured (" + Bench.EMULATED + ")" : "peak not known"
                    : "peak %s GFLOP/s and %s GB/s, measured by %s"
                            .formatted(
                                    Figures.digits(side.peak().flopsPerSecond() * 1e-9),
                                    Figures.digits(side.peak().bytesPerSecond() * 1e-9),
                                    side.peak().how());
            rows.put(side.id(), side.description() + "; " + peak);
        }
        names("Sides", rows);
    }

    private void method() {
        Sampler.Rule rule = file.rule();
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put(
                "agreement",
                "Before anything is timed, outputs and all gradients of each side are compared, with the reference in double"
                        + " where the work is small enough, else with those of the first side.");
        rows.put(
                "warm-up",
                "at least %s s, until the medians of the last five values and the five before differ by less than 2 %%; at most %s s"
                        .formatted(rule.minWarmUpSeconds(), rule.maxWarmUpSeconds()));
        rows.put(
                "values",
                "%d, fewer where they take longer than %s s, but at least %d; each is the mean over %s ms or more; the sides take turns"
                        .formatted(rule.values(), rule.maxSeconds(), rule.minValues(), 1000 * rule.minValueSeconds()));
        rows.put(
                "kernels",
                "each op alone, by the device's own clock, with a tenth of the warm-up and a fifth of the time; with a warm cache again and again, with a cold one once after %d MiB"
                                .formatted(CacheFlush.BYTES >> 20)
                        + " were written");
        rows.put(
                "end to end",
                "a new JVM from its start to its end: backend, data, 50 training steps; at accuracies also MNIST and all"
                        + " evaluations");
        rows.put("flops, bytes", "of products and convolutions alone; each operand of an op read and written once");
        rows.put("checks", checks());
        names("Method", rows);
    }

    /** How many comparisons of which kind there were, and those that failed. */
    private String checks() {
        List<Agreement> all = file.cases().stream()
                .flatMap(next -> next.agreements().stream())
                .toList();
        long opByOp = all.stream().filter(a -> a.passed() && a.opByOp()).count();
        long results = all.stream().filter(a -> a.passed() && !a.opByOp()).count();
        long failed = all.stream().filter(a -> !a.passed()).count();
        return "%d times a side agreed with the reference, op by op and in the results of a step; %d times with %s in the"
                        .formatted(opByOp, results, file.sides().get(0).id())
                + " results of a step; %d times a side did not agree".formatted(failed);
    }

    private void environment() {
        Environment e = file.environment();
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("command", String.join(" ", file.command()));
        rows.put("processor", "%s, %d cores; caches %s".formatted(e.cpu(), e.cores(), e.caches()));
        rows.put("memory", "%.1f GiB".formatted(e.memoryBytes() / (double) (1 << 30)));
        rows.put("JDK", e.jdk() + " " + String.join(" ", e.jvmFlags()));
        rows.put("system", e.os());
        rows.put("Weft", e.weft() + (e.commit() == null ? "" : ", commit " + e.commit()));
        rows.put("before", state(e.before()));
        rows.put("after", state(e.after()));
        names("Machine", rows);
    }

    private static String state(Environment.State s) {
        String text = "load %.2f".formatted(s.loadAverage());
        if (!s.cpuMegahertz().isEmpty()) {
            text += ", processors at %s MHz"
                    .formatted(s.cpuMegahertz().stream().map("%.0f"::formatted).collect(Collectors.joining(", ")));
        }
        if (s.cpuThrottled() != null) {
            text += ", throttled %d times".formatted(s.cpuThrottled());
        }
        return s.gpu().isEmpty() ? text : text + ", GPU " + s.gpu();
    }

    private void names(String title, Map<String, String> rows) {
        html.append("<section>\n<h2>%s</h2>\n<table class=\"names\">\n".formatted(title));
        rows.forEach((name, value) ->
                html.append("<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n".formatted(escape(name), escape(value))));
        html.append("</table>\n</section>\n");
    }
}
