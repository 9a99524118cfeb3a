package dev.weft.conformance;

import static dev.weft.conformance.Tensors.whole;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.ReferenceExecutable;
import dev.weft.backend.StepRange;
import dev.weft.check.BackendCheck;
import dev.weft.check.CheckReport;
import dev.weft.op.Op;
import dev.weft.op.expr.Function;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.List;

/** Functions made at random, many to a program. */
final class ExpressionRuns {
    private static final long SEED = 21;
    private static final int ELEMENTS = 83;
    private static final int OF_A_PROGRAM = 50;

    private ExpressionRuns() {}

    /** Compares so many functions with the reference, and where the backend computes in float with {@link FloatEvaluation}, bit by bit. */
    static void compare(int count, Backend reference, Backend candidate) {
        for (int first = 0; first < count; first += OF_A_PROGRAM) {
            List<Function> functions = new ArrayList<>();
            for (int number = first; number < Math.min(count, first + OF_A_PROGRAM); number++) {
                Function function = RandomExpressions.function(SEED, number);
                // every third one differentiated
                functions.add(number % 3 == 0 ? function.gradient(number / 3 % 3) : function);
            }
            compare(functions, reference, candidate);
        }
    }

    private static void compare(List<Function> functions, Backend reference, Backend candidate) {
        List<TensorRef> x = new ArrayList<>();
        for (int k = 0; k < 4; k++) {
            x.add(whole("x" + k, ELEMENTS));
        }
        List<Op> ops = new ArrayList<>();
        for (int i = 0; i < functions.size(); i++) {
            TensorRef[] operands = x.subList(0, functions.get(i).operands()).toArray(TensorRef[]::new);
            ops.add(Op.Map.of("random", functions.get(i), whole("y" + i, ELEMENTS), operands));
        }
        List<TensorRef> results = ops.stream().map(op -> op.outputs().get(0)).toList();
        Program program = new Program("expressions", 1, ops, x, results, List.of());
        StepRange step = StepRange.single(0, 1);
        try (Executable definition = reference
                        .bind(List.of(program), List.of(), MemoryMode.SEPARATE)
                        .get(0);
                Executable executable = candidate
                        .bind(List.of(program), List.of(), MemoryMode.SEPARATE)
                        .get(0)) {
            for (int k = 0; k < x.size(); k++) {
                HostTensor values = HostTensor.of(x.get(k).shape(), RandomExpressions.values(SEED, k, ELEMENTS));
                definition.write(x.get(k), values);
                executable.write(x.get(k), values);
            }
            CheckReport report =
                    BackendCheck.compare((ReferenceExecutable) definition, executable, candidate.unitRoundoff(), step);
            assertThat(report.differences()).hasSize(ops.size());
            assertThat(report).matches(CheckReport::passed, "all functions are equal");
            if (candidate.unitRoundoff() == 0x1p-24) {
                executable.run(step);
                for (int i = 0; i < functions.size(); i++) {
                    compareBits(functions.get(i), executable.read(results.get(i)));
                }
            }
        }
    }

    private static void compareBits(Function function, HostTensor actual) {
        FloatEvaluation evaluation = new FloatEvaluation(function.code());
        float[][] x = new float[4][];
        for (int k = 0; k < x.length; k++) {
            x[k] = RandomExpressions.values(SEED, k, ELEMENTS);
        }
        for (int i = 0; i < ELEMENTS; i++) {
            float expected = evaluation.apply(new float[] {x[0][i], x[1][i], x[2][i], x[3][i]}, new float[0])[0];
            assertThat(Float.floatToIntBits((float) actual.get(i)))
                    .as("%s = %s, element %d", function, function.formula(), i)
                    .isEqualTo(Float.floatToIntBits(expected));
        }
    }
}
