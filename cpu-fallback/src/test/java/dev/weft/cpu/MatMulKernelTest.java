package dev.weft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.backend.Backend;
import dev.weft.backend.Executable;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.program.MemoryMode;
import dev.weft.program.Program;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A product of several parts, whose panels are wide and whose sum is cut into pieces: the conformance cases are too small
 * for that. Its numbers are small integers, so that all sums are exact in any order.
 */
class MatMulKernelTest {
    private static final int ROWS = 1050;
    private static final int INNER = 1030;
    private static final int COLUMNS = 475;

    @ParameterizedTest
    @CsvSource({
        "true, false, false",
        "true, false, true",
        "true, true, false",
        "true, true, true",
        "false, false, false",
        "false, true, true"
    })
    void isTheProductOfTheMatrices(boolean vector, boolean transposeA, boolean transposeB) {
        TensorRef a = matrix("a", transposeA ? INNER : ROWS, transposeA ? ROWS : INNER);
        TensorRef b = matrix("b", transposeB ? COLUMNS : INNER, transposeB ? INNER : COLUMNS);
        Op.MatMul op = new Op.MatMul("product", a, b, transposeA, transposeB, matrix("c", ROWS, COLUMNS));
        Program program = new Program("product", 1, List.of(op), List.of(a, b), List.of(op.c()), List.of());
        float[] left = integers(ROWS * INNER, 7);
        float[] right = integers(INNER * COLUMNS, 5);

        float[] product;
        try (Backend backend = new CpuBackend(2, vector ? new VectorPrimitives() : new ScalarPrimitives(), "");
                Executable executable = backend.bind(List.of(program), List.of(), MemoryMode.ARENA)
                        .get(0)) {
            executable.write(a, HostTensor.of(a.shape(), transposeA ? transposed(left, ROWS, INNER) : left));
            executable.write(b, HostTensor.of(b.shape(), transposeB ? transposed(right, INNER, COLUMNS) : right));
            executable.run(StepRange.single(0, 1));
            product = executable.read(op.c()).floats();
        }

        assertThat(Arrays.mismatch(product, expected(left, right)))
                .as("the first element that differs")
                .isEqualTo(-1);
    }

    private static TensorRef matrix(String name, int rows, int columns) {
        return TensorRef.unbatched(name, DType.REAL, Shape.of(rows, columns));
    }

    /** Integers from -2 or -3 on, without a period that divides a row. */
    private static float[] integers(int count, int values) {
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (i + i / 997) % values - values / 2;
        }
        return x;
    }

    private static float[] transposed(float[] x, int rows, int columns) {
        float[] y = new float[x.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                y[j * rows + i] = x[i * columns + j];
            }
        }
        return y;
    }

    private static float[] expected(float[] a, float[] b) {
        float[] c = new float[ROWS * COLUMNS];
        for (int i = 0; i < ROWS; i++) {
            for (int k = 0; k < INNER; k++) {
                for (int j = 0; j < COLUMNS; j++) {
                    c[i * COLUMNS + j] += a[i * INNER + k] * b[k * COLUMNS + j];
                }
            }
        }
        return c;
    }
}
