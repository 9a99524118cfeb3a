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
import java.util.Set;
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
        return new Op.Activation(y.name(), Op.Nonlinearity.TANH, x, y);
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

    @Test
    void anOpWithoutAGradientRuleIsNamedAndNotTheParameterBehindIt() {
        TensorRef part = TensorRef.batched("part", DType.REAL, Shape.of(2));
        TensorRef z = tensor("z");
        assertThatThrownBy(() -> backward(List.of(
                        tanh(X, A),
                        new Op.BiasGradient("sums", A, part),
                        new Op.Activation("next", Op.Nonlinearity.TANH, part, part.like("b")),
                        new Op.AddBias("y", z, part.like("b"), Y))))
                .isInstanceOf(WeftException.class)
                .hasMessageContaining("sums bias_gradient a[2,2] -> part[2] has no gradient rule")
                .hasMessageContaining("Op.Differentiable");
        // one behind the other: the one that is nearer to the loss
        assertThatThrownBy(() -> backward(List.of(
                        new Op.ActivationBackward("first", Op.Nonlinearity.TANH, X, X, A), softmaxBackward(A, Y))))
                .hasMessageContaining("second softmax_backward a[2,2], a[2,2] -> y[2,2] has no gradient rule");
        // fine where no parameter lies before it
        assertThat(Autodiff.backward(List.of(softmaxBackward(z, A), new Op.Add("y", A, X, Y)), Y, DY, Map.of(X, DX)))
                .hasSize(1);
    }

    private static Op softmaxBackward(TensorRef x, TensorRef y) {
        return new Op.SoftmaxBackward("second", x, x, y);
    }

    @Test
    void whatARuleLeavesOutIsNamed() {
        TensorRef rows = TensorRef.batched("rows", DType.REAL, Shape.of(2));
        TensorRef labels = TensorRef.batched("labels", DType.I32, Shape.of(2));
        Op loss = new Op.SoftmaxCrossEntropy("loss", X, labels, A, rows);
        assertThatThrownBy(() -> backward(List.of(loss, tanh(A, Y))))
                .hasMessageContaining("loss softmax_cross_entropy")
                .hasMessageContaining("has no gradient rule for a[2,2]");
        assertThatThrownBy(() -> backward(List.of(
                        loss,
                        tanh(A, B),
                        new Op.Reshape("r", rows, rows.like("b")),
                        new Op.AddBias("y", B, rows.like("b"), Y))))
                .hasMessageContaining("loss softmax_cross_entropy")
                .hasMessageContaining("has no gradient rule for a[2,2]");
    }

    @Test
    void aTensorThatIsAlsoATargetGetsBothGradients() {
        TensorRef rows = TensorRef.batched("rows", DType.REAL, Shape.of(2));
        TensorRef drows = rows.like("drows");
        List<Op> forward = List.of(tanh(X, A), new Op.SquaredError("error", A, X, rows));
        assertThat(Autodiff.backward(forward, rows, drows, Map.of(X, DX)))
                .extracting(Program::describe)
                .containsExactly(
                        "error squared_error_backward a[2,2], x[2,2], drows[2] -> d(a)[2,2]",
                        "error squared_error_backward x[2,2], a[2,2], drows[2] -> d(x)#0[2,2]",
                        "a activation_backward a[2,2], d(a)[2,2] -> d(x)#1[2,2]",
                        "a add d(x)#0[2,2], d(x)#1[2,2] -> dx[2,2]");
    }

    @Test
    void contributionsAreAddedAsTheyArrive() {
        TensorRef c = tensor("c");
        TensorRef ab = tensor("ab");
        List<Op> forward =
                List.of(tanh(X, A), tanh(X, B), tanh(X, c), new Op.Add("ab", A, B, ab), new Op.Add("y", ab, c, Y));
        assertThat(backward(forward))
                .containsExactly(
                        "c activation_backward c[2,2], dy[2,2] -> d(x)#0[2,2]",
                        "b activation_backward b[2,2], dy[2,2] -> d(x)#1[2,2]",
                        "b add d(x)#0[2,2], d(x)#1[2,2] -> d(x)+1[2,2]",
                        "a activation_backward a[2,2], dy[2,2] -> d(x)#2[2,2]",
                        "a add d(x)+1[2,2], d(x)#2[2,2] -> dx[2,2]");
    }

    @Test
    void gradientsStopAtAConstant() {
        assertThat(Autodiff.backward(
                        List.of(tanh(X, A), tanh(A, B), new Op.Add("y", A, B, Y)),
                        Y,
                        DY,
                        Map.of(X, DX),
                        Set.of(B),
                        "d2"))
                .extracting(Program::describe)
                .containsExactly("a activation_backward a[2,2], dy[2,2] -> dx[2,2]");
    }

    @Test
    void theGradientOfAPartIsFilledUpWithZeros() {
        TensorRef x = TensorRef.batched("x", DType.REAL, Shape.of(2, 5));
        TensorRef dx = x.like("dx");
        assertThat(Autodiff.backward(List.of(new Op.Slice("y", x, 1, 1, Y)), Y, DY, Map.of(x, dx)))
                .containsExactly(
                        new Op.Fill("y", 0, TensorRef.batched("dx.before", DType.REAL, Shape.of(2, 1))),
                        new Op.Fill("y", 0, TensorRef.batched("dx.after", DType.REAL, Shape.of(2, 2))),
                        new Op.Concat(
                                "y",
                                List.of(
                                        TensorRef.batched("dx.before", DType.REAL, Shape.of(2, 1)),
                                        DY,
                                        TensorRef.batched("dx.after", DType.REAL, Shape.of(2, 2))),
                                1,
                                dx));
    }
}
