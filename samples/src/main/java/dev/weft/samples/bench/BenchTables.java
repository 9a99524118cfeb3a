package dev.weft.samples.bench;

import dev.weft.samples.Terminal;
import dev.weft.samples.TextTable;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import dev.weft.samples.bench.Measurement.Kind;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A benchmark on the terminal. */
final class BenchTables {
    /** Of each side the kernels that take longest are shown; the files have all. */
    private static final int KERNELS = 8;

    private final BenchFile file;
    private final Terminal terminal;

    BenchTables(BenchFile file, Terminal terminal) {
        this.file = file;
        this.terminal = terminal;
    }

    /** @return whether all sides agreed */
    boolean print(PrintWriter out) {
        peaks(out);
        Verdicts.byBenchmark(file).forEach((benchmark, cases) -> {
            steps(benchmark, cases, out);
            cases.forEach(next -> kernels(next, out));
        });
        file.verdicts().forEach(out::println);
        boolean agreed = file.cases().stream()
                .flatMap(next -> next.agreements().stream())
                .allMatch(Agreement::passed);
        out.println();
        return agreed;
    }

    private void peaks(PrintWriter out) {
        TextTable table = new TextTable()
                .left("side")
                .right("peak GFLOP/s")
                .right("peak GB/s")
                .left("measured by");
        for (SideRecord side : file.sides()) {
            if (side.peak() == null) {
                table.row(side.id(), "-", "-", side.emulated() ? "not measured (" + Bench.EMULATED + ")" : "-");
            } else {
                table.row(
                        side.id(),
                        Figures.digits(side.peak().flopsPerSecond() * 1e-9),
                        Figures.digits(side.peak().bytesPerSecond() * 1e-9),
                        side.peak().how());
            }
        }
        table.print(out);
        out.println();
    }

    private void steps(String benchmark, List<CaseRecord> cases, PrintWriter out) {
        out.println(benchmark);
        TextTable table = new TextTable()
                .right(cases.get(0).sweep())
                .left("side")
                .right("n")
                .right("median")
                .right("half of the values")
                .right("95 % of the median")
                .right("rate")
                .left("of peak")
                .left("times as fast");
        for (CaseRecord next : cases) {
            for (SideRecord side : file.sides()) {
                Optional<Measurement> found = Verdicts.whole(next, side.id());
                if (found.isEmpty()) {
                    continue;
                }
                Measurement m = found.get();
                if (!m.measured()) {
                    String why = terminal.yellow(Figures.notMeasured(m));
                    table.row(next.size(), side.id(), "", "", "", "", "", "", why);
                    continue;
                }
                Summary s = m.summary();
                table.row(
                        next.size(),
                        side.id(),
                        s.n(),
                        Figures.time(s.median()),
                        Figures.range(s.lowerQuartile(), s.upperQuartile()),
                        Figures.interval(s),
                        Figures.rate(m),
                        Figures.shareOfPeak(m, side),
                        Verdicts.ratio(file, next, side.id()).map(this::ratio).orElse(""));
            }
        }
        table.print(out);
        out.println();
    }

    private String ratio(Ratio ratio) {
        return switch (Verdicts.verdict(file, ratio)) {
            case FASTER -> terminal.green(ratio.toString());
            case SLOWER -> terminal.red(ratio.toString());
            case LEVEL -> ratio + " level";
            case NONE -> ratio + " no verdict";
        };
    }

    private void kernels(CaseRecord measured, PrintWriter out) {
        for (SideRecord side : file.sides()) {
            List<Measurement> warm = kernels(measured, side, Kind.KERNEL_WARM);
            if (warm.isEmpty()) {
                continue;
            }
            double total = warm.stream().mapToDouble(m -> m.summary().median()).sum();
            out.printf(
                    "%s, %s: %d kernels alone take %s%n",
                    measured.title(), side.id(), warm.size(), Figures.time(total));
            TextTable table = new TextTable()
                    .left("kernel")
                    .right("warm cache")
                    .right("cold cache")
                    .right("GFLOP/s")
                    .right("GB/s")
                    .left("of peak");
            List<Measurement> cold = kernels(measured, side, Kind.KERNEL_COLD);
            warm.stream()
                    .sorted(Comparator.comparingDouble(
                            (Measurement m) -> -m.summary().median()))
                    .limit(KERNELS)
                    .forEach(m -> table.row(
                            m.stage(),
                            Figures.time(m.summary().median()),
                            Figures.time(cold.get(warm.indexOf(m)).summary().median()),
                            Figures.gigaflops(m),
                            Figures.gigabytes(m),
                            Figures.shareOfPeak(m, side)));
            if (warm.size() > KERNELS) {
                table.row("... and %d more".formatted(warm.size() - KERNELS), "", "", "", "", "");
            }
            table.print(out);
            out.println();
        }
    }

    private static List<Measurement> kernels(CaseRecord measured, SideRecord side, Kind kind) {
        return measured.measurements().stream()
                .filter(m -> m.kind() == kind && m.side().equals(side.id()) && m.measured())
                .toList();
    }
}
