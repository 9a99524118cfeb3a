package dev.weft.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.op.Op;
import dev.weft.op.expr.Expr;
import dev.weft.op.expr.Rule;
import dev.weft.tensor.DType;
import dev.weft.tensor.Shape;
import dev.weft.tensor.TensorRef;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuleOptimizerTest {
    private static final TensorRef W = TensorRef.unbatched("w", DType.REAL, Shape.of(4));

    private static Op.Update update(Optimizer optimizer, String parameter) {
        List<TensorRef> state = IntStream.range(0, optimizer.slots())
                .mapToObj(k -> W.like("s" + k))
                .toList();
        return optimizer.update("o", W, W.like("dw"), state, optimizer.group(parameter), 1);
    }

    /** A rule of one's own, written as somebody would who does not know {@link Rules}. */
    private static Rule ownAdam(double beta1) {
        return Rule.of("mine", 2, (w, g, s, r) -> {
            Expr m = s.get(0).times(beta1).plus(g.times(1 - beta1));
            Expr v = s.get(1).times(0.999).plus(g.times(g).times(1 - 0.999));
            Expr mHat = m.times(r.ofStep(t -> 1 / (1 - Math.pow(beta1, t))));
            Expr vHat = v.times(r.ofStep(t -> 1 / (1 - Math.pow(0.999, t))));
            return List.of(w.minus(r.learningRate().times(mHat.over(vHat.sqrt().plus(1e-8)))), m, v);
        });
    }

    @Test
    void whatIsSgdOrAdamTakesTheirOp() {
        Map<Optimizer, Optimizer> pairs = new LinkedHashMap<>();
        pairs.put(RuleOptimizer.of(ownAdam(0.9), 0.5), Adam.of(0.5));
        pairs.put(RuleOptimizer.of(ownAdam(0.9), 0.5).decoupledWeightDecay(0.25), Adam.adamW(0.5, 0.25));
        pairs.put(Optimizers.of("adamw:weight-decay=0.25"), Adam.adamW(0.5, 0.25));
        pairs.put(Optimizers.of("sgd"), Sgd.of(1));
        pairs.put(
                Optimizers.of("momentum").weightDecay(0.25),
                Sgd.of(1).momentum(0.9).weightDecay(0.25));
        pairs.put(Optimizers.of("nesterov"), Sgd.of(1).momentum(0.9).withNesterov());
        pairs.put(
                Optimizers.of("adam").decoupledWeightDecay(0.5).group(name -> name.equals("w"), 0.25, 0.125),
                Adam.adamW(1, 0.5).group(name -> name.equals("w"), 0.25, 0.125));
        pairs.forEach((rule, own) -> assertThat(update(rule, "w")).isEqualTo(update(own, "w")));
        assertThat(List.of(
                        RuleOptimizer.of(ownAdam(0.8), 0.5),
                        RuleOptimizer.of(ownAdam(0.9), 0.5).weightDecay(0.25),
                        RuleOptimizer.of(ownAdam(0.9), 0.5).decoupledElasticNet(0.1, 0.25),
                        RuleOptimizer.of(ownAdam(0.9), 0.5).accumulate(2),
                        Optimizers.of("momentum:momentum=0.8"),
                        Optimizers.of("amsgrad")))
                .allSatisfy(rule -> assertThat(update(rule, "w")).isInstanceOf(Op.RuleUpdate.class));
    }

    @Test
    void whatIsSetLastCountsAndTheOrderOfTheRestDoesNot() {
        RuleOptimizer lion = Optimizers.of("lion", 0.5);
        assertThat(update(lion.weightDecay(0.5).decoupledWeightDecay(0.25), "w"))
                .isEqualTo(update(lion.decoupledWeightDecay(0.25), "w"));
        assertThat(update(
                        lion.clipValue(1)
                                .averaged(0.9)
                                .accumulate(2)
                                .weightDecay(0.5)
                                .lookahead(5, 0.5),
                        "w"))
                .isEqualTo(update(
                        lion.lookahead(5, 0.5)
                                .weightDecay(0.5)
                                .accumulate(2)
                                .clipValue(1)
                                .averaged(0.9),
                        "w"));
        assertThat(lion.averaged(0.9).accumulate(2).averageSlot()).isEqualTo(2);
        assertThat(lion.accumulate(2).averageSlot()).isEqualTo(-1);
        assertThat(lion.clipNorm(2).clipGlobalNorm(3).clip()).isEqualTo(Clip.globalNorm(3));
        assertThat(lion.clip()).isEqualTo(Clip.NONE);
    }

    @Test
    void aGroupHasItsDecayWithoutOneOfTheOptimizer() {
        RuleOptimizer lion = Optimizers.of("lion", 0.5);
        assertThat(update(lion.group(name -> name.equals("w"), 1, 0.25), "w"))
                .isEqualTo(update(lion.weightDecay(0.25), "w"));
        assertThat(update(lion.group(name -> name.equals("w"), 1, 0.25), "other"))
                .isEqualTo(update(lion, "other"));
    }

    @Test
    void argumentsOutOfRangeAreRefusedByName() {
        RuleOptimizer sgd = Optimizers.of("sgd");
        Map<String, ThrowingCallable> wrong = new LinkedHashMap<>();
        wrong.put("learning rate must be at least 0.0", () -> sgd.learningRate(-1));
        wrong.put("momentum must be at least 0.0 and below 1.0, got 1.0", () -> Rules.sgd(1, true));
        wrong.put("epsilon must be at least 4.9E-324", () -> Rules.adagrad(0));
        wrong.put("decay must be at least 0.0 and below 1.0, got 2.0", () -> Rules.rmsprop(2, 1, 0, false));
        wrong.put("beta1 must be", () -> Rules.nadam(-1, 0.9, 1, 0));
        wrong.put("beta2 must be", () -> Rules.lion(0.9, 1));
        wrong.put("L1 must be at least 0.0", () -> sgd.elasticNet(-1, 0));
        wrong.put("weight decay must be", () -> sgd.decoupledWeightDecay(Double.NaN));
        wrong.put("clipping limit must be", () -> sgd.clipGlobalNorm(0));
        wrong.put("accumulated steps must be at least 1, got 0", () -> sgd.accumulate(0));
        wrong.put("lookahead steps must be at least 1, got -1", () -> sgd.lookahead(-1, 0.5));
        wrong.put("share must be at least 0.0 and below 1.0000000000000002, got 1.5", () -> sgd.lookahead(1, 1.5));
        wrong.put("decay must be at least 0.0 and below 1.0, got 1.0", () -> sgd.averaged(1));
        wrong.forEach((message, make) -> assertThatThrownBy(make)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message));
    }

    @Test
    void moreNumbersOfTheStepThanThereIsRoomForAreRefused() {
        RuleOptimizer nadam = Optimizers.of("nadam").accumulate(2).lookahead(5, 0.5);
        assertThat(nadam.corrections()).isEqualTo(6);
        assertThatThrownBy(() -> nadam.averaged(0.9))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("rule lookahead nadam has 8 numbers of the step, there is room for 7");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sgdd | there is no optimizer 'sgdd'; there are sgd, momentum, nesterov, adagrad, adadelta, rmsprop",
                "adam:beta=1 | optimizer adam has no setting 'beta'; it has beta1, beta2, epsilon",
                "sgd:momentum=0.9 | optimizer sgd has no setting 'momentum'; it has none",
                "momentum:momentum=1.5 | optimizer momentum: momentum must be at least 0.0 and below 1.0, got 1.5",
                "rmsprop:centred=yes | optimizer rmsprop: centred must be true or false, got 'yes'",
                "lion:beta1 | optimizer 'lion:beta1': settings are name=value, got 'beta1'"
            })
    void aNameThatIsNoneIsRefusedWithWhatThereIs(String text, String message) {
        assertThatThrownBy(() -> Optimizers.of(text))
                .isInstanceOf(WeftException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "adagrad:epsilon=1e-8",
                "adadelta:decay=0.9,epsilon=1e-7",
                "rmsprop:decay=0.99,momentum=0.5,centred=true,epsilon=0.001",
                "adamax:beta1=0.8,beta2=0.9,epsilon=1e-7",
                "nadam:beta1=0.8,schedule-decay=0.002",
                "nadamw:weight-decay=0.1",
                "radam:beta2=0.99",
                "lion:beta1=0.95,beta2=0.98"
            })
    void settingsChangeTheFormula(String text) {
        assertThat(update(Optimizers.of(text), "w"))
                .isNotEqualTo(update(Optimizers.of(text.replaceAll(":.*", "")), "w"));
        assertThat(Optimizers.of(text).learningRate())
                .isEqualTo(Optimizers.of(text).learningRate());
        assertThat(Optimizers.of(text, 0.375).learningRate()).isEqualTo(0.375);
    }

    @Test
    void everyNameMakesAnOptimizer() {
        assertThat(Optimizers.names()).hasSize(14);
        assertThat(Optimizers.names())
                .allSatisfy(name ->
                        assertThat(update(Optimizers.of(name), "w").inputs()).isNotEmpty());
    }
}
