package dev.weft.samples.bench;

import dev.weft.samples.bench.BenchFile.CaseRecord;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A benchmark as a table for other programs: a line for each measurement, by RFC 4180. */
final class BenchCsv {
    private static final List<String> HEAD = List.of(
            "benchmark",
            "sweep",
            "size",
            "side",
            "kind",
            "stage",
            "not_measured",
            "n",
            "median_seconds",
            "lower_quartile",
            "upper_quartile",
            "interval_low",
            "interval_high",
            "flops",
            "bytes",
            "images");

    private BenchCsv() {}

    static String text(BenchFile file) {
        StringBuilder text = new StringBuilder(line(HEAD.stream()));
        for (CaseRecord next : file.cases()) {
            for (Measurement m : next.measurements()) {
                Summary s = m.summary();
                Interval interval = s == null ? null : s.interval();
                text.append(line(Stream.of(
                        next.benchmark(),
                        next.sweep(),
                        String.valueOf(next.size()),
                        m.side(),
                        m.kind().name().toLowerCase(Locale.ROOT),
                        m.stage(),
                        m.notMeasured(),
                        s == null ? null : String.valueOf(s.n()),
                        s == null ? null : String.valueOf(s.median()),
                        s == null ? null : String.valueOf(s.lowerQuartile()),
                        s == null ? null : String.valueOf(s.upperQuartile()),
                        interval == null ? null : String.valueOf(interval.low()),
                        interval == null ? null : String.valueOf(interval.high()),
                        String.valueOf(m.flops()),
                        String.valueOf(m.bytes()),
                        String.valueOf(m.images()))));
            }
        }
        return text.toString();
    }

    private static String line(Stream<String> cells) {
        return cells.map(BenchCsv::cell).collect(Collectors.joining(",")) + "\r\n";
    }

    private static String cell(String text) {
        if (text == null) {
            return "";
        }
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
