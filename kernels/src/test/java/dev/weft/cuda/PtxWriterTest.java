package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Rule;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PtxWriterTest {
    private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)");

    /** The kernels of {@link Formulas}, each of which has a name of its own. */
    private static List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (Op.Map op : Formulas.maps()) {
            texts.add(PtxWriter.map("map_" + texts.size(), op.function().code(), ExpressionKernels.operands(op)));
        }
        for (Rule rule : Formulas.rules()) {
            texts.add(PtxWriter.rule("rule_" + texts.size(), rule.bind(0.5, 0.1).code()));
        }
        return texts;
    }

    /** All of them as one module. */
    private static String module() {
        String header = texts().get(0).substring(0, texts().get(0).indexOf(".visible"));
        StringBuilder module = new StringBuilder(header);
        for (String text : texts()) {
            assertThat(text).startsWith(header);
            module.append(text.substring(header.length()));
        }
        return module.toString();
    }

    @Test
    void isTakenByDriversSinceTheFirstForCuda12() {
        assertThat(module()).startsWith(".version 8.0\n.target sm_75\n");
        assertThat(PtxWords.notInVersion8(module())).isEmpty();
    }

    @Test
    void roundsEachOperation() {
        assertThat(module())
                .doesNotContain("fma")
                .doesNotContain("mad.rn")
                .doesNotContain("approx")
                .doesNotContain("ftz")
                .doesNotContainPattern("\\b(add|sub|mul|div)\\.f32")
                .contains("add.rn.f32", "sub.rn.f32", "mul.rn.f32", "div.rn.f32", "sqrt.rn.f32");
    }

    @Test
    void isAssembledByTheToolkitForEveryTargetThatItKnows(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("written.ptx"), module());
        ToolkitAssembler.targets().parallelStream()
                .forEach(target -> assertNoSpills(ToolkitAssembler.assemble(file, target)));
    }

    @ParameterizedTest
    @ValueSource(ints = {75, 80, 86, 89, 90})
    void isAssembledWithoutSpills(int target) {
        byte[] ptx = (module() + "\0").getBytes(StandardCharsets.US_ASCII);
        assertNoSpills(
                PtxAssembler.run(ptx, "--gpu-name=sm_" + target, "--verbose").messages());
    }

    private static void assertNoSpills(String messages) {
        long kernels = ENTRY.matcher(module()).results().count();
        List<String> spills = Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads")
                .matcher(messages)
                .results()
                .map(MatchResult::group)
                .toList();
        assertThat(spills).hasSize((int) kernels).containsOnly("0 bytes spill stores, 0 bytes spill loads");
        assertThat(Pattern.compile("Used (\\d+) registers").matcher(messages).results())
                .extracting(used -> Integer.parseInt(used.group(1)))
                .allMatch(registers -> registers <= 64);
    }

    @Test
    void whatIsTheSameForAllElementsStandsBeforeTheLoops() {
        Function function = Function.of("f", (x, y) -> x.plus(y.exp()));
        List<PtxWriter.Operand> operands = List.of(operand(Shape.of(8), List.of(0)), operand(Shape.of(8), List.of()));
        String loops = PtxWriter.map("f", function.code(), operands).split("\\$quad:")[1];
        assertThat(loops).contains("add.rn.f32").doesNotContain("mul.rn.f32");
    }

    @Test
    void kernelsDependOnWhichAxesAreThereAndNotOnTheirLengths() {
        Function function = Function.of("f", Expr::exp);
        String text = PtxWriter.map("f", function.code(), List.of(operand(Shape.of(8, 9), List.of(1))));
        assertThat(PtxWriter.map("f", function.code(), List.of(operand(Shape.of(1, 3, 5, 7), List.of(2, 3)))))
                .isEqualTo(text);
        assertThat(PtxWriter.map("f", function.code(), List.of(operand(Shape.of(8, 9), List.of(0)))))
                .isNotEqualTo(text);
    }

    private static PtxWriter.Operand operand(Shape shape, List<Integer> axes) {
        return new PtxWriter.Operand(DType.REAL, Broadcast.of(shape, axes));
    }

    @Test
    void aDivisionIsAProductAndAShift() {
        int[] divisors = {2, 3, 5, 7, 10, 641, 1 << 20, (1 << 20) + 1, (1 << 30) + 1, Integer.MAX_VALUE};
        for (int d : divisors) {
            List<Integer> divisor = Broadcast.divisor(d);
            for (long n :
                    new long[] {0, 1, d - 1, d, d + 1L, 2L * d - 1, 1_000_003, (1L << 31) - d, Integer.MAX_VALUE}) {
                for (long near = n; near < Math.min(n + 3, 1L << 31); near++) {
                    long high = near * Integer.toUnsignedLong(divisor.get(1)) >>> 32;
                    assertThat(high >> divisor.get(2)).as("%d / %d", near, d).isEqualTo(near / d);
                }
            }
        }
    }
}
