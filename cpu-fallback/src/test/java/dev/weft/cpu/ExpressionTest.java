package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.conformance.FloatEvaluation;
import dev.weft.op.Op;
import dev.weft.op.expr.Code;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Function;
import dev.weft.op.expr.Polynomials;
import dev.weft.optim.Rules;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Role;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions give, bit for bit, what their code says when it is written out; a NaN is a NaN. */
class ExpressionTest {
    /** More than a block, and no multiple of anything. */
    private static final int ELEMENTS = 2 * Blocks.LENGTH + 37;

    private static final float[] AWKWARD = {
        0,
        -0f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        Math.nextDown(Float.MIN_NORMAL),
        1,
        -1,
        Math.nextUp(1f),
        0.5f,
        Polynomials.TANH_LINEAR,
        -Polynomials.TANH_POLYNOMIAL,
        Math.nextDown(Polynomials.TANH_POLYNOMIAL),
        Polynomials.EXP_MAX,
        Math.nextUp(Polynomials.EXP_MAX),
        Polynomials.EXP_MIN,
        Math.nextDown(Polynomials.EXP_MIN),
        -88,
        100,
        Float.intBitsToFloat(Polynomials.SQRT_HALF_BITS),
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN
    };

    private static void assertSame(float[] actual, float[] expected, String what) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            if (Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i])) {
                throw new AssertionError("%s: element %d is %s (%x), not %s (%x)"
                        .formatted(
                                what,
                                i,
                                actual[i],
                                Float.floatToRawIntBits(actual[i]),
                                expected[i],
                                Float.floatToRawIntBits(expected[i])));
            }
        }
    }

    private static float[] values(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i % 3 == 0 ? AWKWARD[random.nextInt(AWKWARD.length)] : (float) random.nextGaussian() * 2;
        }
        return x;
    }

    private static CpuBackend backend(boolean vector, int threads) {
        return new CpuBackend(threads, vector ? new VectorPrimitives() : new ScalarPrimitives(), "");
    }

    // ---------------------------------------------------------------- loops

    /** Any bits, and all around those where a function changes its form. */
    private static float[] anyFloats() {
        IntStream edges = IntStream.range(0, AWKWARD.length)
                .map(i -> Float.floatToRawIntBits(AWKWARD[i]))
                .flatMap(bits -> IntStream.rangeClosed(bits - 200, bits + 200))
                .flatMap(bits -> IntStream.of(bits, bits ^ Integer.MIN_VALUE));
        int[] bits = IntStream.concat(edges, new Random(1).ints(1_000_000)).toArray();
        // whole vectors of any length
        float[] x = new float[(bits.length + 63) / 64 * 64];
        for (int i = 0; i < bits.length; i++) {
            x[i] = Float.intBitsToFloat(bits[i]);
        }
        return x;
    }

    private static BlockOperands operands(float[]... blocks) {
        BlockOperands operands = new BlockOperands(blocks.length);
        System.arraycopy(blocks, 0, operands.arrays, 0, blocks.length);
        return operands;
    }

    @ParameterizedTest
    @EnumSource(names = {"EXP", "LOG", "TANH", "SIGMOID"})
    void fusedLoopsGiveTheBitsOfTheWrittenOutCode(BlockOperation operation) {
        float[] x = anyFloats();
        UnaryOperator<Expr> formula = switch (operation) {
            case EXP -> Expr::exp;
            case LOG -> Expr::log;
            case TANH -> Expr::tanh;
            default -> Expr::sigmoid;
        };
        FloatEvaluation code = new FloatEvaluation(Code.of(1, 0, List.of(formula.apply(Expr.operand(0)))));
        float[] expected = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            expected[i] = code.apply(new float[] {x[i]}, null)[0];
        }
        for (BlockLoops loops : List.of(new VectorBlockLoops(), new ScalarBlockLoops())) {
            BlockOperands o = operands(x, new float[x.length]);
            o.set(0, 0, 0, 0, 1);
            loops.of(operation).run(o, x.length);
            assertSame(o.y(), expected, loops + " " + operation);
        }
    }

    /** Also where the result takes the memory of an operand. */
    @ParameterizedTest
    @EnumSource
    void vectorsGiveTheBitsOfPlainLoops(BlockOperation operation) {
        int n = 16 * 64;
        for (float s : AWKWARD) {
            float[][] y = new float[4][];
            for (int form = 0; form < y.length; form++) {
                float[] b = values(n, 2);
                for (int i = 0; operation == BlockOperation.SCALE && i < n; i++) {
                    b[i] = Polynomials.ROUNDER + i % 300 - 150;
                }
                BlockOperands o = operands(values(n, 1), b, values(n, 3), values(n, 4), new float[n]);
                o.set(0, 1, 2, 3, form >= 2 && !operation.readsAgain() ? 0 : 4);
                o.s = s;
                o.t = 0.7f;
                BlockLoops loops = form % 2 == 0 ? new VectorBlockLoops() : new ScalarBlockLoops();
                loops.of(operation).run(o, n);
                y[form] = o.y();
            }
            for (int form = 1; form < y.length; form++) {
                assertSame(y[form], y[0], operation + " with " + s);
            }
        }
    }

    // ---------------------------------------------------------------- ops

    /** Runs an op and returns what it wrote. */
    private static float[] run(Backend backend, Op.Map op, int rows, List<HostTensor> x) {
        List<TensorRef> inputs = op.x().stream().distinct().toList();
        Program program = new Program("test", rows, List.of(op), inputs, List.of(op.y()), List.of());
        try (Executable executable = backend.bind(List.of(program), List.of(), MemoryMode.POISONED_ARENA)
                .get(0)) {
            for (int k = 0; k < x.size(); k++) {
                executable.write(op.x().get(k), x.get(k));
            }
            executable.run(StepRange.single(0, rows));
            return (float[]) executable.read(op.y()).array();
        }
    }

    /** What the op says, by the index of each operand. */
    private static float[] expected(Op.Map op, List<HostTensor> x) {
        Shape shape = op.y().shape();
        FloatEvaluation code = new FloatEvaluation(op.function().code());
        float[] y = new float[op.y().elements()];
        for (int i = 0; i < y.length; i++) {
            float[] elements = new float[x.size()];
            for (int k = 0; k < elements.length; k++) {
                int index = 0;
                for (int axis : op.axes().get(k)) {
                    index = index * shape.get(axis) + i / shape.elements(axis + 1, shape.rank()) % shape.get(axis);
                }
                elements[k] = (float) x.get(k).get(index);
            }
            y[i] = code.apply(elements, null)[0];
        }
        return y;
    }

    private static TensorRef tensor(String name, DType type, boolean batched, int... dimensions) {
        Shape shape = Shape.of(dimensions);
        return batched ? TensorRef.batched(name, type, shape) : TensorRef.unbatched(name, type, shape);
    }

    private static HostTensor host(TensorRef x, long seed) {
        if (x.type() == DType.I32) {
            return HostTensor.of(
                    x.shape(), new Random(seed).ints(x.elements(), -9, 10).toArray());
        }
        return HostTensor.of(x.shape(), values(x.elements(), seed));
    }

    /** Of a batch in tiles, and of a tensor row by row: operands along each of the axes, integers, one twice. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void operandsAreBroadcastAlongAxes(boolean vector) {
        List<List<Integer>> axes = List.of(
                List.of(0, 1, 2, 3),
                List.of(1),
                List.of(3),
                List.of(0),
                List.of(0, 2),
                List.of(1, 2, 3),
                List.of(0, 1),
                List.of(2, 3),
                List.of(1, 3),
                List.of(0, 3),
                List.of());
        Function function = Function.of("all", axes.size() + 2, x -> {
            Expr sum = x.get(axes.size()).times(x.get(axes.size() + 1));
            for (int k = 0; k < axes.size(); k++) {
                sum = sum.times(0.5 + k).plus(k % 3 == 2 ? x.get(k).exp() : x.get(k));
            }
            return sum;
        });
        try (Backend backend = backend(vector, 2)) {
            for (boolean batched : new boolean[] {true, false}) {
                for (int[] shape : new int[][] {{37, 3, 5, 7}, {150, 2, 1, 3}, {16, 1, 33, 40}, {1, 1, 1, 1}}) {
                    List<TensorRef> x = new ArrayList<>();
                    List<List<Integer>> all = new ArrayList<>();
                    for (int k = 0; k < axes.size(); k++) {
                        List<Integer> own = axes.get(k);
                        int[] dimensions = own.isEmpty()
                                ? new int[] {1}
                                : own.stream().mapToInt(axis -> shape[axis]).toArray();
                        DType type = k == 3 || k == 8 ? DType.I32 : DType.REAL;
                        x.add(tensor("x" + k, type, batched && own.contains(0), dimensions));
                        all.add(own);
                    }
                    for (int k : new int[] {4, 10}) {
                        x.add(x.get(k));
                        all.add(axes.get(k));
                    }
                    Op.Map op = new Op.Map("map", function, x, all, tensor("y", DType.REAL, batched, shape));
                    List<HostTensor> values = new ArrayList<>();
                    for (int k = 0; k < axes.size(); k++) {
                        values.add(host(x.get(k), k));
                    }
                    values.add(values.get(4));
                    values.add(values.get(10));
                    assertSame(run(backend, op, shape[0], values), expected(op, values), op.toString());
                }
            }
        }
    }

    /** So a function that is infinite for what is in the padding does not spoil the sums over the batch. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lanesPastTheLastRowAreZero(boolean vector) {
        TensorRef x = tensor("x", DType.REAL, true, 5, 3, 4, 4);
        TensorRef y = tensor("y", DType.REAL, true, 5, 3, 4, 4);
        TensorRef db = tensor("db", DType.REAL, false, 3);
        Op.Map inverse =
                Op.Map.of("map", Function.of("inverse", v -> Expr.constant(1).over(v)), y, x);
        Op.BiasGradient sum = new Op.BiasGradient("bias", y, db);
        Program program = new Program("test", 5, List.of(inverse, sum), List.of(x), List.of(db), List.of());
        float[] ones = new float[x.elements()];
        Arrays.fill(ones, 1);
        try (Backend backend = backend(vector, 1);
                Executable executable = backend.bind(List.of(program), List.of(), MemoryMode.ARENA)
                        .get(0)) {
            executable.write(x, HostTensor.of(x.shape(), ones));
            executable.run(StepRange.single(0, 5));
            assertThat(executable.read(db).doubles()).containsExactly(80, 80, 80);
        }
    }

    private static Expr random(Random random, int depth, List<Expr> known) {
        if (depth == 0 || random.nextInt(8) == 0) {
            return random.nextInt(4) == 0
                    ? Expr.constant(AWKWARD[random.nextInt(AWKWARD.length)])
                    : known.get(random.nextInt(known.size()));
        }
        Expr a = random(random, depth - 1, known);
        Expr b = random(random, depth - 1, known);
        Expr made = switch (random.nextInt(22)) {
            case 0, 1 -> a.plus(b);
            case 2, 3 -> a.times(b).plus(random(random, depth - 1, known));
            case 4 -> a.times(0.3).plus(b.times(-1.7));
            case 5 -> a.minus(b);
            case 6 -> a.minus(b.times(0.1));
            case 7 -> a.times(b);
            case 8 -> a.over(b);
            case 9 -> a.min(b);
            case 10 -> a.max(0);
            case 11 -> a.abs();
            case 12 -> a.abs().lessThan(0.5, Expr.constant(0), a);
            case 13 -> a.lessThan(b, b, a.negative());
            case 14 -> a.exp();
            case 15 -> a.tanh();
            case 16 -> a.sigmoid();
            case 17 -> Expr.constant(0.1).lessThan(a, a.log(), b);
            case 18 -> a.softplus();
            case 19 -> a.times(2.5).over(b);
            case 20 -> a.abs().times(3).sqrt().plus(b.abs().sqrt().plus(0.1));
            default -> a.erf().plus(b.sin());
        };
        known.add(made);
        return made;
    }

    /** Parts are shared, operands are one number or many, results overwrite operands. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void randomExpressions(boolean vector) {
        try (Backend backend = backend(vector, 1)) {
            for (int seed = 0; seed < 60; seed++) {
                Random random = new Random(seed);
                List<Expr> known = new ArrayList<>(
                        IntStream.range(0, 4).mapToObj(Expr::operand).toList());
                known.add(Expr.scalar(0));
                known.add(Expr.scalar(1 + random.nextInt(7)));
                int depth = 1 + random.nextInt(6);
                List<Expr> results = IntStream.range(0, 3)
                        .mapToObj(k -> random(random, depth, known))
                        .toList();
                int n = random.nextBoolean() ? ELEMENTS : 1 + random.nextInt(100);
                assertUpdates(backend, Code.of(4, 8, results), n, "seed " + seed);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyResultSeesTheOperandsAsTheyWere(boolean vector) {
        List<Expr> x = IntStream.range(0, 4).mapToObj(Expr::operand).toList();
        List<List<Expr>> rules = List.of(
                List.of(x.get(2), x.get(3), x.get(0)),
                List.of(x.get(3), x.get(2), x.get(3)),
                List.of(x.get(2).tanh(), x.get(0).sigmoid(), x.get(3).tanh()),
                List.of(
                        x.get(1).plus(1),
                        x.get(0).plus(x.get(1).plus(1)),
                        x.get(2).times(x.get(3))),
                List.of(Expr.scalar(0), Expr.scalar(0).exp(), Expr.constant(2)),
                List.of(
                        x.get(2).plus(x.get(0)),
                        x.get(2).plus(x.get(0)),
                        x.get(2).plus(x.get(0))));
        try (Backend backend = backend(vector, 2)) {
            for (List<Expr> rule : rules) {
                for (int n : new int[] {1, 5, 64, ELEMENTS, 40_000}) {
                    assertUpdates(backend, Code.of(4, 8, rule), n, rule.toString());
                }
            }
        }
    }

    /** A rule with two states, its results and those of the code. */
    private static void assertUpdates(Backend backend, Code code, int n, String what) {
        List<TensorRef> x = List.of(
                TensorRef.persistent("w", DType.REAL, Shape.of(n), Role.PARAMETER),
                TensorRef.persistent("dw", DType.REAL, Shape.of(n), Role.GRADIENT),
                TensorRef.persistent("m", DType.REAL, Shape.of(n), Role.OPTIMIZER),
                TensorRef.persistent("v", DType.REAL, Shape.of(n), Role.OPTIMIZER));
        Op.RuleUpdate op = new Op.RuleUpdate("update", "test", code, x.get(0), x.get(1), x.subList(2, 4), 0);
        Program program = new Program("test", 1, List.of(op), List.of(), List.of(), List.of());
        double[] rates = {0.1, 0.9, -2, 3, 0, 1e-3, 7, -0.5};
        float[] scalars = new float[rates.length];
        for (int i = 0; i < rates.length; i++) {
            scalars[i] = (float) rates[i];
        }
        FloatEvaluation evaluation = new FloatEvaluation(code);
        float[][] before = {values(n, 0), values(n, 1), values(n, 2), values(n, 3)};
        float[][] expected = new float[3][n];
        for (int i = 0; i < n; i++) {
            float[] elements = {before[0][i], before[1][i], before[2][i], before[3][i]};
            float[] results = evaluation.apply(elements, scalars);
            for (int k = 0; k < 3; k++) {
                expected[k][i] = results[k];
            }
        }
        try (Memory memory = backend.allocate(x);
                Executable executable = backend.bind(List.of(program), List.of(memory), MemoryMode.POISONED_ARENA)
                        .get(0)) {
            for (int k = 0; k < 4; k++) {
                memory.write(x.get(k), HostTensor.of(Shape.of(n), before[k]));
            }
            executable.run(new StepRange(0, 1, 0, 1, 1, rates));
            for (int k = 0; k < 3; k++) {
                float[] actual =
                        (float[]) memory.read(x.get(k == 0 ? 0 : k + 1)).array();
                assertSame(actual, expected[k], what + ", result " + k);
            }
        }
    }

    @Test
    void nodesThatFollowEachOtherHaveOneLoop() {
        Code code = Rules.adam(0.9, 0.999, 1e-8).bind(1, 0).code();
        BlockCode compiled = new BlockCode(code, new int[] {0, 1, 2, 3}, Collections.emptySet(), new int[] {0, 2, 3});
        assertThat(compiled.steps().stream().map(BlockCode.Step::operation))
                .containsExactlyInAnyOrder(
                        BlockOperation.SCALE_BOTH,
                        BlockOperation.REPLACE_SMALL,
                        BlockOperation.MULTIPLY,
                        BlockOperation.SCALE_BOTH,
                        BlockOperation.REPLACE_SMALL,
                        BlockOperation.SCALE_SQRT_ADD_S,
                        BlockOperation.SCALE_DIVIDE,
                        BlockOperation.SUBTRACT_SCALED);
    }
}
