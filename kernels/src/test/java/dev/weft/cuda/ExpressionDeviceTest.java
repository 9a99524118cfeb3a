package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.weft.backend.Executable;
import dev.weft.backend.Memory;
import dev.weft.backend.StepRange;
import dev.weft.conformance.FloatEvaluation;
import dev.weft.op.Op;
import dev.weft.op.expr.Polynomials;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Kernels that are written for an expression have the bits of plain Java; those of reductions the same on every device. */
@ExtendWith(TestDevice.class)
class ExpressionDeviceTest {
    private static final List<String> DEVICES = List.of("sms=2;cc=7.5;blocks=shuffled;warps=reverse", "sms=132;cc=9.0");

    /** Where the formulas of functions change, and what is no ordinary number. */
    private static final float[] AWKWARD = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        Math.nextDown(Float.MIN_NORMAL),
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        1f,
        -1f,
        Math.nextUp(-1f),
        Polynomials.EXP_MAX,
        Math.nextUp(Polynomials.EXP_MAX),
        Polynomials.EXP_MIN,
        Math.nextDown(Polynomials.EXP_MIN),
        -95f,
        Polynomials.TANH_LINEAR,
        Polynomials.TANH_POLYNOMIAL,
        Polynomials.ERF_ONE,
        65_536f,
        -65_537f,
        0x1.6a09e6p-1f,
        (float) Math.PI
    };

    private static CudaBackend open(String device, boolean synchronize) {
        TestDevice.configure(device);
        return new CudaBackend(0, Candidates.TABLE, new CudaBackend.Options(false, synchronize));
    }

    /** Awkward values, values of every size, and ordinary ones. */
    private static float[] numbers(String name, int n) {
        Philox.Sequence random = Philox.sequence(7, name, 0);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            int bits = random.nextInt();
            x[i] = switch (i % 4) {
                case 0 -> AWKWARD[Math.floorMod(bits, AWKWARD.length)];
                case 1 -> Float.intBitsToFloat(bits);
                default -> bits * 0x1p-29f;
            };
        }
        return x;
    }

    private static HostTensor values(TensorRef x) {
        float[] numbers = numbers(x.name(), x.elements());
        if (x.type() == DType.REAL) {
            return HostTensor.of(x.shape(), numbers);
        }
        int[] integers = new int[numbers.length];
        for (int i = 0; i < integers.length; i++) {
            integers[i] = Float.floatToRawIntBits(numbers[i]);
        }
        return HostTensor.of(x.shape(), integers);
    }

    /** NaN is NaN. */
    private static void assertSameBits(float[] actual, float[] expected, String what) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i])) {
                throw new AssertionError("%s: element %d is %s, not %s".formatted(what, i, actual[i], expected[i]));
            }
        }
    }

    // ---------------------------------------------------------------- functions

    @TestFactory
    Stream<DynamicTest> functionsHaveTheBitsOfPlainJava() {
        return Formulas.maps().stream()
                .map(op -> dynamicTest(op.attributes() + " " + op.x() + " " + op.axes(), () -> {
                    Map<TensorRef, HostTensor> inputs = new LinkedHashMap<>();
                    op.x().forEach(x -> inputs.put(x, values(x)));
                    float[] expected = expected(op, inputs);
                    for (String device : DEVICES) {
                        try (CudaBackend backend = open(device, false)) {
                            assertSameBits(run(backend, op, op.y(), inputs), expected, device);
                        }
                    }
                }));
    }

    private static float[] expected(Op.Map op, Map<TensorRef, HostTensor> inputs) {
        FloatEvaluation code = new FloatEvaluation(op.function().code());
        Shape shape = op.y().shape();
        float[] y = new float[op.y().elements()];
        for (int i = 0; i < y.length; i++) {
            float[] operands = new float[op.x().size()];
            for (int k = 0; k < operands.length; k++) {
                int index = 0;
                for (int axis : op.axes().get(k)) {
                    int inner = shape.elements(axis + 1, shape.rank());
                    index = index * shape.get(axis) + i / inner % shape.get(axis);
                }
                operands[k] = (float) inputs.get(op.x().get(k)).get(index);
            }
            y[i] = code.apply(operands, new float[0])[0];
        }
        return y;
    }

    private static float[] run(CudaBackend backend, Op op, TensorRef y, Map<TensorRef, HostTensor> inputs) {
        Program program =
                new Program("expression", 8, List.of(op), List.copyOf(inputs.keySet()), List.of(y), List.of());
        try (Executable executable = backend.bind(List.of(program), List.of(), MemoryMode.POISONED_ARENA)
                .get(0)) {
            inputs.forEach(executable::write);
            executable.run(StepRange.single(0, 5));
            return executable.read(y).floats();
        }
    }

    // ---------------------------------------------------------------- rules

    private static final int STEPS = 3;

    /** One after the other, and replayed as a graph, where the parameters begin at a multiple of 16 bytes and elsewhere. */
    @TestFactory
    Stream<DynamicTest> rulesHaveTheBitsOfPlainJava() {
        return Formulas.rules().stream()
                .map(rule -> dynamicTest(rule.name(), () -> {
                    for (int offset : new int[] {64, 3}) {
                        Op.RuleUpdate op = Formulas.update(rule, 1003, offset);
                        Map<TensorRef, float[]> expected = start(op);
                        for (int i = 0; i < STEPS; i++) {
                            update(op, expected, i);
                        }
                        for (String device : DEVICES) {
                            for (boolean synchronize : new boolean[] {false, true}) {
                                try (CudaBackend backend = open(device, synchronize)) {
                                    Map<TensorRef, float[]> actual = train(backend, List.of(op), op);
                                    expected.forEach((x, values) -> assertSameBits(
                                            actual.get(x), values, x + " at " + offset + " on " + device));
                                }
                            }
                        }
                    }
                }));
    }

    @Test
    void aBadStepChangesNothing() {
        Op.RuleUpdate op = Formulas.update(Formulas.rules().get(5), 1003, 64);
        try (CudaBackend backend = open(DEVICES.get(0), false)) {
            Map<TensorRef, float[]> after = train(backend, List.of(new Op.CheckFinite("check", op.dw()), op), op);
            start(op).forEach((x, values) -> assertSameBits(after.get(x), values, x.name()));
        }
    }

    private static List<TensorRef> tensors(Op.RuleUpdate op) {
        List<TensorRef> tensors = new ArrayList<>(List.of(op.w(), op.dw()));
        tensors.addAll(op.state());
        return tensors;
    }

    private static Map<TensorRef, float[]> start(Op.RuleUpdate op) {
        Map<TensorRef, float[]> values = new LinkedHashMap<>();
        tensors(op).forEach(x -> values.put(x, numbers(x.name(), x.elements())));
        return values;
    }

    /** Rates that differ from step to step. */
    private static double[] rates() {
        double[] rates = new double[STEPS * StepRange.RATES];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = 0.1 + 0.37 * i;
        }
        return rates;
    }

    private static void update(Op.RuleUpdate op, Map<TensorRef, float[]> values, int step) {
        FloatEvaluation code = new FloatEvaluation(op.code());
        List<TensorRef> tensors = tensors(op);
        float[] scalars = new float[StepRange.RATES];
        for (int k = 0; k < scalars.length; k++) {
            scalars[k] = (float) rates()[step * StepRange.RATES + k];
        }
        for (int i = 0; i < op.w().elements(); i++) {
            float[] operands = new float[tensors.size()];
            for (int k = 0; k < operands.length; k++) {
                operands[k] = values.get(tensors.get(k))[i];
            }
            float[] results = code.apply(operands, scalars);
            for (int k = 0; k < results.length; k++) {
                values.get(tensors.get(k == 0 ? 0 : k + 1))[i] = results[k];
            }
        }
    }

    private static Map<TensorRef, float[]> train(CudaBackend backend, List<Op> ops, Op.RuleUpdate op) {
        Program program = new Program("update", 8, ops, List.of(), List.of(), List.of());
        List<TensorRef> roots = tensors(op).stream().map(TensorRef::root).toList();
        try (Memory memory = backend.allocate(roots);
                Executable executable = backend.bind(List.of(program), List.of(memory), MemoryMode.ARENA)
                        .get(0)) {
            start(op).forEach((x, values) -> memory.write(x, HostTensor.of(x.shape(), values)));
            executable.run(new StepRange(4, STEPS, 0, 8, 1, rates()));
            Map<TensorRef, float[]> after = new LinkedHashMap<>();
            tensors(op).forEach(x -> after.put(x, memory.read(x).floats()));
            return after;
        }
    }

    @Test
    void equalTextsAreLoadedOnce() {
        Op.Map op = Formulas.maps().get(0);
        try (CudaBackend backend = open(DEVICES.get(0), false);
                Device.Scope scope = backend.device().enter()) {
            String text = PtxWriter.map("map_relu", op.function().code(), ExpressionKernels.operands(op));
            assertThat(backend.modules().written("map_relu", text))
                    .isSameAs(backend.modules().written("map_relu", new String(text)));
        }
    }
}
