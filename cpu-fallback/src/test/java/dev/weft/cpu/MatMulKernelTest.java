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
 * Products of several parts, whose panels are wide; of so many terms that the sum is cut into pieces, whatever a vector's
 * length; for both the conformance cases are too small; and of few columns, in groups of each width, with b as it lies or
 * packed. The numbers are small integers, so that all sums are exact in any order.
 */
class MatMulKernelTest {

    @ParameterizedTest
    @CsvSource({
        "true, 1050, 1030, 475, false, false",
        "true, 1050, 1030, 475, false, true",
        "true, 1050, 1030, 475, true, false",
        "true, 1050, 1030, 475, true, true",
        "true, 64, 64, 64, false, false",
        "true, 64, 64, 64, true, false",
        "true, 61, 8250, 116, false, false",
        "true, 61, 8250, 116, false, true",
        "true, 61, 8250, 116, true, false",
        "true, 61, 8250, 116, true, true",
        "true, 61, 8250, 16, false, false",
        "true, 103, 7, 128, false, false",
        "true, 103, 9, 112, false, true",
        "true, 35, 1, 100, false, false",
        "false, 1050, 1030, 475, false, false",
        "false, 1050, 1030, 475, true, true",
        "false, 35, 1030, 64, false, false",
        "false, 35, 9, 70, false, true"
    })
    void isTheProductOfTheMatrices(
            boolean vector, int rows, int inner, int columns, boolean transposeA, boolean transposeB) {
        TensorRef a = matrix("a", transposeA ? inner : rows, transposeA ? rows : inner);
        TensorRef b = matrix("b", transposeB ? columns : inner, transposeB ? inner : columns);
        Op.MatMul op = new Op.MatMul("product", a, b, transposeA, transposeB, matrix("c", rows, columns));
        Program program = new Program("product", 1, List.of(op), List.of(a, b), List.of(op.c()), List.of());
        float[] left = integers(rows * inner, 7);
        float[] right = integers(inner * columns, 5);

        float[] product;
        try (Backend backend = new CpuBackend(2, vector ? new VectorPrimitives() : new ScalarPrimitives(), "");
                Executable executable = backend.bind(List.of(program), List.of(), MemoryMode.ARENA)
                        .get(0)) {
            executable.write(a, HostTensor.of(a.shape(), transposeA ? transposed(left, rows, inner) : left));
            executable.write(b, HostTensor.of(b.shape(), transposeB ? transposed(right, inner, columns) : right));
            executable.run(StepRange.single(0, 1));
            product = executable.read(op.c()).floats();
        }

        assertThat(Arrays.mismatch(product, expected(left, right, rows, inner, columns)))
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

    private static float[] expected(float[] a, float[] b, int rows, int inner, int columns) {
        float[] c = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < inner; k++) {
                for (int j = 0; j < columns; j++) {
                    c[i * columns + j] += a[i * inner + k] * b[k * columns + j];
                }
            }
        }
        return c;
    }
}
