package dev.weft.samples.bench;

import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import dev.weft.samples.bench.Measurement.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;

/** The plots of a benchmark. */
final class BenchCharts {
    private final BenchFile file;
    private final String benchmark;
    private final List<CaseRecord> cases;

    BenchCharts(BenchFile file, String benchmark, List<CaseRecord> cases) {
        this.file = file;
        this.benchmark = benchmark;
        this.cases = cases;
    }

    private List<Double> sizes() {
        return cases.stream().map(next -> (double) next.size()).toList();
    }

    /** Images or floating-point operations a second against the size; empty where there is one size alone. */
    Optional<String> throughput() {
        boolean images = cases.get(0).trains();
        Chart chart = new Chart(
                        "%s of %s against %s"
                                .formatted(
                                        images ? "Throughput" : "Rate",
                                        benchmark,
                                        cases.get(0).sweep()),
                        cases.get(0).sweep(),
                        images ? "images per second" : "GFLOP/s")
                .ticksAt(sizes());
        int drawn = 0;
        for (int i = 0; i < file.sides().size(); i++) {
            String side = file.sides().get(i).id();
            List<Measurement> measured = new ArrayList<>();
            List<Double> x = new ArrayList<>();
            for (CaseRecord next : cases) {
                Verdicts.whole(next, side).filter(Measurement::measured).ifPresent(m -> {
                    measured.add(m);
                    x.add((double) next.size());
                });
            }
            if (x.size() > 1) {
                double[] work = measured.stream()
                        .mapToDouble(m -> images ? m.images() : m.flops() * 1e-9)
                        .toArray();
                chart.line(
                        side,
                        i,
                        array(x),
                        rates(work, measured, s -> s.summary().median()),
                        rates(work, measured, s -> upper(s.summary())),
                        rates(work, measured, s -> lower(s.summary())));
                drawn++;
            }
        }
        return drawn == 0 ? Optional.empty() : Optional.of(chart.svg());
    }

    private static double lower(Summary s) {
        return s.interval() == null ? s.median() : s.interval().low();
    }

    private static double upper(Summary s) {
        return s.interval() == null ? s.median() : s.interval().high();
    }

    private static double[] rates(double[] work, List<Measurement> measured, ToDoubleFunction<Measurement> seconds) {
        double[] rates = new double[work.length];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = work[i] / seconds.applyAsDouble(measured.get(i));
        }
        return rates;
    }

    /** How many times as fast as the first side the others are, with bands of confidence. */
    Optional<String> speedUp() {
        String base = file.sides().get(0).id();
        Chart chart = new Chart(
                        "Speed of %s as a multiple of %s".formatted(benchmark, base),
                        cases.get(0).sweep(),
                        "times as fast as " + base)
                .ticksAt(sizes())
                .horizontal(1);
        int drawn = 0;
        for (int i = 1; i < file.sides().size(); i++) {
            String side = file.sides().get(i).id();
            List<Double> x = new ArrayList<>();
            List<Ratio> ratios = new ArrayList<>();
            for (CaseRecord next : cases) {
                Verdicts.ratio(file, next, side).ifPresent(ratio -> {
                    x.add((double) next.size());
                    ratios.add(ratio);
                });
            }
            if (x.size() > 1) {
                OptionalInt from = Verdicts.overtakes(file, cases, side);
                String name = from.isEmpty()
                        ? side
                        : "%s, overtakes at %s %d".formatted(side, cases.get(0).sweep(), from.getAsInt());
                chart.line(
                        name,
                        i,
                        array(x),
                        ratios.stream().mapToDouble(Ratio::value).toArray(),
                        ratios.stream()
                                .mapToDouble(r -> r.interval() == null
                                        ? r.value()
                                        : r.interval().low())
                                .toArray(),
                        ratios.stream()
                                .mapToDouble(r -> r.interval() == null
                                        ? r.value()
                                        : r.interval().high())
                                .toArray());
                drawn++;
            }
        }
        return drawn == 0 ? Optional.empty() : Optional.of(chart.svg());
    }

    /** What each side's peaks allow, and the products and convolutions on it. */
    Optional<String> roofline() {
        Chart chart = new Chart(
                "Roofline of " + benchmark + ": rate of each kernel against its arithmetic intensity",
                "arithmetic intensity, flops per byte",
                "GFLOP/s");
        int drawn = 0;
        for (int i = 0; i < file.sides().size(); i++) {
            SideRecord side = file.sides().get(i);
            List<Measurement> kernels = cases.stream()
                    .flatMap(next -> next.measurements().stream())
                    .filter(m ->
                            m.kind() == Kind.KERNEL_WARM && m.side().equals(side.id()) && m.measured() && m.flops() > 0)
                    .toList();
            if (kernels.isEmpty() || side.peak() == null) {
                continue;
            }
            double[] intensity = kernels.stream()
                    .mapToDouble(m -> (double) m.flops() / m.bytes())
                    .toArray();
            chart.points(
                    side.id(),
                    i,
                    intensity,
                    kernels.stream().mapToDouble(m -> m.flopsPerSecond() * 1e-9).toArray());
            double ridge = side.peak().flopsPerSecond() / side.peak().bytesPerSecond();
            double[] x = {Math.min(min(intensity), ridge) / 2, ridge, Math.max(max(intensity), ridge) * 2};
            double[] y = new double[x.length];
            for (int j = 0; j < x.length; j++) {
                y[j] = Math.min(side.peak().flopsPerSecond(), x[j] * side.peak().bytesPerSecond()) * 1e-9;
            }
            chart.roof(i, x, y);
            drawn++;
        }
        return drawn == 0 ? Optional.empty() : Optional.of(chart.svg());
    }

    private static double min(double[] values) {
        return java.util.Arrays.stream(values).min().orElseThrow();
    }

    private static double max(double[] values) {
        return java.util.Arrays.stream(values).max().orElseThrow();
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
