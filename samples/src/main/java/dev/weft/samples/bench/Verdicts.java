package dev.weft.samples.bench;

import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.Measurement.Kind;
import dev.weft.samples.bench.Ratio.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a benchmark says in words: which side is faster where, in favour of whichever it is. A ratio whose interval holds 1
 * is called level. Where there is no interval, and on a busy machine, nothing is said.
 */
final class Verdicts {
    private Verdicts() {}

    /** The cases of each benchmark, in the order of the file. */
    static Map<String, List<CaseRecord>> byBenchmark(BenchFile file) {
        Map<String, List<CaseRecord>> groups = new LinkedHashMap<>();
        for (CaseRecord next : file.cases()) {
            groups.computeIfAbsent(next.benchmark(), name -> new ArrayList<>()).add(next);
        }
        return groups;
    }

    /** The measurement of a side that is no kernel's. */
    static Optional<Measurement> whole(CaseRecord measured, String side) {
        return measured.measurements().stream()
                .filter(m -> m.side().equals(side) && m.kind() != Kind.KERNEL_WARM && m.kind() != Kind.KERNEL_COLD)
                .findFirst();
    }

    /** How many times as fast as the first side a side is; empty unless both were measured. */
    static Optional<Ratio> ratio(BenchFile file, CaseRecord measured, String side) {
        String base = file.sides().get(0).id();
        Optional<Measurement> of = whole(measured, base).filter(Measurement::measured);
        Optional<Measurement> by = whole(measured, side).filter(Measurement::measured);
        return side.equals(base) || of.isEmpty() || by.isEmpty()
                ? Optional.empty()
                : Optional.of(Ratio.of(of.get().seconds(), by.get().seconds()));
    }

    /** What a ratio of this file says; nothing where the machine was busy. */
    static Verdict verdict(BenchFile file, Ratio ratio) {
        return file.withheld().isPresent() ? Verdict.NONE : ratio.verdict();
    }

    /** The smallest size from which on a side is faster than the first one, where it is not at a smaller size. */
    static OptionalInt overtakes(BenchFile file, List<CaseRecord> cases, String side) {
        OptionalInt from = OptionalInt.empty();
        boolean behind = false;
        for (CaseRecord next : cases) {
            Optional<Ratio> ratio = ratio(file, next, side);
            if (ratio.isPresent()) {
                Verdict verdict = verdict(file, ratio.get());
                boolean faster = verdict == Verdict.FASTER;
                behind |= verdict == Verdict.SLOWER || verdict == Verdict.LEVEL;
                from = !faster ? OptionalInt.empty() : from.isPresent() ? from : OptionalInt.of(next.size());
            }
        }
        return behind ? from : OptionalInt.empty();
    }

    /** One sentence or more for each benchmark and side. */
    static List<String> of(BenchFile file) {
        List<String> all = new ArrayList<>();
        byBenchmark(file).forEach((benchmark, cases) -> {
            if (file.withheld().isEmpty()) {
                for (BenchFile.SideRecord side : file.sides()) {
                    verdict(file, benchmark, cases, side.id()).ifPresent(all::add);
                }
            }
            for (CaseRecord next : cases) {
                next.agreements().stream()
                        .filter(agreement -> !agreement.passed())
                        .forEach(agreement -> all.add("%s: %s is not timed, since it computes something else: %s"
                                .formatted(next.title(), agreement.side(), agreement.message())));
            }
        });
        return all;
    }

    private static Optional<String> verdict(BenchFile file, String benchmark, List<CaseRecord> cases, String side) {
        List<String> faster = new ArrayList<>();
        List<String> slower = new ArrayList<>();
        List<String> level = new ArrayList<>();
        List<String> none = new ArrayList<>();
        for (CaseRecord next : cases) {
            ratio(file, next, side).ifPresent(ratio -> {
                switch (ratio.verdict()) {
                    case FASTER -> faster.add("%d (%.2g)".formatted(next.size(), ratio.value()));
                    case SLOWER -> slower.add("%d (%.2g)".formatted(next.size(), ratio.value()));
                    case LEVEL -> level.add(String.valueOf(next.size()));
                    case NONE -> none.add(String.valueOf(next.size()));
                }
            });
        }
        List<String> parts = new ArrayList<>();
        String sweep = cases.get(0).sweep();
        add(parts, "faster at %s ".formatted(sweep), faster);
        add(parts, "slower at %s ".formatted(sweep), slower);
        add(parts, "level within the noise at %s ".formatted(sweep), level);
        add(parts, "without a verdict, for too few values, at %s ".formatted(sweep), none);
        if (parts.isEmpty()) {
            return Optional.empty();
        }
        OptionalInt from = overtakes(file, cases, side);
        return Optional.of("%s: compared with %s, %s is %s.%s"
                .formatted(
                        benchmark,
                        file.sides().get(0).id(),
                        side,
                        String.join("; ", parts),
                        from.isPresent() ? " It overtakes at %s %d.".formatted(sweep, from.getAsInt()) : ""));
    }

    private static void add(List<String> parts, String text, List<String> sizes) {
        if (!sizes.isEmpty()) {
            parts.add(text + String.join(", ", sizes));
        }
    }
}
