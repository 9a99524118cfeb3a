package dev.weft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ShapeException;
import org.junit.jupiter.api.Test;

class ShapeTest {

    @Test
    void aTensorLongerThanAnArrayIsRefused() {
        TensorRef tensor = TensorRef.batched("conv1", DType.REAL, Shape.of(1 << 10, 1 << 11, 1 << 10));
        assertThatThrownBy(tensor::elements)
                .isInstanceOf(ShapeException.class)
                .hasMessage("conv1: shape [1024,2048,1024] has 2,147,483,648 elements, more than 2^31 - 1:"
                        + " use a smaller batch");
    }

    @Test
    void knowsItsDimensionsAndElements() {
        Shape shape = Shape.of(64, 1, 28, 28);
        assertThat(shape.rank()).isEqualTo(4);
        assertThat(shape.get(2)).isEqualTo(28);
        assertThat(shape.elements()).isEqualTo(50176);
        assertThat(shape.elements(1, 3)).isEqualTo(28);
        assertThat(shape.elements(2, 2)).isEqualTo(1);
        assertThat(shape).hasToString("[64,1,28,28]");
    }

    @Test
    void theEmptyShapeHasOneElement() {
        assertThat(Shape.of().elements()).isEqualTo(1);
        assertThat(Shape.of().rank()).isZero();
        assertThat(Shape.of()).hasToString("[]");
    }

    @Test
    void gainsAndLosesTheBatch() {
        assertThat(Shape.of(3, 4).batch(5)).isEqualTo(Shape.of(5, 3, 4));
        assertThat(Shape.of(5, 3, 4).sample()).isEqualTo(Shape.of(3, 4));
        assertThat(Shape.of().batch(2)).isEqualTo(Shape.of(2));
    }

    @Test
    void equalDimensionsMakeEqualShapes() {
        assertThat(Shape.of(2, 3)).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3));
        assertThat(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2)).isNotEqualTo(Shape.of(2, 3, 1));
    }

    @Test
    void doesNotShareItsArray() {
        int[] dimensions = {2, 3};
        Shape shape = Shape.of(dimensions);
        dimensions[0] = 9;
        shape.toArray()[1] = 9;
        assertThat(shape).isEqualTo(Shape.of(2, 3));
    }

    @Test
    void refusesDimensionsBelowOneAndTooManyElements() {
        assertThatThrownBy(() -> Shape.of(3, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[3, 0]");
        int huge = Integer.MAX_VALUE;
        assertThatThrownBy(() -> Shape.of(huge, huge, huge))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 2^63 elements, got the shape [2147483647, 2147483647, 2147483647]");
        assertThat(Shape.of(huge, huge).elements()).isEqualTo((long) huge * huge);
    }

    @Test
    void aHostTensorNeedsAsManyValuesAsItsShape() {
        assertThat(HostTensor.of(Shape.of(2), (byte) -1, (byte) 1).get(0)).isEqualTo(255);
        assertThatThrownBy(() -> HostTensor.of(Shape.of(2, 2), 1f, 2f, 3f))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("3 values")
                .hasMessageContaining("[2,2]");
    }

    @Test
    void aViewMustLieInItsBase() {
        TensorRef flat = TensorRef.persistent("flat", DType.REAL, Shape.of(10), Role.PARAMETER);
        TensorRef view = flat.view("view", Shape.of(2, 3), 4);
        assertThat(view.root()).isEqualTo(flat);
        assertThat(view.elements()).isEqualTo(6);
        assertThatThrownBy(() -> flat.view("outside", Shape.of(2, 3), 5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("outside[2,3] at 5");
        assertThatThrownBy(() -> flat.view("before", Shape.of(1), -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TensorRef.persistent("x", DType.REAL, Shape.of(1), Role.TRANSIENT))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
