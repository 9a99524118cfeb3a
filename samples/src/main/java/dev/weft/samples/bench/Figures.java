package dev.weft.samples.bench;

import dev.weft.backend.Backend.PeakRates;
import dev.weft.samples.bench.BenchFile.SideRecord;

/** Figures as people read them. */
final class Figures {
    private static final String[] UNITS = {"s", "ms", "\u00b5s", "ns"};

    private Figures() {}

    /** With three digits and a unit: {@code 1.23 ms}. */
    static String time(double seconds) {
        double value = seconds;
        int unit = 0;
        while (value < 0.9995 && unit < UNITS.length - 1) {
            value *= 1000;
            unit++;
        }
        return digits(value) + " " + UNITS[unit];
    }

    /** Three digits, or all before the point: {@code 0.123}, {@code 1.23}, {@code 12.3}, {@code 1,234}. */
    static String digits(double value) {
        double size = Math.abs(value);
        return (size < 0.9995 ? "%.3f" : size < 9.995 ? "%.2f" : size < 99.95 ? "%.1f" : "%,.0f").formatted(value);
    }

    static String range(double low, double high) {
        return time(low) + " to " + time(high);
    }

    static String interval(Summary summary) {
        return summary.interval() == null
                ? "-"
                : range(summary.interval().low(), summary.interval().high());
    }

    /** Images or floating-point operations a second. */
    static String rate(Measurement m) {
        if (m.images() > 0) {
            return "%,.0f images/s".formatted(m.imagesPerSecond());
        }
        return m.flops() > 0 ? digits(m.flopsPerSecond() * 1e-9) + " GFLOP/s" : "";
    }

    static String gigaflops(Measurement m) {
        return m.flops() > 0 ? digits(m.flopsPerSecond() * 1e-9) : "";
    }

    static String gigabytes(Measurement m) {
        return m.bytes() > 0 ? digits(m.bytesPerSecond() * 1e-9) : "";
    }

    /** The share of the measured peak: of arithmetic for products and convolutions, else of copying. */
    static String shareOfPeak(Measurement m, SideRecord side) {
        PeakRates peak = side.peak();
        if (peak == null || m.bytes() == 0) {
            return "";
        }
        double share =
                m.flops() > 0 ? m.flopsPerSecond() / peak.flopsPerSecond() : m.bytesPerSecond() / peak.bytesPerSecond();
        return "%.0f %% %s".formatted(100 * share, m.flops() > 0 ? "FLOP/s" : "B/s");
    }

    /** What stands in the place of figures. */
    static String notMeasured(Measurement m) {
        return "not measured (%s)".formatted(m.notMeasured());
    }
}
