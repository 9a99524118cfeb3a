package dev.weft.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which ops differentiation emits; that they are right is proved by finite differences on the reference. */
class AutodiffTest {
    private static final TensorRef X = tensor("x");
    private static final TensorRef A = tensor("a");
    private static final TensorRef B = tensor("b");
    private static final TensorRef Y = tensor("y");
    private static final TensorRef DY = tensor("dy");
    private static final TensorRef DX = tensor("dx");

    private static TensorRef tensor(String name) {
        return TensorRef.batched(name, DType.REAL, Shape.of(2, 2));
    }

    private static Op tanh(TensorRef x, TensorRef y) {
        return new Op.Activation(y.name(), Op.Function.TANH, x, y);
    }

    private static List<String> backward(List<Op> forward) {
        return Autodiff.backward(forward, Y, DY, Map.of(X, DX)).stream()
                .map(Program::describe)
                .toList();
    }

    @Test
    void aChainIsWalkedBackwards() {
        assertThat(backward(List.of(tanh(X, A), tanh(A, Y))))
                .containsExactly(
                        "y activation_backward y[2,2], dy[2,2] -> d(a)[2,2]",
                        "a activation_backward a[2,2], d(a)[2,2] -> dx[2,2]");
    }

    @Test
    void fanOutIsSummedIntoTheDestination() {
        assertThat(backward(List.of(tanh(X, A), tanh(X, B), new Op.Add("y", A, B, Y))))
                .containsExactly(
                        "b activation_backward b[2,2], dy[2,2] -> d(x)#0[2,2]",
                        "a activation_backward a[2,2], dy[2,2] -> d(x)#1[2,2]",
                        "a add d(x)#0[2,2], d(x)#1[2,2] -> dx[2,2]");
    }

    @Test
    void aGradientThatIsPassedOnIsCopiedToADestinationOnly() {
        assertThat(backward(List.of(new Op.Add("y", X, A, Y)))).containsExactly("y reshape dy[2,2] -> dx[2,2]");
        assertThat(backward(List.of(tanh(X, A), new Op.Add("y", A, B, Y))))
                .containsExactly("a activation_backward a[2,2], dy[2,2] -> dx[2,2]");
    }

    @Test
    void nothingIsEmittedForWhatNeedsNoGradient() {
        TensorRef w = TensorRef.unbatched("w", DType.REAL, Shape.of(2, 2));
        TensorRef data = tensor("data");
        List<Op> forward = List.of(tanh(data, A), new Op.MatMul("y", A, w, false, false, Y));
        assertThat(Autodiff.backward(forward, Y, DY, Map.of(w, w.like("dw"))))
                .extracting(Op::name)
                .containsExactly("mat_mul");
    }

    @Test
    void anOutputThatDoesNotLeadToTheLossTakesNoPart() {
        assertThat(backward(List.of(tanh(X, A), tanh(X, B), tanh(A, Y))))
                .containsExactly(
                        "y activation_backward y[2,2], dy[2,2] -> d(a)[2,2]",
                        "a activation_backward a[2,2], d(a)[2,2] -> dx[2,2]");
    }

    @Test
    void aTensorThatDoesNotAffectTheLossCannotBeTrained() {
        assertThatThrownBy(() -> backward(List.of(tanh(A, Y))))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("x[2,2] does not affect the loss");
    }
}
