package dev.weft.samples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.samples.Terminal;
import dev.weft.samples.bench.BenchFile.CaseRecord;
import dev.weft.samples.bench.BenchFile.SideRecord;
import dev.weft.samples.bench.Measurement.Kind;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a benchmark says is faster, and when it says nothing: on the terminal, in the file and on the page. */
class VerdictsTest {
    private static final String GREEN = "\u001b[32m";

    /** A machine of four cores. */
    static Environment environment(double loadBefore, double loadAfter) {
        return new Environment(
                "1",
                null,
                "17",
                List.of(),
                "Linux",
                "processor",
                List.of(),
                4,
                1L << 30,
                Map.of(),
                new Environment.State(loadBefore, List.of(), null, Map.of()),
                new Environment.State(loadAfter, List.of(), null, Map.of()));
    }

    private static Measurement step(String side, double seconds, int count) {
        double[] values =
                DoubleStream.iterate(seconds, s -> s * 1.0001).limit(count).toArray();
        return new Measurement(side, Kind.STEP, null, 1000, 1000, 0, null, null, 1, values, Summary.of(values));
    }

    private static CaseRecord size(int n, double base, double other, int count) {
        return new CaseRecord(
                "gemm",
                "n",
                n,
                false,
                1000,
                1000,
                List.of(),
                Map.of(),
                List.of(step("cpu", base, count), step("cuda", other, count)));
    }

    private static BenchFile file(Environment machine, boolean forced, CaseRecord... cases) {
        return new BenchFile(
                        BenchFile.VERSION,
                        "2026-01-01T00:00:00Z",
                        List.of("weft", "bench"),
                        machine,
                        new Sampler.Rule(1, 1, 1, 21, 7, 1),
                        List.of(
                                new SideRecord("cpu", "cpu", "vector", 4, "cpu", false, null),
                                new SideRecord("cuda", "cuda", "hand", 0, "cuda", false, null)),
                        List.of(cases),
                        forced,
                        List.of())
                .withVerdicts();
    }

    private static String terminal(BenchFile file) {
        StringWriter out = new StringWriter();
        new BenchTables(file, new Terminal(true, true)).print(new PrintWriter(out, true));
        return out.toString();
    }

    @Test
    void anIdleMachineGivesVerdicts() {
        BenchFile file = file(environment(0.5, 4), false, size(8, 1, 2, 21), size(64, 1, 0.5, 21));

        assertThat(file.verdicts())
                .containsExactly("gemm: compared with cpu, cuda is faster at n 64 (2.0); slower at n 8 (0.50)."
                        + " It overtakes at n 64.");
        assertThat(terminal(file)).contains(GREEN, file.verdicts().get(0));
        assertThat(BenchPage.html(file)).contains("class=\"faster\"", "class=\"slower\"", "overtakes at n 64");
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 0.1, 3", "1, 10, 6"})
    void tooFewValuesForAnIntervalGiveNone(double base, double other, int count) {
        BenchFile file = file(environment(0, 0), false, size(8, base, other, count), size(64, base, other, count));

        assertThat(file.verdicts())
                .containsExactly("gemm: compared with cpu, cuda is without a verdict, for too few values, at n 8, 64.");
        assertThat(terminal(file)).contains("no verdict").doesNotContain("level", GREEN);
        assertThat(BenchPage.html(file))
                .doesNotContain("class=\"faster\"", "class=\"slower\"", "level within", "overtakes");
    }

    @ParameterizedTest
    @CsvSource({"3, 3, before the benchmark began: 3.0", "1, 8, when the benchmark ended: 8.0"})
    void aBusyMachineGivesNoneUnlessForced(double before, double after, String when) {
        CaseRecord[] cases = {size(8, 1, 2, 21), size(64, 1, 0.5, 21)};
        BenchFile file = file(environment(before, after), false, cases);

        assertThat(file.verdicts())
                .singleElement()
                .asString()
                .startsWith("The machine was busy " + when + " threads were running on 4 cores.")
                .endsWith("So nothing is called faster or slower; --force does so all the same.");
        assertThat(terminal(file))
                .contains(file.verdicts().get(0), "no verdict")
                .doesNotContain(GREEN, "compared with", "overtakes");
        assertThat(BenchPage.html(file))
                .contains("The machine was busy")
                .doesNotContain("class=\"faster\"", "class=\"slower\"", "compared with cpu", "overtakes");

        BenchFile forced = file(environment(before, after), true, cases);
        assertThat(forced.verdicts()).hasSize(2);
        assertThat(forced.verdicts().get(0))
                .startsWith("The machine was busy")
                .endsWith("measure again when it is idle.");
        assertThat(forced.verdicts().get(1)).startsWith("gemm: compared with cpu, cuda is faster at n 64");
        assertThat(terminal(forced)).contains(GREEN);
        assertThat(forced.json()).contains("\"forced\" : true");
    }
}
