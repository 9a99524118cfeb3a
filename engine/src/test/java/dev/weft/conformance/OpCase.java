package dev.weft.conformance;

import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One op with the values of its inputs. The same description serves the comparison of backends, the check of the
 * reference against values worked out by hand, and the check of the gradient rule by finite differences.
 *
 * <p>REAL inputs that are not given are uniform random numbers, different for each case and the same in each run. All REAL
 * inputs are floats, so every backend computes from the same numbers.
 */
final class OpCase {
    /** Learning rate and corrections that are no round numbers, and not 1. */
    private static final double[] RATES = {0.0625, 3.7, 334.0, 0.71, 1.3, 0.21, 0.9, 2.3};

    private final String name;
    private final Op op;
    private final Map<TensorRef, HostTensor> inputs = new LinkedHashMap<>();
    private final Map<TensorRef, double[]> expected = new LinkedHashMap<>();
    private boolean smooth = true;
    private long step;
    private int offset;
    private int validRows;

    private OpCase(String name, Op op) {
        this.name = name;
        this.op = op;
        this.validRows = batch();
        for (TensorRef x : op.inputs()) {
            if (x.type() == DType.REAL) {
                uniform(x, -1, 1);
            }
        }
    }

    /** A case that is named by its geometry. */
    static OpCase of(Op op) {
        return of("", op);
    }

    /** A case with a word on what is special about it. */
    static OpCase of(String what, Op op) {
        String operands =
                op.inputs().isEmpty() ? op.outputs().toString() : op.inputs().toString();
        return new OpCase(
                List.of(op.name(), op.attributes(), operands, what).stream()
                        .filter(part -> !part.isEmpty())
                        .collect(Collectors.joining(" ")),
                op);
    }

    /** Sets a REAL input. */
    OpCase with(TensorRef x, double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return put(x, HostTensor.of(x.shape(), floats));
    }

    /** Sets an I32 or U8 input. */
    OpCase withIntegers(TensorRef x, int... values) {
        if (x.type() == DType.I32) {
            return put(x, HostTensor.of(x.shape(), values));
        }
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return put(x, HostTensor.of(x.shape(), bytes));
    }

    /** Sets a REAL input to random numbers of the interval. */
    OpCase uniform(TensorRef x, double low, double high) {
        Philox.Sequence random = random(x);
        float[] values = new float[x.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (low + (high - low) * random.nextUniform());
        }
        return put(x, HostTensor.of(x.shape(), values));
    }

    /** Sets an I32 or U8 input to random numbers of {@code 0 .. bound - 1}. */
    OpCase integers(TensorRef x, int bound) {
        Philox.Sequence random = random(x);
        int[] values = new int[x.elements()];
        Arrays.setAll(values, i -> random.nextInt(bound));
        return withIntegers(x, values);
    }

    /** Sets single elements of a REAL input that has values already. */
    OpCase set(TensorRef x, int element, double value) {
        ((float[]) inputs.get(x).array())[element] = (float) value;
        return this;
    }

    private Philox.Sequence random(TensorRef x) {
        return Philox.sequence(1, name + " " + x.name(), 0);
    }

    private OpCase put(TensorRef x, HostTensor values) {
        if (!op.inputs().contains(x)) {
            throw new IllegalArgumentException(x + " is no input of " + name);
        }
        inputs.put(x, values);
        return this;
    }

    /** What an output must be, worked out by hand. */
    OpCase expect(TensorRef y, double... values) {
        expected.put(y, values);
        return this;
    }

    /** Says that the op has no derivative at these inputs, or one that finite differences cannot see. */
    OpCase kink() {
        smooth = false;
        return this;
    }

    OpCase step(long number) {
        step = number;
        return this;
    }

    /** Where the batch begins in the order of the data set. */
    OpCase offset(int rows) {
        offset = rows;
        return this;
    }

    OpCase validRows(int rows) {
        validRows = rows;
        return this;
    }

    Op op() {
        return op;
    }

    Map<TensorRef, HostTensor> inputs() {
        return inputs;
    }

    Map<TensorRef, double[]> expected() {
        return expected;
    }

    boolean smooth() {
        return smooth;
    }

    /** The same where row n of each batched input is row {@code source[n]} of this one's. */
    OpCase withRows(int... source) {
        OpCase moved = new OpCase(name, op).step(step).offset(offset).validRows(validRows);
        inputs.forEach((x, values) -> {
            if (x.batched()) {
                Object from = values.array();
                int row = values.elements() / source.length;
                Object to = Array.newInstance(from.getClass().getComponentType(), values.elements());
                for (int n = 0; n < source.length; n++) {
                    System.arraycopy(from, source[n] * row, to, n * row, row);
                }
                moved.put(x, ofArray(x.shape(), to));
            } else {
                moved.put(x, values);
            }
        });
        return moved;
    }

    private static HostTensor ofArray(Shape shape, Object array) {
        if (array instanceof float[] floats) {
            return HostTensor.of(shape, floats);
        }
        return array instanceof int[] integers ? HostTensor.of(shape, integers) : HostTensor.of(shape, (byte[]) array);
    }

    StepRange range() {
        return new StepRange(step, 1, offset, validRows, 1, RATES);
    }

    /** Rows of the batch, or 1 where no operand has one. */
    int batch() {
        return operands().stream()
                .filter(TensorRef::batched)
                .mapToInt(tensor -> tensor.shape().get(0))
                .findFirst()
                .orElse(1);
    }

    Set<TensorRef> operands() {
        Set<TensorRef> operands = new LinkedHashSet<>(op.inputs());
        operands.addAll(op.outputs());
        return operands;
    }

    /** The program of this op alone. */
    Program program() {
        return new Program("case", batch(), List.of(op), transients(op.inputs()), transients(op.outputs()), List.of());
    }

    static List<TensorRef> transients(List<TensorRef> tensors) {
        return tensors.stream()
                .filter(tensor -> !tensor.root().role().persistent())
                .distinct()
                .toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
