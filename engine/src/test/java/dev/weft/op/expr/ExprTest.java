package dev.weft.op.expr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.conformance.FloatEvaluation;
import dev.weft.conformance.RandomExpressions;
import dev.weft.layer.Activations;
import java.util.List;
import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Test;

class ExprTest {
    private static final double STEP = 0x1p-16;

    /** Formulas of the derivatives at points where there is no kink, and the conventions at kinks. */
    @Test
    void derivativesAreThoseOfTheTextbooks() {
        assertThat(slope(Activations.relu(), -1)).isZero();
        assertThat(slope(Activations.relu(), 0)).isZero();
        assertThat(slope(Activations.relu(), 1)).isEqualTo(1);
        assertThat(slope(Activations.leakyRelu(0.01), 0)).isEqualTo(0.01);
        assertThat(slope(Activations.elu(1), 0)).isEqualTo(1);
        assertThat(slope(Activations.hardTanh(), 1)).isZero();
        assertThat(slope(Activations.hardTanh(), -1)).isZero();
        assertThat(slope(Function.of("abs", Expr::abs), 0)).isZero();
        assertThat(slope(Function.of("abs", Expr::abs), -2)).isEqualTo(-1);
        assertThat(slope(Function.of("sign", Expr::sign), 3)).isZero();
        assertThat(slope(Function.of("exp", Expr::exp), 2)).isEqualTo(Math.exp(2));
        assertThat(slope(Function.of("log", Expr::log), 4)).isEqualTo(0.25);
        assertThat(slope(Function.of("sqrt", Expr::sqrt), 4)).isEqualTo(0.25);
        assertThat(slope(Function.of("sin", Expr::sin), 1)).isEqualTo(Math.cos(1));
        assertThat(slope(Function.of("cos", Expr::cos), 1)).isEqualTo(-Math.sin(1));
        assertThat(slope(Activations.softplus(), -1000)).isZero();
        assertThat(slope(Activations.softplus(), 1000)).isEqualTo(1);
        assertThat(slope(Activations.silu(), 0)).isEqualTo(0.5);
        assertThat(slope(Activations.gelu(), 0)).isEqualTo(0.5);
        assertThat(slope(Activations.mish(), 0)).isCloseTo(0.6, within(1e-12));
    }

    private static double slope(Function function, double x) {
        return function.gradient(0).apply(x, 1);
    }

    @Test
    void activationsHaveTheValuesOfTheirPapers() {
        assertThat(Activations.gelu().apply(1)).isCloseTo(0.8413447460685429, within(1e-12));
        assertThat(Activations.geluTanh().apply(1)).isCloseTo(0.8411919906082768, within(1e-7));
        assertThat(Activations.selu().apply(-1)).isCloseTo(-1.1113307378125625, within(1e-12));
        assertThat(Activations.elu(2).apply(-1)).isCloseTo(2 * Math.expm1(-1), within(1e-12));
        assertThat(Activations.celu(2).apply(-1)).isCloseTo(2 * Math.expm1(-0.5), within(1e-12));
        assertThat(Activations.mish().apply(1)).isCloseTo(0.8650983882673103, within(1e-12));
        assertThat(Activations.silu().apply(1)).isCloseTo(0.7310585786300049, within(1e-12));
        assertThat(Activations.softsign().apply(-3)).isEqualTo(-0.75);
        assertThat(Activations.hardSigmoid().apply(1)).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(Activations.hardSwish().apply(1)).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(Activations.hardSwish().apply(-4)).isZero();
        assertThat(Activations.hardTanh().apply(-4)).isEqualTo(-1);
        assertThat(Activations.leakyRelu(0.25).apply(-4)).isEqualTo(-1);
        assertThat(Activations.exponential().apply(1)).isEqualTo(Math.E);
    }

    @Test
    void theErrorFunctionIsThatOfTheTables() {
        Function erf = Function.of("erf", Expr::erf);
        for (double x = -7; x <= 7; x += 0.037) {
            assertThat(erf.apply(x)).isCloseTo(Erf.erf(x), within(1e-14));
        }
        assertThat(erf.apply(Double.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(erf.apply(Double.NaN)).isNaN();
    }

    /** Written out and rounded to floats, the elementary functions err by some units in the last place. */
    @Test
    void elementaryFunctionsWrittenOutAreWithinThreeUnitsInTheLastPlace() {
        for (Function function : List.of(
                Function.of("exp", Expr::exp),
                Function.of("log", Expr::log),
                Function.of("log1p", Expr::log1p),
                Function.of("tanh", Expr::tanh),
                Function.of("sigmoid", Expr::sigmoid),
                Function.of("softplus", Expr::softplus),
                Function.of("erf", Expr::erf),
                Function.of("sin", Expr::sin),
                Function.of("cos", Expr::cos))) {
            FloatEvaluation evaluation = new FloatEvaluation(function.code());
            for (float x : new float[] {-0.0f, 1e-42f, 1e-30f, Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NaN}) {
                assertWithin(3, function, x, evaluation);
                assertWithin(3, function, -x, evaluation);
            }
            for (float x = -90; x < 90; x += 0.0137f) {
                assertWithin(3, function, x, evaluation);
            }
            for (float x = 1e-8f; x < 1e30f; x *= 1.07f) {
                assertWithin(3, function, x, evaluation);
                assertWithin(3, function, -x, evaluation);
            }
        }
    }

    private static void assertWithin(double ulps, Function function, float x, FloatEvaluation evaluation) {
        float actual = evaluation.apply(new float[] {x}, new float[0])[0];
        double exact = function.apply(x);
        if (actual == (float) exact || Double.isNaN(exact) && Float.isNaN(actual)) {
            return;
        }
        // near the zeros of sine and cosine the angle's last place counts
        boolean angle = function.name().equals("sin") || function.name().equals("cos");
        double unit = angle ? Math.max(Math.ulp((float) exact), Math.ulp(x) * 0x1p-4) : Math.ulp((float) exact);
        assertThat(Math.abs(actual - exact)).as("%s(%s)", function, x).isLessThanOrEqualTo(ulps * unit);
    }

    @Test
    void derivativesOfFunctionsMadeAtRandomAgreeWithFiniteDifferences() {
        int compared = 0;
        int kinks = 0;
        for (int number = 0; number < 10_000; number++) {
            Function function = RandomExpressions.function(21, number);
            for (int operand = 0; operand < 3; operand++) {
                double[] x = new double[3];
                for (int k = 0; k < 3; k++) {
                    x[k] = RandomExpressions.values(number, k, 1)[0];
                }
                double wide = difference(function, x, operand, STEP);
                double narrow = difference(function, x, operand, STEP / 2);
                double exact = function.gradient(operand).apply(x[0], x[1], x[2], 1);
                double magnitude = 1 + Math.abs(exact) + Math.abs(function.apply(x));
                // where the two differ there is a kink, or too much curvature to see anything
                if (Math.abs(wide - narrow) > 1e-4 * magnitude) {
                    kinks++;
                    continue;
                }
                compared++;
                assertThat(exact)
                        .as("%s = %s, operand %d", function, function.formula(), operand)
                        .isCloseTo(narrow, within(1e-3 * magnitude));
            }
        }
        assertThat(compared).isGreaterThan(29_000);
        assertThat(kinks).isLessThan(1000);
    }

    private static double difference(Function function, double[] x, int operand, double step) {
        double[] above = x.clone();
        double[] below = x.clone();
        above[operand] += step;
        below[operand] -= step;
        return (function.apply(above) - function.apply(below)) / (2 * step);
    }

    @Test
    void equalPartsAreComputedOnceWhateverTheirOrder() {
        Function function =
                Function.of("f", (a, b) -> a.plus(b).exp().times(b.plus(a).exp()));
        assertThat(function.code().nodes()).hasSize(5);
        assertThat(function.code())
                .isEqualTo(Function.of("g", (a, b) -> {
                            Expr e = a.plus(b).exp();
                            return e.times(e);
                        })
                        .code());
    }

    /** Each level doubles a tree, and adds one node to the code. */
    @Test
    void sharedPartsDoNotMultiply() {
        Function function = Function.of("deep", x -> {
            Expr y = x;
            for (int i = 0; i < 200; i++) {
                y = y.sin().times(y).plus(0.5);
            }
            return y;
        });
        assertThat(function.code().nodes()).hasSizeLessThan(700);
        assertThat(function.gradient(0).code().nodes()).hasSizeLessThan(3000);
        assertThat(function.gradient(0).formula().length()).isLessThanOrEqualTo(100);
    }

    @Test
    void functionsReadTheirOwnOperandsAlone() {
        assertThatThrownBy(() -> Function.of("f", x -> x.plus(Expr.operand(3))))
                .hasMessage("function f of 1 operands reads operand 3, counted from 0");
        assertThatThrownBy(() -> Function.of("f", x -> x.plus(Expr.scalar(0))))
                .hasMessageContaining("reads a number of the step");
    }

    @Test
    void rulesGiveAsManyValuesAsTheyRemember() {
        assertThatThrownBy(() -> Rule.of("r", 2, (w, g, s, r) -> List.of(w, g)).bind(1, 0))
                .hasMessage("rule r gives 2 values, and remembers 2: it must give 3");
    }
}
