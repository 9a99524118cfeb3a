package dev.weft.samples.bench;

import dev.weft.samples.TextTable;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import dev.weft.samples.bench.Ratio.Verdict;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft bench compare}: what became faster or slower between two files, beyond the noise. */
@Command(
        name = "compare",
        description =
                "Compares two results of weft bench and shows what changed beyond the noise: where the 95 %% interval"
                        + " of the ratio does not hold 1.",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft bench compare old/bench.json new/bench.json",
            "",
            "Of a hundred times that did not change, up to five are shown by chance.",
            "The exit code is 1 where something became slower, or the machine was busy."
        })
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "OLD", description = "A bench.json.")
    private Path oldFile;

    @Parameters(index = "1", paramLabel = "NEW", description = "Another one.")
    private Path newFile;

    @Option(names = "--all", description = "Show what did not change, too.")
    private boolean all;

    @Option(
            names = "--force",
            description = "Say what changed although others kept the machine busy for one of the results.")
    private boolean force;

    @Override
    public Integer call() {
        BenchFile before = BenchFile.read(oldFile);
        BenchFile after = BenchFile.read(newFile);
        PrintWriter out = spec.commandLine().getOut();
        warnOfOtherMachine(before.environment(), after.environment(), out);
        warnOfOtherKernels(before.sides(), after.sides(), out);
        TextTable table = new TextTable()
                .left("benchmark")
                .left("side")
                .left("what")
                .right("old")
                .right("new")
                .left("times as fast")
                .left("");
        boolean busy = !force && (warnOfBusyMachine(oldFile, before, out) | warnOfBusyMachine(newFile, after, out));
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        for (CaseRecord next : after.cases()) {
            for (Measurement m : next.measurements()) {
                Optional<Measurement> old = find(before, next, m).filter(Measurement::measured);
                if (old.isEmpty() || !m.measured()) {
                    continue;
                }
                Ratio ratio = Ratio.of(old.get().seconds(), m.seconds());
                Verdict verdict = busy ? Verdict.NONE : ratio.verdict();
                counts.merge(verdict, 1, Integer::sum);
                if (verdict == Verdict.FASTER || verdict == Verdict.SLOWER || all) {
                    table.row(
                            next.title(),
                            m.side(),
                            m.stage() == null ? kind(m) : kind(m) + " " + m.stage(),
                            Figures.time(old.get().summary().median()),
                            Figures.time(m.summary().median()),
                            ratio,
                            verdict == Verdict.NONE
                                    ? "no verdict"
                                    : verdict.name().toLowerCase(Locale.ROOT));
                }
            }
        }
        table.print(out);
        int slower = counts.getOrDefault(Verdict.SLOWER, 0);
        out.printf(
                "%d times compared: %d faster, %d slower, %d without a change beyond the noise%n",
                counts.values().stream().mapToInt(Integer::intValue).sum(),
                counts.getOrDefault(Verdict.FASTER, 0),
                slower,
                counts.getOrDefault(Verdict.LEVEL, 0));
        if (counts.containsKey(Verdict.NONE)) {
            out.printf(
                    "%d without a verdict, %s%n",
                    counts.get(Verdict.NONE),
                    busy ? "since the machine was busy; --force gives one" : "for fewer values than an interval needs");
        }
        out.flush();
        return slower > 0 || busy ? 1 : 0;
    }

    private static boolean warnOfBusyMachine(Path file, BenchFile measured, PrintWriter out) {
        Optional<String> warning = measured.environment().warning();
        warning.ifPresent(text -> out.println(file + ": " + text));
        return warning.isPresent();
    }

    private static void warnOfOtherMachine(Environment before, Environment after, PrintWriter out) {
        difference("processor", before.cpu(), after.cpu(), out);
        difference("cores", before.cores(), after.cores(), out);
        difference(
                "GPU", before.before().gpu().get("name"), after.before().gpu().get("name"), out);
        difference("JDK", before.jdk(), after.jdk(), out);
    }

    /** The same side may have followed another plan. */
    private static void warnOfOtherKernels(List<SideRecord> before, List<SideRecord> after, PrintWriter out) {
        for (SideRecord side : after) {
            before.stream()
                    .filter(old -> old.id().equals(side.id()))
                    .forEach(old -> difference("kernels of " + side.id(), old.kernels(), side.kernels(), out));
        }
    }

    private static void difference(String what, Object before, Object after, PrintWriter out) {
        if (!java.util.Objects.equals(before, after)) {
            out.printf("not the same %s: %s and %s%n", what, before, after);
        }
    }

    /** The same measurement in another file. Some have the same name, as a reshape and its gradient: then the n-th of them. */
    private static Optional<Measurement> find(BenchFile file, CaseRecord like, Measurement m) {
        int n = alike(like, m).indexOf(m);
        return file.cases().stream()
                .filter(c -> c.title().equals(like.title()))
                .map(c -> alike(c, m))
                .filter(found -> found.size() > n)
                .map(found -> found.get(n))
                .findFirst();
    }

    private static List<Measurement> alike(CaseRecord in, Measurement m) {
        return in.measurements().stream()
                .filter(other -> other.side().equals(m.side())
                        && other.kind() == m.kind()
                        && java.util.Objects.equals(other.stage(), m.stage()))
                .toList();
    }

    private static String kind(Measurement m) {
        return m.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
