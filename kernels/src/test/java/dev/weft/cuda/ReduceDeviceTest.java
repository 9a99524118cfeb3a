package dev.weft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.cuda.ReduceKernels.Plan;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.random.Philox;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Reductions of every form, and one-hot rows, against plain Java. */
@ExtendWith(TestDevice.class)
class ReduceDeviceTest {
    private static CudaBackend open(String device) {
        TestDevice.configure(device);
        return new CudaBackend(0, Candidates.TABLE, CudaBackend.Options.DEFAULT);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "1, 3, 1",
        "5, 1, 7",
        "33, 10, 1",
        "7, 784, 1",
        "3, 5000, 1",
        "1, 300000, 1",
        "2, 9, 3",
        "4, 70, 17",
        "1, 4, 1000",
        "1, 2000, 33",
        "3, 129, 64"
    })
    void reducesOnEveryDeviceToTheSameBits(int a, int r, int b) {
        for (Op.Reduction reduction : Op.Reduction.values()) {
            TensorRef x = TensorRef.unbatched("x", DType.REAL, Shape.of(a, r, b));
            TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(a, b));
            Op.Reduce op = new Op.Reduce("reduce", reduction, x, 1, 2, y);
            float[] values = numbers(x.elements());
            float[] first = run("sms=2;cc=7.5;blocks=shuffled", op, x, values, 1);
            assertThat(run("sms=132;cc=9.0", op, x, values, 1)).containsExactly(first);
            for (int i = 0; i < first.length; i++) {
                int at = i / b * r * b + i % b;
                double[] terms = new double[r];
                Arrays.setAll(terms, k -> values[at + k * b]);
                assertThat((double) first[i])
                        .as("%s %d", reduction, i)
                        .isEqualTo(of(reduction, terms), error(reduction));
            }
        }
    }

    private static Offset<Double> error(Op.Reduction reduction) {
        return reduction == Op.Reduction.MAX ? within(0.0) : within(1e-3);
    }

    private static double of(Op.Reduction reduction, double[] terms) {
        double sum = Arrays.stream(terms).sum();
        return switch (reduction) {
            case SUM -> sum;
            case MEAN -> sum / terms.length;
            case MAX -> Arrays.stream(terms).max().orElseThrow();
        };
    }

    /** Padding holds NaN. */
    @ParameterizedTest
    @EnumSource(Op.Reduction.class)
    void rowsThatAreNoneDoNotCount(Op.Reduction reduction) {
        for (int[] shape : new int[][] {{8, 3, 5}, {4000, 3, 5}, {20000, 3, 1}}) {
            for (int to = 1; to <= 3; to++) {
                int rows = shape[0];
                int valid = rows / 2 + 1;
                int row = shape[1] * shape[2];
                int b = to == 1 ? row : to == 2 ? shape[2] : 1;
                TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(shape));
                int[] kept = Arrays.copyOfRange(shape, to, 3);
                TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(kept.length == 0 ? new int[] {1} : kept));
                float[] values = numbers(x.elements());
                Arrays.fill(values, valid * row, values.length, Float.NaN);
                float[] actual = run("sms=16", new Op.Reduce("reduce", reduction, x, 0, to, y), x, values, valid);
                for (int i = 0; i < b; i++) {
                    int column = i;
                    double[] terms = new double[valid * row / b];
                    Arrays.setAll(terms, k -> values[k * b + column]);
                    assertThat((double) actual[i]).isEqualTo(of(reduction, terms), error(reduction));
                }
            }
        }
    }

    @Test
    void aNanIsTheLargestWhereverItIs() {
        for (int r : new int[] {1, 9, 5000}) {
            for (int at : new int[] {0, r / 2, r - 1}) {
                TensorRef x = TensorRef.unbatched("x", DType.REAL, Shape.of(r));
                TensorRef y = TensorRef.unbatched("y", DType.REAL, Shape.of(1));
                float[] values = numbers(r);
                values[at] = Float.NaN;
                Op.Reduce op = new Op.Reduce("reduce", Op.Reduction.MAX, x, 0, 1, y);
                assertThat(run("sms=16", op, x, values, 1)).containsExactly(Float.NaN);
                Arrays.fill(values, Float.NEGATIVE_INFINITY);
                assertThat(run("sms=16", op, x, values, 1)).containsExactly(Float.NEGATIVE_INFINITY);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2147483647, 1",
        "1, 60000000, 32",
        "1, 2, 1000000000",
        "1000000, 2000, 1",
        "7, 1, 1",
        "128, 1000, 30"
    })
    void runningSumsAreShortAndThreadsNotIdle(int a, int r, int b) {
        Plan plan = Plan.of(a, r, b);
        int lanes = 1 << plan.logLanes();
        assertThat((plan.part() - 1) / lanes).isLessThan(2048);
        assertThat((long) plan.slots() * plan.part()).isGreaterThanOrEqualTo(r);
        assertThat((plan.slots() - 1L) * plan.part()).isLessThan(r);
        assertThat(plan.slots()).isLessThanOrEqualTo(Grid.MAX_YZ);
        Plan combining = Plan.whole(a, plan.slots(), b);
        assertThat(combining.slots()).isEqualTo(1);
        assertThat(plan.slots() >> combining.logLanes()).isLessThanOrEqualTo(2048);
        assertThat(1 << plan.logColumns() + plan.logLanes()).isBetween(1, 256);
    }

    @Test
    void oneHotRows() {
        for (int classes : new int[] {1, 2, 3, 4, 10, 33}) {
            TensorRef labels = TensorRef.batched("labels", DType.I32, Shape.of(13, 3));
            TensorRef y = TensorRef.batched("y", DType.REAL, Shape.of(13, 3, classes));
            int[] values = new int[39];
            Arrays.setAll(values, i -> i * 7 % (classes + 1) - (i == 20 ? 1_000_000 : 0));
            List<Float> expected = new ArrayList<>();
            for (int label : values) {
                for (int j = 0; j < classes; j++) {
                    expected.add(j == label ? 1f : 0f);
                }
            }
            Op op = new Op.OneHot("one_hot", labels, y);
            float[] actual = run("sms=2", op, labels, HostTensor.of(labels.shape(), values), 13);
            assertThat(actual).containsExactly(expected.toArray(Float[]::new));
        }
    }

    private static float[] numbers(int n) {
        Philox.Sequence random = Philox.sequence(3, "numbers", 0);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt() * 0x1p-31f;
        }
        return x;
    }

    private static float[] run(String device, Op op, TensorRef x, float[] values, int validRows) {
        return run(device, op, x, HostTensor.of(x.shape(), values), validRows);
    }

    private static float[] run(String device, Op op, TensorRef x, HostTensor values, int validRows) {
        TensorRef y = op.outputs().get(0);
        int batch = x.batched() ? x.shape().get(0) : 1;
        Program program = new Program("reduce", batch, List.of(op), List.of(x), List.of(y), List.of());
        try (CudaBackend backend = open(device);
                Executable executable = backend.bind(List.of(program), List.of(), MemoryMode.POISONED_ARENA)
                        .get(0)) {
            executable.write(x, values);
            executable.run(StepRange.single(0, validRows));
            return executable.read(y).floats();
        }
    }
}
