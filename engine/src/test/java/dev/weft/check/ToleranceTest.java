package dev.weft.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.backend.OpTable;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ToleranceTest {
    private static final double U = 0x1p-24;
    private static final TensorRef X = TensorRef.batched("x", DType.REAL, Shape.of(1));
    private static final TensorRef Y = TensorRef.batched("y", DType.REAL, Shape.of(1));

    @Test
    void everyKindOfOpHasOne() {
        assertThat(Tolerance.kinds()).containsExactlyInAnyOrderElementsOf(OpTable.allKinds());
    }

    @Test
    void reluIsExactAndSigmoidIsNot() {
        assertThat(Tolerance.of(new Op.Activation("a", Op.Nonlinearity.RELU, X, Y)))
                .isZero();
        assertThat(Tolerance.of(new Op.Activation("a", Op.Nonlinearity.SIGMOID, X, Y)))
                .isPositive();
    }

    /** An addition may be off by one unit roundoff times the magnitude. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, true",
        "1, 1, 1.00000005, true",
        "1, 1, 1.0000001, false",
        "1, 4, 1.0000001, true",
        "0, 0, 1e-39, true",
        "0, 0, 1e-37, false",
        "0, 1, 1e-8, true",
        "0, 1, 1e-7, false",
        "NaN, NaN, NaN, true",
        "NaN, NaN, 1, false",
        "1, 1, NaN, false",
        "Infinity, Infinity, Infinity, true",
        "Infinity, Infinity, -Infinity, false",
        "Infinity, Infinity, 3e38, false",
        "1, 1, Infinity, false",
        "1e39, 1e39, Infinity, true",
        "1, NaN, 2, false",
        "1, Infinity, 2, false",
        "-0.0, 0, 0, true"
    })
    void anAdditionMayDifferByARounding(double expected, double magnitude, double actual, boolean equal) {
        Op add = new Op.Add("a", X, X, Y);
        assertThat(compare(add, expected, magnitude, actual).equal()).isEqualTo(equal);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, true", "1, 1.0000001, false", "0.1, 0.1, true", "0, 1e-45, false", "NaN, NaN, true"})
    void aCopyMayNotDifferAtAll(double expected, float actual, boolean equal) {
        Op copy = new Op.Reshape("a", X, Y);
        assertThat(compare(copy, expected, 1e9, actual).equal()).isEqualTo(equal);
    }

    private static Difference compare(Op op, double expected, double magnitude, double actual) {
        Shape one = Shape.of(1);
        return Difference.of(
                0, op, Y, HostTensor.of(one, expected), HostTensor.of(one, magnitude), HostTensor.of(one, actual), U);
    }

    @Test
    void theWorstElementIsNamedByItsPlace() {
        Shape shape = Shape.of(2, 3);
        TensorRef y = TensorRef.batched("y", DType.REAL, shape);
        Difference difference = Difference.of(
                7,
                new Op.Add("sum", y, y, TensorRef.batched("z", DType.REAL, shape)),
                y,
                HostTensor.of(shape, 1.0, 2, 3, 4, 5, 6),
                HostTensor.of(shape, 1.0, 2, 3, 4, 5, 6),
                HostTensor.of(shape, 1.0, 2, 3, 4, 5.5, 6.1),
                U);
        assertThat(difference.worst()).isEqualTo(4);
        assertThat(difference.maxAbsolute()).isEqualTo(0.5);
        assertThat(difference.maxRelative()).isEqualTo(0.1);
        assertThat(difference.toString()).contains("op 7 sum add").contains("y[1,1] is 5.5, the reference has 5.0");
    }

    @Test
    void integersMustBeEqual() {
        TensorRef mask = TensorRef.batched("mask", DType.U8, Shape.of(2));
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(2));
        Op op = new Op.Dropout("d", x, 1, 1, 1, x.like("y"), mask);
        HostTensor one = HostTensor.of(Shape.of(2), (byte) 0, (byte) 1);
        HostTensor other = HostTensor.of(Shape.of(2), (byte) 1, (byte) 1);
        assertThat(Difference.of(0, op, mask, one, null, one, U).equal()).isTrue();
        assertThat(Difference.of(0, op, mask, one, null, other, U).equal()).isFalse();
    }

    @Test
    void anUnknownPrecisionIsRefused() {
        assertThatThrownBy(() -> Precision.of(0.1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Precision.of(0x1p-24).round(0.1)).isEqualTo(0.1f);
        assertThat(Precision.of(0x1p-53).round(0.1)).isEqualTo(0.1);
    }
}
