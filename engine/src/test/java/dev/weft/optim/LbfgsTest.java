package dev.weft.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LbfgsTest {
    private final Lbfgs exact = new Lbfgs(5, 200, 1e-9);

    /** {@code (1 - x)^2 + 100 (y - x^2)^2}, with its minimum at (1, 1) (Rosenbrock 1960). */
    private static double rosenbrock(double[] x, double[] gradient) {
        double bend = x[1] - x[0] * x[0];
        gradient[0] = -2 * (1 - x[0]) - 400 * x[0] * bend;
        gradient[1] = 200 * bend;
        return (1 - x[0]) * (1 - x[0]) + 100 * bend * bend;
    }

    @Test
    void itFindsTheMinimumOfRosenbrocksValley() {
        Lbfgs.Result result = exact.minimise(LbfgsTest::rosenbrock, new double[] {-1.2, 1});
        assertThat(result.x()).containsExactly(new double[] {1, 1}, within(1e-8));
        assertThat(result.end()).isEqualTo(Lbfgs.End.CONVERGED);
        // what implementations of the field need from here
        assertThat(result.iterations()).isBetween(25, 50);
        assertThat(result.evaluations()).isBetween(result.iterations(), 70);
    }

    /** With pairs enough it is BFGS, which knows the whole curvature after a few iterations for each variable. */
    @Test
    void curvaturesOfFourMagnitudesTakeAFewIterationsForEachVariable() {
        double[] scales = {1, 10, 100, 1000, 10_000};
        Lbfgs.Result result = new Lbfgs(50, 200, 1e-9)
                .minimise(
                        (x, gradient) -> {
                            double value = 0;
                            for (int i = 0; i < x.length; i++) {
                                gradient[i] = scales[i] * (x[i] - i);
                                value += scales[i] * (x[i] - i) * (x[i] - i) / 2;
                            }
                            return value;
                        },
                        new double[] {3, -1, 4, 1, -5});
        assertThat(result.x()).containsExactly(new double[] {0, 1, 2, 3, 4}, within(1e-9));
        assertThat(result.iterations()).isLessThan(30);
    }

    /** Each accepted point has a sufficiently lower value and a sufficiently smaller slope along its step. */
    @Test
    void acceptedStepsFulfilTheStrongWolfeConditions() {
        List<double[]> points = new ArrayList<>(List.of(new double[] {-1.2, 1}));
        exact.minimise(LbfgsTest::rosenbrock, points.get(0), (number, x, value) -> points.add(x.clone()));
        assertThat(points).hasSizeGreaterThan(20);
        for (int k = 1; k < points.size() - 2; k++) {
            double[] before = new double[2];
            double[] after = new double[2];
            double from = rosenbrock(points.get(k - 1), before);
            double to = rosenbrock(points.get(k), after);
            double slopeBefore = 0;
            double slopeAfter = 0;
            for (int i = 0; i < 2; i++) {
                double step = points.get(k)[i] - points.get(k - 1)[i];
                slopeBefore += before[i] * step;
                slopeAfter += after[i] * step;
            }
            assertThat(slopeBefore).as("iteration %d", k).isNegative();
            assertThat(to).as("iteration %d", k).isLessThanOrEqualTo(from + 1e-4 * slopeBefore + 1e-15);
            assertThat(Math.abs(slopeAfter)).as("iteration %d", k).isLessThanOrEqualTo(-0.9 * slopeBefore + 1e-15);
        }
    }

    @Test
    void whereThereIsNoValueItTurnsBack() {
        // log has none below 0
        Lbfgs.Result result = exact.minimise(
                (x, gradient) -> {
                    gradient[0] = 1 - 3 / x[0];
                    return x[0] - 3 * Math.log(x[0]);
                },
                new double[] {0.01});
        assertThat(result.x()[0]).isCloseTo(3, within(1e-8));
    }

    @Test
    void itTellsWhyItEnds() {
        double[] start = {-1.2, 1};
        assertThat(new Lbfgs(5, 3, 1e-9).minimise(LbfgsTest::rosenbrock, start).end())
                .isEqualTo(Lbfgs.End.ITERATIONS);
        Lbfgs.Result stopped = exact.minimise(LbfgsTest::rosenbrock, start, (number, x, value) -> number < 2);
        assertThat(stopped.end()).isEqualTo(Lbfgs.End.OBSERVER);
        assertThat(stopped.iterations()).isEqualTo(2);
        assertThat(exact.minimise(LbfgsTest::rosenbrock, new double[] {1, 1}).iterations())
                .isZero();
        // a gradient that points upwards
        Lbfgs.Result wrong = exact.minimise(
                (x, gradient) -> {
                    gradient[0] = -2 * x[0];
                    return x[0] * x[0];
                },
                new double[] {1});
        assertThat(wrong.end()).isEqualTo(Lbfgs.End.NO_LOWER_VALUE);
        assertThat(wrong.x()).containsExactly(1);
    }

    @Test
    void whatCannotBeginIsRefused() {
        assertThatThrownBy(() -> exact.minimise((x, gradient) -> Double.NaN, new double[1]))
                .isInstanceOf(WeftException.class)
                .hasMessage("L-BFGS cannot begin where the value or its gradient is not finite");
        assertThatThrownBy(() -> new Lbfgs(0, 1, 1)).hasMessageContaining("at least 1, got 0 and 1");
        assertThatThrownBy(() -> new Lbfgs(1, 1, -1)).hasMessageContaining("tolerance must be at least 0.0");
    }
}
