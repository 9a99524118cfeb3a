package dev.weft.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ShapeException;
import dev.weft.backend.StepRange;
import dev.weft.op.Op;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class OptimizerTest {
    private static final TensorRef W = TensorRef.unbatched("w", DType.REAL, Shape.of(4));

    @Test
    void argumentsOutOfRangeAreRefusedByName() {
        Map<String, ThrowingCallable> wrong = Map.of(
                "learning rate must be at least 0.0 and below Infinity, got -1.0", () -> Sgd.of(-1),
                "learning rate must be at least 0.0 and below Infinity, got NaN", () -> Adam.of(Double.NaN),
                "momentum must be at least 0.0 and below 1.0, got 1.0",
                        () -> Sgd.of(1).momentum(1),
                "weight decay must be at least 0.0 and below Infinity, got -0.1",
                        () -> Sgd.of(1).weightDecay(-0.1),
                "Nesterov's form needs a momentum", () -> Sgd.of(1).withNesterov(),
                "beta1 must be at least 0.0 and below 1.0, got 1.5",
                        () -> Adam.of(1).betas(1.5, 0.9),
                "beta2 must be at least 0.0 and below 1.0, got -1.0",
                        () -> Adam.of(1).betas(0.9, -1),
                "epsilon must be at least 4.9E-324 and below Infinity, got 0.0",
                        () -> Adam.of(1).epsilon(0),
                "weight decay must be at least 0.0 and below Infinity, got Infinity",
                        () -> Adam.adamW(1, Double.POSITIVE_INFINITY),
                "learning rate scale must be at least 0.0 and below Infinity, got -0.5",
                        () -> Sgd.of(1).group(name -> true, -0.5, 0));
        wrong.forEach((message, make) -> assertThatThrownBy(make)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message));
    }

    @Test
    void momentumTakesOneSlotAndAdamTwo() {
        assertThat(Sgd.of(0.1).slots()).isZero();
        assertThat(Sgd.of(0.1).momentum(0.9).slots()).isEqualTo(1);
        assertThat(Adam.of(0.1).slots()).isEqualTo(2);
    }

    @Test
    void updatesCarryTheSettings() {
        ParameterGroup group = new ParameterGroup(name -> true, 0.5, 0.25);
        assertThat(Sgd.of(0.1)
                        .momentum(0.9)
                        .withNesterov()
                        .update("o", W, W.like("dw"), List.of(W.like("v")), group, 0))
                .isEqualTo(new Op.SgdUpdate("o", W, W.like("dw"), W.like("v"), 0.9, true, 0.25, 0.5, 0));
        assertThat(Adam.of(0.1)
                        .betas(0.8, 0.95)
                        .epsilon(1e-6)
                        .update("o", W, W.like("dw"), List.of(W.like("m"), W.like("v")), group, 1))
                .isEqualTo(new Op.AdamUpdate(
                        "o", W, W.like("dw"), W.like("m"), W.like("v"), 0.8, 0.95, 1e-6, 0.25, 0.5, 1));
    }

    @Test
    void theFirstGroupThatHoldsCounts() {
        for (Optimizer optimizer : List.of(
                Sgd.of(1)
                        .weightDecay(0.1)
                        .group(n -> n.endsWith("bias"), 2, 0)
                        .group(n -> n.startsWith("conv"), 0, 0.5),
                Adam.of(1)
                        .weightDecay(0.1)
                        .group(n -> n.endsWith("bias"), 2, 0)
                        .group(n -> n.startsWith("conv"), 0, 0.5))) {
            assertThat(optimizer.group("conv1.bias").learningRateScale()).isEqualTo(2);
            assertThat(optimizer.group("conv1.bias").weightDecay()).isZero();
            assertThat(optimizer.group("conv1.weight").learningRateScale()).isZero();
            assertThat(optimizer.group("linear1.weight").learningRateScale()).isEqualTo(1);
            assertThat(optimizer.group("linear1.weight").weightDecay()).isEqualTo(0.1);
        }
    }

    @Test
    void adamCorrectsTheBiasOfItsMomentsAndSgdHasNone() {
        Adam adam = Adam.of(1);
        assertThat(adam.corrections()).isEqualTo(2);
        assertThat(adam.correction(0, 1)).isCloseTo(10, within(1e-12));
        assertThat(adam.correction(1, 1)).isCloseTo(1000, within(1e-9));
        assertThat(adam.correction(0, 2)).isCloseTo(1 / 0.19, within(1e-12));
        assertThat(adam.correction(0, 1_000_000)).isEqualTo(1);
        assertThat(Sgd.of(1).corrections()).isZero();
    }

    @Test
    void ratesOfARangeOfStepsComeFromOptimizerAndSchedule() {
        double[] rates = new double[3 * 2 * StepRange.RATES];
        StepRange range = new StepRange(9, 3, 90, 10, 2, rates);
        range.fillRates(0, Sgd.of(0.25), Schedule.constant(), 100, 10);
        range.fillRates(1, Adam.of(0.5), Schedule.step(1, 0.1), 100, 10);
        assertThat(rates).startsWith(0.25, 0, 0, 0, 0, 0, 0, 0, 0.5, Adam.of(1).correction(0, 10));
        for (int i = 0; i < 3; i++) {
            assertThat(range.learningRate(i, 0)).isEqualTo(0.25);
        }
        assertThat(range.learningRate(0, 1)).isEqualTo(0.5);
        assertThat(range.learningRate(1, 1)).isCloseTo(0.05, within(1e-15));
        assertThat(range.correction(0, 1, 0)).isEqualTo(Adam.of(1).correction(0, 10));
        assertThat(range.correction(2, 1, 1)).isEqualTo(Adam.of(1).correction(1, 12));
        StepRange last = range.at(2, 10);
        assertThat(last.first()).isEqualTo(11);
        assertThat(last.offset()).isEqualTo(110);
        assertThat(last.count()).isEqualTo(1);
        assertThat(last.learningRate(0, 0)).isEqualTo(0.25);
        assertThat(last.learningRate(0, 1)).isEqualTo(range.learningRate(2, 1));
        assertThat(last.correction(0, 1, 1)).isEqualTo(range.correction(2, 1, 1));
    }

    @Test
    void aRangeNeedsRatesForAllOptimizersOfAllSteps() {
        assertThatThrownBy(() -> new StepRange(0, 2, 0, 1, 3, new double[47]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 steps of 3 optimizers need 48 rates")
                .hasMessageContaining("got 47");
        assertThatThrownBy(() -> new StepRange(0, 2, 0, 1, 0, new double[6]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 1 optimizer");
    }

    @Test
    void aListingShowsTheNumberOfAllOptimizersButTheFirst() {
        Op first =
                Sgd.of(0.1).update("o", W, W.like("dw"), List.of(), Sgd.of(0.1).group("w"), 0);
        Op second =
                Sgd.of(0.1).update("o", W, W.like("dw"), List.of(), Sgd.of(0.1).group("w"), 1);
        assertThat(first.attributes()).isEmpty();
        assertThat(second.attributes()).isEqualTo("optimizer 1");
        List<TensorRef> moments = List.of(W.like("m"), W.like("v"));
        Op third =
                Adam.of(0.1).update("o", W, W.like("dw"), moments, Adam.of(0.1).group("w"), 2);
        assertThat(third.attributes()).isEqualTo("beta1 0.9 beta2 0.999 epsilon 1.0E-8 optimizer 2");
        assertThatThrownBy(() -> Sgd.of(0.1)
                        .update("o", W, W.like("dw"), List.of(), Sgd.of(0.1).group("w"), -1))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("counted from 0, got -1");
    }
}
